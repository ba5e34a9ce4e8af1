import type { InfluxLocation } from '../../model/store-location.ts'
import type { Instant } from '../../model/time.ts'
import type { OpsPoint, OpsStore, Refused } from '../ops-port.ts'
import { connectInflux, type InfluxConnection, unavailable } from './connection.ts'
import { opsLine } from './ops-lines.ts'

/** Opens the buckets `ops` and `cases` of an InfluxDB; it is not asked whether they are there. */
export function openInfluxOpsStore(location: InfluxLocation): OpsStore {
  return new InfluxOpsStore(location)
}

/** Lines of a request: InfluxDB's own advice. */
const LINES = 5_000

class InfluxOpsStore implements OpsStore {
  readonly #location: InfluxLocation
  readonly #connection: InfluxConnection

  constructor(location: InfluxLocation) {
    this.#location = location
    this.#connection = connectInflux(location)
  }

  write(points: readonly OpsPoint[]): Promise<Refused> {
    return this.#writeAll(this.#location.opsBucket, 'ms', points)
  }

  writeCaseEvents(points: readonly OpsPoint[]): Promise<Refused> {
    return this.#writeAll(this.#location.casesBucket, 'ns', points)
  }

  async newestCaseEvent(): Promise<Instant | null> {
    const influxql = 'SELECT last("count") FROM "case_event"'
    const [series] = await this.#connection.query(this.#location.casesBucket, influxql, 'ms')
    const time = series?.values[0]?.[series.columns.indexOf('time')]
    return typeof time === 'number' ? time : null
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #writeAll(
    bucket: string,
    precision: 'ms' | 'ns',
    points: readonly OpsPoint[],
  ): Promise<Refused> {
    let refused: Refused = null
    for (let at = 0; at < points.length; at += LINES) {
      const lines = points.slice(at, at + LINES).map((point) => opsLine(point, precision))
      refused = (await this.#send(bucket, precision, lines)) ?? refused
    }
    return refused
  }

  async #send(bucket: string, precision: 'ms' | 'ns', lines: readonly string[]): Promise<Refused> {
    const answer = await this.#connection.write(bucket, precision, lines)
    if (answer.ok) return null
    if (answer.verdict === 'retry') throw unavailable(answer.status, answer.message)
    if (answer.verdict === 'refused' || lines.length === 1) return answer.message
    const half = Math.ceil(lines.length / 2)
    const first = await this.#send(bucket, precision, lines.slice(0, half))
    return (await this.#send(bucket, precision, lines.slice(half))) ?? first
  }
}
