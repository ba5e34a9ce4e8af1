import { text } from '../../../model/text.ts'
import { ask } from './ask.ts'
import { Check, type Finding, same } from './finding.ts'
import type { Target } from './target.ts'

/** Beyond this, "the last minute" is another one for each of them. */
const APART_MS = 5_000

/** The clocks of the hosts, as the answers' Date headers tell them. */
export async function checkClocks(target: Target): Promise<Finding> {
  const check = new Check('clocks', text('各主机时钟一致', 'the clocks agree'))
  const places = [
    ['curbwatch', `${target.consoleUrl}/healthz`],
    ['InfluxDB', `${target.influx.url}/health`],
    ['Grafana', `${target.grafanaUrl}/api/health`],
  ] as const
  const seen: { name: string; ahead: number }[] = []
  for (const [name, url] of places) {
    const { ahead } = await ask(url)
    if (ahead !== null) seen.push({ name, ahead })
  }
  if (seen.length === 0) return check.notTried(text('没有应答', 'nothing answers'))
  const off = seen.filter(({ ahead }) => Math.abs(ahead) > APART_MS)
  if (off.length === 0)
    return check.fine(same(`${seen.map(({ name }) => name).join(', ')} ± ${APART_MS / 1000} s`))
  const told = off.map(
    ({ name, ahead }) => `${name} ${ahead > 0 ? '+' : ''}${Math.round(ahead / 1000)} s`,
  )
  return check.wrong(
    text(`与本机相差 ${told.join(', ')}`, `against this machine: ${told.join(', ')}`),
    text('用 NTP（chrony）校时', 'set them by NTP (chrony)'),
  )
}
