import { join } from 'node:path'
import type { DeviceKind } from '../../model/device-kind.ts'
import type { Reading } from '../../model/reading.ts'
import type { InfluxLocation } from '../../model/store-location.ts'
import { type Instant, isoUtc, utcDay } from '../../model/time.ts'
import type { Tally, TelemetryBatch, TelemetryStore } from '../telemetry-port.ts'
import { BOOKS_FILE, type Books, openBooks, type Refused } from './books.ts'
import { connectInflux, type InfluxConnection, unavailable } from './connection.ts'
import { createLineEncoder, type LineEncoder, NO_DISTRICT } from './lines.ts'

/**
 * Telemetry in InfluxDB: points over the v2 write API, the books of it in a local file.
 *
 * `append` resolves when the server has answered for every reading of the batch. A reading that
 * it will never take is set aside with the server's words and counted; where it is away, or
 * refuses us rather than a reading, nothing counts and the same readings come again.
 */
export interface InfluxTelemetryOptions {
  readonly dataDir: string
  readonly kinds: readonly DeviceKind[]
  readonly location: InfluxLocation
  /** The district of a device as the registry has it now. */
  readonly districtOf: (deviceId: string) => string | null
}

export function openInfluxTelemetryStore(options: InfluxTelemetryOptions): TelemetryStore {
  const books = openBooks(join(options.dataDir, BOOKS_FILE))
  return new InfluxTelemetryStore(options, books, connectInflux(options.location))
}

/** What InfluxDB recommends as the size of a request. */
const LINES_PER_REQUEST = 5_000
/** A character has three bytes of UTF-8 at the most: 4 MB, under the limits of usual proxies. */
const CHARACTERS_PER_REQUEST = 1_300_000

/** A reading with its line, on its way. */
interface Outgoing {
  readonly reading: Reading
  readonly line: string
}

class InfluxTelemetryStore implements TelemetryStore {
  readonly #bucket: string
  readonly #districtOf: (deviceId: string) => string | null
  readonly #encoder: LineEncoder
  readonly #books: Books
  readonly #connection: InfluxConnection
  #prunedDay: string | null = null

  constructor(options: InfluxTelemetryOptions, books: Books, connection: InfluxConnection) {
    this.#bucket = options.location.bucket
    this.#districtOf = options.districtOf
    this.#encoder = createLineEncoder(options.kinds)
    this.#books = books
    this.#connection = connection
  }

  async cursor(): Promise<number> {
    return this.#books.cursor
  }

  async append(batch: TelemetryBatch): Promise<number> {
    // A batch that was stored before, whose answer was lost: nothing is counted twice.
    if (this.#books.cursor >= batch.upTo) return 0
    const readings = [...batch.readings]
    const stranger = readings.find((reading) => !this.#encoder.knows(reading.kind))
    if (stranger !== undefined) throw new Error(`no measurement for kind ${stranger.kind}`)
    this.#books.announce(batch.upTo, this.#districtsToNote(readings))
    const refused: Refused[] = []
    for (const request of this.#requests(readings)) {
      refused.push(...(await this.#send(request)))
    }
    this.#books.settle(batch.upTo, readings, refused)
    return refused.length
  }

  async tally(day: string): Promise<Tally> {
    return this.#books.tally(day)
  }

  /**
   * Where the bucket itself keeps its points no longer than that, there is nothing to do. Else the
   * server is told to delete, once a day at the most, because that is much work for it. A server
   * without that call has its own retention, and that is what counts.
   */
  async prune(before: Instant): Promise<boolean> {
    const day = utcDay(before)
    if (this.#prunedDay === day) return true
    const seconds = await this.#connection.retention(this.#bucket)
    const stricter = seconds !== null && seconds * 1000 <= this.#books.now() - before
    // The end of what is deleted is inclusive in InfluxDB 2.
    if (!stricter) await this.#connection.deleteBefore(this.#bucket, isoUtc(before - 1))
    this.#prunedDay = day
    return true
  }

  async close(): Promise<void> {
    await this.#connection.close()
    this.#books.close()
  }

  /** Devices that are new, or that the registry has in another district than their points. */
  #districtsToNote(readings: readonly Reading[]): Map<string, string> {
    const toNote = new Map<string, string>()
    const seen = new Set<string>()
    for (const { deviceId } of readings) {
      if (seen.has(deviceId)) continue
      seen.add(deviceId)
      const noted = this.#books.district(deviceId)
      // Some of these readings may be stored under the district that is noted.
      if (noted !== undefined && this.#books.unanswered) continue
      const district = this.#districtOf(deviceId) ?? noted ?? NO_DISTRICT
      if (district !== noted) toNote.set(deviceId, district)
    }
    return toNote
  }

  /** The readings in requests of a size that servers and proxies take. */
  *#requests(readings: readonly Reading[]): Generator<Outgoing[]> {
    let request: Outgoing[] = []
    let characters = 0
    for (const reading of readings) {
      const district = this.#books.district(reading.deviceId) ?? NO_DISTRICT
      const line = this.#encoder.line(reading, district)
      const full =
        request.length >= LINES_PER_REQUEST || characters + line.length > CHARACTERS_PER_REQUEST
      if (full && request.length > 0) {
        yield request
        request = []
        characters = 0
      }
      request.push({ reading, line })
      characters += line.length + 1
    }
    if (request.length > 0) yield request
  }

  /** Sends until the server has said yes or no to every line; answers those it said no to. */
  async #send(request: readonly Outgoing[]): Promise<Refused[]> {
    const lines = request.map((one) => one.line)
    const answer = await this.#connection.write(this.#bucket, 'ms', lines)
    if (answer.ok) return []
    const alone = request.length === 1
    // A limit under one line is a fault of the set-up, not of the reading.
    if (answer.verdict === 'retry' || (alone && answer.verdict === 'too-large')) {
      throw unavailable(answer.status, answer.message)
    }
    if (answer.verdict === 'too-large') return await this.#sendHalves(request)
    if (alone || droppedIn(answer.message) === request.length) {
      return request.map((one) => ({ ...one, reason: answer.message }))
    }
    // The answer names one line at the best. What is refused is of one kind or of one time, mostly:
    // in this order it is found in few requests. Lines that are stored already are sent again,
    // which changes nothing; of two lines of one point the later one stays the later one.
    return await this.#sendHalves(request.toSorted(byKindAndTime))
  }

  async #sendHalves(request: readonly Outgoing[]): Promise<Refused[]> {
    const half = request.length >> 1
    const first = await this.#send(request.slice(0, half))
    return [...first, ...(await this.#send(request.slice(half)))]
  }
}

function byKindAndTime({ reading: a }: Outgoing, { reading: b }: Outgoing): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1
  return a.observedAt - b.observedAt
}

/** How many points of a request InfluxDB says it dropped: `… dropped=17`. */
function droppedIn(message: string): number | null {
  const number = /\bdropped=(\d+)/.exec(message)?.[1]
  return number === undefined ? null : Number(number)
}
