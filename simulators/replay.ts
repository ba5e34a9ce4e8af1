import { parse } from 'csv-parse/sync'
import type { Fields } from '../src/model/reading.ts'
import { fail, ok, type Result } from '../src/model/result.ts'
import { DAY, type Duration, type Instant, parseIso } from '../src/model/time.ts'
import type { RecordedRow, Recording } from './recording.ts'
import { busTrack } from './replay-bus.ts'

/**
 * Recorded public data as virtual devices. The format is recognised by the file's header. Every
 * sensor becomes a device whose recording starts now; its gaps stay gaps, except that a silence of
 * more than a day begins another recording, for another device: nobody waits a year for a flood.
 */

type Row = Readonly<Record<string, string>>

interface Format {
  readonly kind: string
  readonly source: string
  readonly sensor: string
  readonly time: string
  readonly values: readonly string[]
  /** Readings of one recording, from its rows in order of time. */
  convert(rows: readonly RecordedRow[]): Fields[]
}

const FORMATS: readonly Format[] = [
  {
    kind: 'waterlogging',
    source: 'FloodNet NYC',
    sensor: 'sensor_id',
    time: 'ts',
    values: ['depth_cm'],
    convert: (rows) => rows.map(({ values: [depth = 0] }) => ({ depthCm: Math.max(0, depth) })),
  },
  {
    kind: 'sprinkler-truck',
    source: 'UK Bus Open Data',
    sensor: 'vehicle_id',
    time: 'timestamp',
    values: ['latitude', 'longitude'],
    convert: busTrack,
  },
]

const LONGEST_GAP: Duration = DAY

/** Reads a CSV file's text; the error names the line and the column. */
export function readRecordings(csv: string): Result<readonly Recording[], string> {
  let rows: readonly Row[]
  try {
    rows = parse(csv, { columns: true, skip_empty_lines: true, trim: true, bom: true })
  } catch (error) {
    return fail(`not a CSV file: ${error instanceof Error ? error.message : String(error)}`)
  }
  const first = rows[0]
  if (first === undefined) return fail('the file holds no readings')
  const format = FORMATS.find((known) => columnsOf(known).every((column) => column in first))
  if (format === undefined) return fail(unknownFormat(Object.keys(first)))
  const records = readRows(format, rows)
  if (!records.ok) return records
  const bySensor = Map.groupBy(records.value, (row) => row.sensor)
  return ok([...bySensor].flatMap(([sensor, own]) => recordingsOf(format, sensor, own)))
}

function readRows(format: Format, rows: readonly Row[]): Result<RecordedRow[], string> {
  const records: RecordedRow[] = []
  for (const [index, row] of rows.entries()) {
    const at = parseTime(row[format.time] ?? '')
    const values = format.values.map((column) => Number(row[column] || Number.NaN))
    const wrong = at === null ? format.time : format.values.find((_, i) => Number.isNaN(values[i]))
    if (at === null || wrong !== undefined) {
      return fail(`reading ${index + 1}: column ${wrong} holds "${row[wrong ?? '']}"`)
    }
    records.push({ sensor: row[format.sensor] ?? '', at, values })
  }
  return ok(records)
}

/** Sorted by time (the files are not always), cut at long silences, shifted to start at 0. */
function recordingsOf(format: Format, sensor: string, rows: readonly RecordedRow[]): Recording[] {
  const parts: RecordedRow[][] = []
  for (const row of rows.toSorted((a, b) => a.at - b.at)) {
    const part = parts.at(-1)
    const before = part?.at(-1)
    if (part === undefined || before === undefined || row.at - before.at > LONGEST_GAP) {
      parts.push([row])
    } else if (row.at > before.at) {
      part.push(row)
    }
  }
  return parts.map((part, i) => {
    const start = part[0]?.at ?? 0
    const fields = format.convert(part)
    const points = part.map((row, j) => ({ at: row.at - start, fields: fields[j] ?? {} }))
    return { kind: format.kind, sensor: i === 0 ? sensor : `${sensor}-${i + 1}`, points }
  })
}

function columnsOf(format: Format): readonly string[] {
  return [format.sensor, format.time, ...format.values]
}

function unknownFormat(columns: readonly string[]): string {
  const known = FORMATS.map((format) => `${format.source} (${columnsOf(format).join(', ')})`)
  return `columns ${columns.join(', ')} are of no format that is known: ${known.join('; ')}`
}

/** Recordings write times without an offset; only their distances matter, so UTC will do. */
function parseTime(text: string): Instant | null {
  const iso = text.replace(' ', 'T')
  return parseIso(iso) ?? parseIso(`${iso}Z`)
}
