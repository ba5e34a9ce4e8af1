import { ACKED, fullLoad, STORED } from './measures/throughput.ts'
import type { Report, Spread } from './report.ts'

/** The ratios of docs/benchmark.md as bars: median, and a whisker from the least to the greatest. */
interface Bar {
  readonly label: readonly [string, string]
  readonly peer: 'mosquitto' | 'stack'
  readonly ratio: Spread
}

const COLOURS = { mosquitto: '#b45309', stack: '#1d4ed8' } as const
const MEANING = {
  mosquitto: 'to Mosquitto alone (in memory)',
  stack: 'to Mosquitto + mqtt.js consumer + SQLite',
} as const
const WIDTH = 860
const HEIGHT = 420
const LEFT = 70
const TOP = 70
const BOTTOM = 330
const RIGHT = WIDTH - 20

/** Null where nothing was compared. */
export function picture(report: Report, caption: string): string | null {
  const bars = [50, 1000].flatMap((connections) => [
    ...bar(report, connections, ACKED, 'mosquitto'),
    ...bar(report, connections, STORED, 'stack'),
  ])
  if (bars.length === 0) return null
  const top = niceTop(Math.max(1, ...bars.map(({ ratio }) => ratio.max)))
  const y = (value: number) => BOTTOM - ((BOTTOM - TOP) * value) / top
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title" font-family="-apple-system, 'Segoe UI', 'Noto Sans', sans-serif" font-size="13" fill="#0f172a">`,
    `  <title id="title">${escapeXml(`curbwatch compared: ${bars.map((one) => `${one.label.join(' ')} ${one.ratio.median.toFixed(2)}`).join('; ')}`)}</title>`,
    `  <rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `  <text x="${LEFT}" y="26" font-size="16" font-weight="600">Messages per second of curbwatch in relation to its peers</text>`,
    `  <text x="${LEFT}" y="46" fill="#475569">${escapeXml(caption)}</text>`,
    ...axis(top, y),
    ...bars.flatMap((one, i) => drawBar(one, i, bars.length, y)),
    dashed(LEFT, RIGHT, y(1)),
    ...legend(bars),
    '</svg>',
    '',
  ].join('\n')
}

function bar(report: Report, connections: number, title: string, peer: Bar['peer']): Bar[] {
  const row = report.sections.get(fullLoad(connections))?.get(title)
  const ratio = row === undefined ? null : report.ratio(row, peer)
  const what = title === ACKED ? 'acknowledged' : 'stored'
  return ratio === null ? [] : [{ label: [what, `${connections} connections`], peer, ratio }]
}

function axis(top: number, y: (value: number) => number): string[] {
  const step = top / 5
  const ticks = [0, 1, 2, 3, 4, 5].map((i) => i * step)
  return [
    ...ticks.flatMap((value) => [
      `  <line x1="${LEFT}" x2="${RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#e2e8f0"/>`,
      `  <text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(1)}</text>`,
    ]),
    `  <text transform="translate(20 ${(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">curbwatch ÷ peer, same round</text>`,
    `  <text x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 52}" text-anchor="middle">what is counted, and over how many connections</text>`,
  ]
}

function drawBar({ label, peer, ratio }: Bar, i: number, of: number, y: (v: number) => number) {
  const room = (RIGHT - LEFT) / of
  const middle = LEFT + room * (i + 0.5)
  const width = Math.min(90, room * 0.5)
  const { median, min, max, count } = ratio
  const whisker = [
    `  <line x1="${middle}" x2="${middle}" y1="${y(min)}" y2="${y(max)}" stroke="#0f172a" stroke-width="1.5"/>`,
    ...[min, max].map(
      (end) =>
        `  <line x1="${middle - 8}" x2="${middle + 8}" y1="${y(end)}" y2="${y(end)}" stroke="#0f172a" stroke-width="1.5"/>`,
    ),
  ]
  return [
    `  <rect x="${middle - width / 2}" y="${y(median)}" width="${width}" height="${BOTTOM - y(median)}" fill="${COLOURS[peer]}"/>`,
    ...(count > 1 ? whisker : []),
    `  <text x="${middle + width / 2 + 5}" y="${y(median) + 5}" font-weight="600">${median.toFixed(2)}</text>`,
    ...label.map(
      (line, n) =>
        `  <text x="${middle}" y="${BOTTOM + 16 + 16 * n}" text-anchor="middle">${line}</text>`,
    ),
  ]
}

function legend(bars: readonly Bar[]): string[] {
  const y = HEIGHT - 22
  const peers = (['mosquitto', 'stack'] as const).filter((peer) =>
    bars.some((one) => one.peer === peer),
  )
  return [
    ...peers.flatMap((peer, i) => [
      `  <rect x="${LEFT + i * 240}" y="${y}" width="12" height="12" fill="${COLOURS[peer]}"/>`,
      `  <text x="${LEFT + i * 240 + 18}" y="${y + 11}">${MEANING[peer]}</text>`,
    ]),
    dashed(LEFT + 560, LEFT + 590, y + 6),
    `  <text x="${LEFT + 598}" y="${y + 11}">as fast as the peer</text>`,
  ]
}

/** The line of one: below it the peer is faster. */
function dashed(from: number, to: number, y: number): string {
  return `  <line x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke="#0f172a" stroke-dasharray="5 4"/>`
}

/** A round number not below the value, whose fifths are round too. */
function niceTop(value: number): number {
  return [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20].find((one) => one >= value) ?? Math.ceil(value)
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
