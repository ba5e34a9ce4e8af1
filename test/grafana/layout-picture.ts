import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { chromium } from 'playwright-core'
import { boardsIn } from '../../grafana/src/boards/index.ts'
import { loadKinds } from '../../src/catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../../src/catalog/city.ts'

/**
 * Draws the boards as plans: each panel's place, type, title and description, without data. For
 * looking at a layout without a Grafana.
 *
 *   node test/grafana/layout-picture.ts <folder> [zh-CN|en] [board …]
 */
const COLUMN = 60
const ROW = 26
const GAP = 6

const [folder = 'layout', language = 'zh-CN', ...only] = process.argv.slice(2)
if (language !== 'zh-CN' && language !== 'en') throw new Error(`no language "${language}"`)
const city = await loadCity(DEMO_CITY)
if (!city.ok) throw new Error('the city is not valid')
const boards = boardsIn(language, await loadKinds(), city.value).filter(
  ({ uid }) => only.length === 0 || only.some((name) => uid?.startsWith(`city-${name}-`)),
)

mkdirSync(folder, { recursive: true })
const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], {
  encoding: 'utf8',
}).trim()
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  for (const board of boards) {
    const page = await browser.newPage({ viewport: sizeOf(board) })
    await page.setContent(html(board))
    await page.screenshot({ path: `${folder}/grafana-${name(board)}.png` })
    await page.close()
    process.stdout.write(`${folder}/grafana-${name(board)}.png\n`)
  }
} finally {
  await browser.close()
}

function name({ uid = '' }: Dashboard): string {
  return uid.replace(/^city-/, '')
}

function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels.filter((panel): panel is Panel => panel.type !== 'row')
}

function sizeOf(board: Dashboard) {
  const bottom = Math.max(
    ...panelsOf(board).map(({ gridPos }) => (gridPos?.y ?? 0) + (gridPos?.h ?? 0)),
  )
  return { width: 24 * COLUMN + 2 * GAP, height: bottom * ROW + 46 }
}

function html(board: Dashboard): string {
  const variables = (board.templating?.list ?? [])
    .filter(({ hide }) => hide !== 2)
    .map(({ label, current }) => `<i>${text(label)}</i> <b>${text(String(current?.text))}</b>`)
  const links = (board.links ?? []).map(({ title }) => `<u>${text(title)}</u>`)
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #f4f5f5; font: 12px 'Noto Sans CJK SC', sans-serif; color: #24292e }
    header { height: 40px; padding: 0 12px; display: flex; gap: 12px; align-items: center }
    header b:first-child { font-size: 16px } header span { flex: 1 } i { font-style: normal; color: #666 }
    section { position: absolute; box-sizing: border-box; background: #fff; border: 1px solid #d8dadd;
      border-radius: 3px; padding: 5px 8px; overflow: hidden }
    h1 { font-size: 13px; margin: 0 0 2px } small { color: #6e7681 } p { margin: 3px 0 0; color: #6e7681; font-size: 11px }
    .judged { border-left: 4px solid #ee7a12 }
  </style><header><b>${text(board.title)}</b> ${variables.join(' ')} <span></span> ${links.join(' ')}</header>
  ${panelsOf(board).map(box).join('')}`
}

function box(panel: Panel): string {
  const { x = 0, y = 0, w = 0, h = 0 } = panel.gridPos ?? {}
  const place = `left:${x * COLUMN + GAP}px;top:${y * ROW + 42}px;width:${w * COLUMN - GAP}px;height:${h * ROW - GAP}px`
  const judged = (panel.fieldConfig?.defaults.thresholds?.steps?.length ?? 0) > 1 ? 'judged' : ''
  const range = panel.timeFrom === undefined ? '' : ` · ${panel.timeFrom}`
  const unit = panel.fieldConfig?.defaults.unit
  return `<section class="${judged}" style="${place}"><h1>${text(panel.title)}</h1>
    <small>#${panel.id} ${panel.type}${range}${unit === 'none' ? '' : ` · ${text(unit)}`}</small>
    <p>${text(panel.description)}</p></section>`
}

function text(raw = ''): string {
  return raw.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
