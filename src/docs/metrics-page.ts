import { createMetrics } from '../ops/metrics.ts'
import { code, page, table } from './markdown.ts'

/**
 * Metrics of the process differ by platform and by version of Node.js, so they are named by their
 * prefixes only.
 */
const OF_THE_PROCESS = ['curbwatch_process_', 'curbwatch_nodejs_']

/** prom-client keeps the label names but does not declare them. */
interface Described {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames?: readonly string[]
}

/** docs/metrics.md: what `GET /metrics` tells. */
export function metricsPage(): string {
  const metrics = createMetrics().registry.getMetricsAsArray() as unknown as Described[]
  const own = metrics.filter(
    ({ name }) => !OF_THE_PROCESS.some((prefix) => name.startsWith(prefix)),
  )
  return page(
    'Metrics',
    '`src/ops/metrics.ts`',
    '`GET /metrics` answers in the Prometheus text format and needs no token.',
    table(
      ['Name', 'Type', 'Labels', 'What it tells'],
      own.map(({ name, type, help, labelNames = [] }) => [
        code(name),
        type,
        labelNames.map(code).join(', '),
        help,
      ]),
    ),
    `Besides these, prom-client's own metrics of the process and of Node.js begin with ` +
      `${OF_THE_PROCESS.map(code).join(' and ')}: CPU, memory, open files, event loop lag, ` +
      'garbage collection.',
    'With several cells (`CURBWATCH_CELLS`) the values are those of all processes together: sums, and of ' +
      'the event loop the mean; the start time of the process is left out.',
    'Gauges "since the start" begin at 0 when the service starts. `code` labels are the codes in ' +
      '[errors.md](errors.md).',
  )
}
