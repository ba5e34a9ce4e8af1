import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { deliver, grafanaAlert, notificationOf, WEBHOOK_SECRET } from '../support/grafana.ts'
import { ADMIN_TOKEN, type Registered, Service } from '../support/service.ts'
import { act, flood, openCase } from '../support/story.ts'

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
    service = await Service.start({ CURBWATCH_GRAFANA_WEBHOOK_SECRET: WEBHOOK_SECRET })
    device = await service.register('manhole-cover', 'cover-1', { lat: 35.06, lon: 118.35 })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  async function open(language: 'zh-CN' | 'en', token: string, path = '/'): Promise<Page> {
    const page = await browser.newPage({ locale: language })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // The browser's own words for an answer of 401 are part of the sign-in, those for 404 of
      // a case that is not there.
      const refused = /\b(401|404)\b/.test(message.text())
      if (message.type() === 'error' && !refused) complaints.push(message.text())
    })
    await page.goto(`${service.http}${path}?lang=${language}#token=${token}`)
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

  describe('a case', () => {
    const seenAt = async (id: string) => (await service.get(`/cases/${id}`)).seenAt
    const row = (page: Page, number: string) =>
      page.locator('.case-row').filter({ hasText: number })

    test('looks unseen until somebody opens it; who opens it has seen it, once', async () => {
      const { id } = await openCase(service)
      const { number } = await service.get(`/cases/${id}`)
      const zh = await open('zh-CN', ADMIN_TOKEN)
      await row(zh, number).getByText('未阅').waitFor()
      expect(await seenAt(id)).toBeNull()
      const en = await open('en', ADMIN_TOKEN)
      await row(en, number).getByText('Unseen').waitFor()
      await row(en, number).click()
      const panel = en.locator('.case-panel')
      await panel.locator('.history b', { hasText: 'Seen' }).waitFor()
      expect(await seenAt(id)).not.toBeNull()
      await row(zh, number).getByText('未阅').waitFor({ state: 'detached' })
      await en.keyboard.press('Escape')
      await row(en, number).click()
      await panel.locator('.history b', { hasText: 'Seen' }).waitFor()
      const { history } = await service.get(`/cases/${id}`)
      expect(history.map((one: { action: string }) => one.action)).toEqual(['open', 'acknowledge'])
      await Promise.all([zh.close(), en.close()])
    })

    test('that becomes more severe while it is open is asked about', async () => {
      const { device: drain, client, id } = await openCase(service)
      const page = await open('en', ADMIN_TOKEN, `/cases/${id}`)
      const panel = page.locator('.case-panel')
      await panel.locator('.history b', { hasText: 'Seen' }).waitFor()
      await flood(service, client, drain, 30)
      await panel.getByRole('button', { name: 'Mark as seen' }).click()
      await eventually(async () => (await seenAt(id)) !== null)
      await panel.getByRole('button', { name: 'Mark as seen' }).waitFor({ state: 'detached' })
      await page.close()
    })

    test('has an address, which opens it and can be copied', async () => {
      const { id } = await openCase(service)
      const { number } = await service.get(`/cases/${id}`)
      const shown = (page: Page) => page.locator('.case-panel .case-number', { hasText: number })
      const page = await open('en', ADMIN_TOKEN, `/cases/${id}`)
      await shown(page).waitFor()
      expect(page.url()).toBe(`${service.http}/cases/${id}?lang=en`)
      await page.keyboard.press('Escape')
      await shown(page).waitFor({ state: 'detached' })
      await eventually(() => page.url() === `${service.http}/?lang=en`)
      // The form of the fragment, as it is in messages.
      await page.goto(`${service.http}/?lang=zh-CN#token=${ADMIN_TOKEN}&case=${id}`)
      await shown(page).waitFor()
      expect(page.url()).toBe(`${service.http}/cases/${id}?lang=zh-CN`)
      await page.close()
    })

    test('is opened after signing in, and is not seen before', async () => {
      const { id } = await openCase(service)
      const page = await open('en', '', `/cases/${id}`)
      await page.locator('input[type=password]').fill(ADMIN_TOKEN)
      expect(await seenAt(id)).toBeNull()
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.locator('.case-panel .history b', { hasText: 'Seen' }).waitFor()
      expect(await seenAt(id)).not.toBeNull()
      await page.close()
    })

    test('opened in a new tab needs no second sign-in', async () => {
      const { id } = await openCase(service)
      const context = await browser.newContext({ locale: 'en' })
      const first = await context.newPage()
      await first.goto(`${service.http}/#token=${ADMIN_TOKEN}`)
      await first.getByText('Cases', { exact: true }).first().waitFor()
      const tab = await context.newPage()
      await tab.goto(`${service.http}/cases/${id}`)
      await tab.locator('.case-panel .history').waitFor()
      await context.close()
    })

    test('that is not there is said to be so', async () => {
      const page = await open('zh-CN', ADMIN_TOKEN, '/cases/case-0')
      await page.getByText('没有这个案件').waitFor()
      await page.getByRole('button', { name: '关闭' }).click()
      await eventually(() => page.url() === `${service.http}/?lang=zh-CN`)
      await page.close()
    })

    test('shows what Grafana delivered, as it comes', async () => {
      const { id } = await openCase(service)
      await act(service, id, 'acknowledge')
      const labels = { alertname: 'Open severe case', case_id: id }
      const alert = grafanaAlert({ fingerprint: id, labels })
      await deliver(service, notificationOf([alert], 'case-api'))
      const page = await open('zh-CN', ADMIN_TOKEN, `/cases/${id}`)
      const lines = page.locator('.history-notified')
      await lines.filter({ hasText: '告警已送达' }).filter({ hasText: 'case-api' }).waitFor()
      expect(await lines.count()).toBe(1)
      const resolved = { ...alert, status: 'resolved' } as const
      await deliver(service, notificationOf([resolved], 'case-api'))
      await lines.filter({ hasText: '解除' }).waitFor()
      await page.close()
    })
  })

  test('the page keeps to its own files and raises no error', () => {
    expect(complaints).toEqual([])
  })
})
