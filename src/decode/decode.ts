import {
  allFields,
  type DeviceKind,
  type FieldSpec,
  type Implausibility,
} from '../model/device-kind.ts'
import type { ErrorCode } from '../model/errors.ts'
import { hash53, hash53Of } from '../model/hash.ts'
import type { Rejection } from '../model/reading.ts'
import { fail, ok, type Result } from '../model/result.ts'
import { DAY, type Instant, MINUTE, parseIso } from '../model/time.ts'
import { FieldTable, Values } from '../model/values.ts'
import { ABSENT, FlatReader, NUMBER, SWITCH, TEXT } from './flat-reader.ts'

/**
 * From the bytes of a telemetry message to readings and rejections. Total: every payload, however
 * broken, gives one or the other for each reading it holds, and nothing throws.
 */

/** Readings in one message at the most (contract: MQTT). */
export const MAX_READINGS = 500
/** A device's clock may be ahead by this much; more is no measurement of now. Unsourced default. */
export const MAX_AHEAD = 5 * MINUTE
/** How old a backlog may be; redeliveries are recognised for as long. Unsourced default. */
export const MAX_AGE = 30 * DAY

export interface DecodedReading {
  /** The device's time, or null: then the time of receipt holds. */
  readonly ts: Instant | null
  readonly seq: number | null
  readonly values: Values
  readonly unknownFields: readonly string[]
  /** Identity of the content, for redelivery detection. */
  readonly contentHash: number
  /** Place in the message's array, 0 for a single reading. */
  readonly index: number
}

export interface DecodedMessage {
  readonly readings: readonly DecodedReading[]
  readonly rejections: readonly Rejection[]
}

export type Decoder = (payload: Uint8Array, receivedAt: Instant) => DecodedMessage

const utf8 = new TextDecoder('utf-8', { fatal: true })
const NO_REJECTIONS: readonly Rejection[] = []
/** What a reading may have besides fields; their places in a `FlatReader`. */
const COMMON_NAMES = ['ts', 'seq']
const [TS, SEQ] = [0, 1]

/** Builds the decoder of a kind once; the decoder itself allocates nothing but its answer. */
export function createDecoder(kind: DeviceKind): Decoder {
  const table = FieldTable.ofKind(kind)
  const fields = allFields(kind)
  const specs = table.names.map((name): Field => {
    return { name, spec: fields[name] as FieldSpec, own: name in kind.fields, id: hash53(name) }
  })
  const names = new Set([...COMMON_NAMES, ...specs.map(({ name }) => name)])
  const content = new Float64Array(1 + 2 * specs.length)
  const plan: Plan = { table, specs, names, content, words: new Uint32Array(content.buffer) }
  const flat = new FlatReader([...names])
  const decodeOne = (value: unknown, index: number, receivedAt: Instant) =>
    decodeReading(kind, plan, value, index, receivedAt)

  return (payload, receivedAt) => {
    const reading = flat.read(payload) ? decodeFlat(kind, plan, flat, receivedAt) : null
    if (reading !== null) return { readings: [reading], rejections: NO_REJECTIONS }
    const parsed = parse(payload)
    if (!parsed.ok) return { readings: [], rejections: [parsed.error] }
    const items = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
    const refused = checkArray(items)
    if (refused !== null) return { readings: [], rejections: [refused] }

    const readings: DecodedReading[] = []
    const rejections: Rejection[] = []
    for (const [index, item] of items.entries()) {
      const result = decodeOne(item, index, receivedAt)
      if (result.ok) readings.push(result.value)
      else rejections.push(result.error)
    }
    return { readings, rejections }
  }
}

/**
 * The reading that a `FlatReader` has read; null where anything is wrong with it: then
 * `decodeReading` sees it, which knows what to say. Both have the same result otherwise.
 */
function decodeFlat(
  kind: DeviceKind,
  { table, specs, content, words }: Plan,
  { given, values: read, text }: FlatReader,
  receivedAt: Instant,
): DecodedReading | null {
  const ts = given[TS] === ABSENT ? undefined : given[TS] === TEXT ? text : read[TS]
  const at = given[TS] === SWITCH ? null : decodeTimestamp(ts, receivedAt, 0)
  const seq =
    given[SEQ] === SWITCH ? null : decodeSeq(given[SEQ] === ABSENT ? undefined : read[SEQ], 0)
  if (at === null || !at.ok || seq === null || !seq.ok) return null

  const numbers = table.none()
  let own = 0
  content[0] = seq.value ?? -1
  let noted = 1
  for (let place = 0; place < specs.length; place++) {
    const { spec, own: isOwn, id } = specs[place] as Field
    const type = given[COMMON_NAMES.length + place] as number
    if (type === ABSENT) continue
    const number = read[COMMON_NAMES.length + place] as number
    if (spec.type === 'switch') {
      if (type !== SWITCH) return null
    } else if (type !== NUMBER || !(number >= spec.min && number <= spec.max)) return null
    numbers[place] = number
    content[noted++] = id
    content[noted++] = number + 0
    if (isOwn) own++
  }
  const values = new Values(table, numbers)
  if (own === 0 || contradiction(kind, values) !== null) return null
  const contentHash = hash53Of(words, 2 * noted)
  return { ts: at.value, seq: seq.value, values, unknownFields: NONE, contentHash, index: 0 }
}

function parse(payload: Uint8Array): Result<unknown, Rejection> {
  let text: string
  try {
    text = utf8.decode(payload)
  } catch {
    return fail(rejection('NOT_UTF8'))
  }
  try {
    return ok(JSON.parse(text))
  } catch (error) {
    return fail(rejection('NOT_JSON', { found: parseFault(error, text) }))
  }
}

