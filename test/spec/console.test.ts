import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_TOKEN, type Registered, Service } from '../support/service.ts'

/** The page that duty officers watch, in a real browser. */
const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const missing = !existsSync(CHROMIUM) && process.env['CI'] !== 'true'

describe.skipIf(missing)('the console (needs chromium)', () => {
  let service: Service
  let browser: Browser
  let device: Registered
  const complaints: string[] = []

  beforeAll(async () => {
    service = await Service.start()
    device = await service.register('manhole-cover', 'cover-1', { lat: 35.06, lon: 118.35 })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  async function open(language: 'zh-CN' | 'en', token: string): Promise<Page> {
    const page = await browser.newPage({ locale: language })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // The browser's own words for an answer of 401 are part of the sign-in.
      const refused = message.text().includes('401')
      if (message.type() === 'error' && !refused) complaints.push(message.text())
    })
    await page.goto(`${service.http}/?lang=${language}#token=${token}`)
    return page
  }

  test('a case appears by itself, in the language of the reader, and is worked from the page', async () => {
    const zh = await open('zh-CN', ADMIN_TOKEN)
    const en = await open('en', ADMIN_TOKEN)
    await zh.getByText('案件', { exact: true }).first().waitFor()
    const client = await service.connect(device)
    await service.send(client, device, { open: true, tiltDeg: 40 })
    await zh.getByText('井盖被打开').first().waitFor()
    await en.getByText('Cover open').first().waitFor()
    await en.getByText('Cover open').first().click()
    await en.getByRole('button', { name: 'Dispatch' }).click()
    await zh.getByText('已派单').first().waitFor()
    const [one] = await service.list('/cases')
    expect(one.status).toBe('dispatched')
  })

  test('the token leaves the address, and a wrong one leads to the form', async () => {
    const signedIn = await open('en', ADMIN_TOKEN)
    await signedIn.getByText('Cases', { exact: true }).first().waitFor()
    expect(signedIn.url()).not.toContain(ADMIN_TOKEN)
    const refused = await open('en', 'a-wrong-token-0123456789')
    await refused.locator('input[type=password], form input').first().waitFor()
  })

  test('the page keeps to its own files and raises no error', () => {
    expect(complaints).toEqual([])
  })
})
