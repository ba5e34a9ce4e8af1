/**
 * Calls to the service. Every failure is an ApiProblem with words in it: the service's own
 * (RFC 9457) where it answered, ours where it could not be reached. The token travels in the
 * Authorization header only.
 */
import { language, pick, t } from './i18n.js'

/** @typedef {import('./types.d.ts').Text} Text */

const PAGE_SIZE = 500

/** A refused or failed call, ready to be shown. */
export class ApiProblem extends Error {
  /** @param {number} status @param {string} title @param {{ code?: string, hint?: string }} more */
  constructor(status, title, { code = '', hint = '' } = {}) {
    super(title)
    this.status = status
    this.code = code
    this.hint = hint
  }
}

export class Api {
  #token
  /** @param {string} token */
  constructor(token) {
    this.#token = token
  }

  get headers() {
    return { authorization: `Bearer ${this.#token}`, 'accept-language': language() }
  }

  /**
   * @template T
   * @param {string} path @param {Record<string, string>} [query]
   * @returns {Promise<T>}
   */
  get(path, query = {}) {
    const search = new URLSearchParams(query).toString()
    return this.#send(search === '' ? path : `${path}?${search}`, { headers: this.headers })
  }

  /**
   * @template T
   * @param {string} path @param {object} body
   * @returns {Promise<T>}
   */
  post(path, body) {
    const headers = { ...this.headers, 'content-type': 'application/json' }
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  /**
   * The items of a paged list, up to `most` of them; `complete` tells whether that was all.
   * @template T
   * @param {string} path @param {Record<string, string>} query @param {number} most
   * @returns {Promise<{ items: T[], complete: boolean }>}
   */
  async list(path, query, most) {
    /** @type {T[]} */
    const items = []
    /** @type {string | null} */
    let cursor = null
    do {
      const limit = String(Math.min(PAGE_SIZE, most - items.length))
      /** @type {import('./types.d.ts').Page<T>} */
      const page = await this.get(path, { ...query, limit, ...(cursor ? { cursor } : {}) })
      items.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null && items.length < most)
    return { items, complete: cursor === null }
  }

  /**
   * @template T
   * @param {string} address @param {RequestInit} init
   * @returns {Promise<T>}
   */
  async #send(address, init) {
    let response
    try {
      response = await fetch(address, { ...init, cache: 'no-store' })
    } catch {
      throw new ApiProblem(0, t('unreachable'), { hint: t('unreachableHint') })
    }
    if (!response.ok) throw await problemOf(response)
    return response.json()
  }
}

/**
 * The words of a refusal; a proxy's answer without them gets ours.
 * @param {Response} response
 */
export async function problemOf(response) {
  /** @type {{ title?: Text | string, code?: string, hint?: Text | string, detail?: string }} */
  const body = await response.json().catch(() => ({}))
  const hint = [body.detail, pick(body.hint ?? '')].filter(Boolean).join(' ')
  const title = pick(body.title ?? '') || t('refused', { status: response.status })
  return new ApiProblem(response.status, title, { code: body.code, hint })
}