/** V8's words name the place, but quote the text around it; keep them to a line. */
function parseFault(error: unknown, text: string): string {
  if (text.trim() === '') return 'empty message'
  return clip(error instanceof Error ? error.message : String(error))
}

function checkArray(items: readonly unknown[]): Rejection | null {
  if (items.length === 0) return rejection('EMPTY_ARRAY')
  if (items.length > MAX_READINGS) {
    return rejection('TOO_MANY_READINGS', { found: `${items.length} readings` })
  }
  return null
}

interface Field {
  readonly name: string
  readonly spec: FieldSpec
  /** A field of the kind, not one that all kinds have. */
  readonly own: boolean
  /** Stands for the name in the content's identity. */
  readonly id: number
}

interface Plan {
  readonly table: FieldTable
  /** By the places of the table. */
  readonly specs: readonly Field[]
  readonly names: ReadonlySet<string>
  /** Room for the sequence number and for each field's id and value. */
  readonly content: Float64Array
  /** The same, as it is hashed. */
  readonly words: Uint32Array
}

function decodeReading(
  kind: DeviceKind,
  { table, specs, names, content, words }: Plan,
  value: unknown,
  index: number,
  receivedAt: Instant,
): Result<DecodedReading, Rejection> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(rejection('NOT_A_READING', { found: clip(typeName(value)), index }))
  }
  const input = value as Record<string, unknown>
  const ts = decodeTimestamp(input['ts'], receivedAt, index)
  if (!ts.ok) return ts
  const seq = decodeSeq(input['seq'], index)
  if (!seq.ok) return seq

  const numbers = table.none()
  let own = 0
  let known = (input['ts'] === undefined ? 0 : 1) + (input['seq'] === undefined ? 0 : 1)
  content[0] = seq.value ?? -1
  let noted = 1
  for (const [place, { name, spec, own: isOwn, id }] of specs.entries()) {
    const given = input[name]
    if (given === undefined) continue
    known++
    const code = checkField(spec, given)
    if (code !== null)
      return fail(rejection(code, { field: name, found: show(given, spec), index }))
    numbers[place] = Number(given)
    content[noted++] = id
    // -0 is the same value as 0.
    content[noted++] = Number(given) + 0
    if (isOwn) own++
  }
  if (own === 0)
    return fail(rejection('NO_FIELDS', { found: clip(Object.keys(input).join(', ')), index }))

  const values = new Values(table, numbers)
  const contradicted = contradiction(kind, values)
  if (contradicted !== null) return fail(rejection('IMPLAUSIBLE', { ...contradicted, index }))
  return ok({
    ts: ts.value,
    seq: seq.value,
    values,
    unknownFields: unknownFields(input, known, names),
    contentHash: hash53Of(words, 2 * noted),
    index,
  })
}

function contradiction({ implausible }: DeviceKind, values: Values): Implausibility | null {
  return implausible === undefined ? null : implausible(values.fields)
}

const NONE: readonly string[] = []

/** Most readings have none: then their number tells it. */
function unknownFields(
  input: Readonly<Record<string, unknown>>,
  known: number,
  names: ReadonlySet<string>,
): readonly string[] {
  const given = Object.keys(input)
  return given.length === known ? NONE : given.filter((name) => !names.has(name))
}

function checkField(spec: FieldSpec, value: unknown): ErrorCode | null {
  if (spec.type === 'switch') return typeof value === 'boolean' ? null : 'FIELD_TYPE'
  if (typeof value !== 'number') return 'FIELD_TYPE'
  // 1e400 parses to Infinity, which no range holds.
  return value >= spec.min && value <= spec.max ? null : 'FIELD_RANGE'
}

function decodeSeq(value: unknown, index: number): Result<number | null, Rejection> {
  if (value === undefined) return ok(null)
  if (typeof value !== 'number')
    return fail(rejection('FIELD_TYPE', { field: 'seq', found: show(value), index }))
  if (!Number.isSafeInteger(value) || value < 0) {
    return fail(rejection('FIELD_RANGE', { field: 'seq', found: show(value), index }))
  }
  return ok(value)
}

function decodeTimestamp(
  value: unknown,
  receivedAt: Instant,
  index: number,
): Result<Instant | null, Rejection> {
  if (value === undefined) return ok(null)
  const at = typeof value === 'string' ? parseIso(value) : typeof value === 'number' ? value : null
  if (at === null || !Number.isSafeInteger(at)) {
    return fail(rejection('TIMESTAMP_FORMAT', { field: 'ts', found: show(value), index }))
  }
  if (at > receivedAt + MAX_AHEAD) {
    return fail(rejection('TIMESTAMP_FUTURE', { field: 'ts', found: show(value), index }))
  }
  if (at < receivedAt - MAX_AGE) {
    return fail(rejection('TIMESTAMP_PAST', { field: 'ts', found: show(value), index }))
  }
  return ok(at)
}

/** A rejection of a whole message, or of one of its readings. */
export function rejection(
  code: ErrorCode,
  where: { field?: string; found?: string; index?: number } = {},
): Rejection {
  return {
    code,
    field: where.field ?? null,
    found: where.found ?? null,
    index: where.index ?? null,
  }
}

function show(value: unknown, spec?: FieldSpec): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : String(typeof value === 'object' ? typeName(value) : value)
  return clip(
    spec?.type === 'number' && typeof value === 'number'
      ? `${text} ${spec.unit} (${spec.min}..${spec.max})`
      : text,
  )
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function clip(text: string): string {
  return text.length > 160 ? `${text.slice(0, 157)}...` : text
}
