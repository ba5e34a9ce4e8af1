import { ByteReader, type ByteWriter } from '../../model/bytes.ts'
import { OBSERVED_AT, RECEIVED_AT } from '../../model/packed-readings.ts'

/**
 * A stretch: readings of one series, one after the other in time, as few bytes.
 *
 * In memory they are rows of doubles as in `ReadingRows`, NaN for what a reading lacks:
 *
 *   observedAt | receivedAt | seq | the fields by their places
 *
 * In the file they are columns, because the values of one field resemble each other:
 *
 *   varint: readings | for each column that a reading has: varint: place, u8: coding, the values
 *
 * The low half of a coding is the number of digits after the point, or DOUBLES. Then a value is a
 * whole number, of which its difference to the one before is written, as a varint with its sign in
 * the lowest bit. It comes back as the same double: a sensor's 12.3 is 123 / 10.
 */
/** A column whose values are no decimal numbers: 8 bytes each. */
const DOUBLES = 15
/** Not all readings have a value: bits tell which, before the values. */
const GAPS = 16
/** All values are the one that follows. */
const SAME = 32

/** Up to 9 digits after the point. */
const SCALES = Array.from({ length: 10 }, (_, digits) => 10 ** digits)
/** Differences of numbers up to here fit a varint, with their sign. */
const LARGEST = 2 ** 51

/** The rows as bytes, written with the help of `into`, which is empty before and after. */
export function encodeStretch(rows: Float64Array, width: number, into: ByteWriter): Uint8Array {
  into.varint(rows.length / width)
  for (let place = 0; place < width; place++) putColumn(rows, width, place, into)
  return into.take()
}

/** The rows; `width` is that of rows with all fields there are now, or were when it was written. */
export function decodeStretch(bytes: Uint8Array, width: number): Float64Array<ArrayBuffer> {
  const from = new ByteReader(bytes)
  const rows = new Float64Array(from.varint() * width).fill(Number.NaN)
  while (!from.ended) takeColumn(from, rows, width)
  return rows
}

function putColumn(rows: Float64Array, width: number, place: number, into: ByteWriter): void {
  const coding = codingOf(rows, width, place)
  if (coding === null) return
  into.varint(place)
  into.byte(coding)
  if (coding & GAPS) putGaps(rows, width, place, into)
  const digits = coding & 0x0f
  const scale = SCALES[digits] as number
  let last = 0
  for (let at = place; at < rows.length; at += width) {
    const value = valueAt(rows, at, place)
    if (Number.isNaN(value)) continue
    if (digits === DOUBLES) into.double(value)
    else {
      const whole = Math.round(value * scale)
      putSigned(whole - last, into)
      last = whole
    }
    if (coding & SAME) return
  }
}

/** Null: no reading has a value. */
function codingOf(rows: Float64Array, width: number, place: number): number | null {
  let digits = 0
  let present = 0
  let first = Number.NaN
  let same = true
  let greatest = 0
  for (let at = place; at < rows.length; at += width) {
    const value = valueAt(rows, at, place)
    if (Number.isNaN(value)) continue
    if (present++ === 0) first = value
    else if (value === first) continue
    else same = false
    greatest = Math.max(greatest, Math.abs(value))
    while (digits < SCALES.length && !isDecimal(value, digits)) digits++
  }
  if (present === 0) return null
  const decimal = digits < SCALES.length && greatest * (SCALES[digits] as number) <= LARGEST
  const gaps = present * width < rows.length
  return (decimal ? digits : DOUBLES) | (gaps ? GAPS : 0) | (same ? SAME : 0)
}

function isDecimal(value: number, digits: number): boolean {
  const scale = SCALES[digits] as number
  return Math.round(value * scale) / scale === value
}

/** Receipt is written as how long after the observation it was. */
function valueAt(rows: Float64Array, at: number, place: number): number {
  const value = rows[at] as number
  return place === RECEIVED_AT ? value - (rows[at - place + OBSERVED_AT] as number) : value
}

function putSigned(value: number, into: ByteWriter): void {
  into.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

function takeSigned(from: ByteReader): number {
  const value = from.varint()
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** A bit for each row, lowest first: whether it has a value. */
function putGaps(rows: Float64Array, width: number, place: number, into: ByteWriter): void {
  let bits = 0
  let n = 0
  for (let at = place; at < rows.length; at += width) {
    if (!Number.isNaN(rows[at] as number)) bits |= 1 << (n & 7)
    if ((++n & 7) !== 0) continue
    into.byte(bits)
    bits = 0
  }
  if ((n & 7) !== 0) into.byte(bits)
}

function takeColumn(from: ByteReader, rows: Float64Array, width: number): void {
  const place = from.varint()
  const coding = from.byte()
  const digits = coding & 0x0f
  const scale = digits === DOUBLES ? 1 : (SCALES[digits] as number)
  const count = rows.length / width
  const has = coding & GAPS ? takeBits(from, count) : null
  let last = 0
  let taken = 0
  for (let i = 0; i < count; i++) {
    if (has !== null && !has(i)) continue
    if (taken++ === 0 || !(coding & SAME)) {
      last = digits === DOUBLES ? from.double() : last + takeSigned(from)
    }
    const at = i * width + place
    rows[at] = last / scale
    if (place === RECEIVED_AT) rows[at] = last + (rows[at - place + OBSERVED_AT] as number)
  }
}

function takeBits(from: ByteReader, count: number): (i: number) => boolean {
  const bytes = Array.from({ length: Math.ceil(count / 8) }, () => from.byte())
  return (i) => (((bytes[i >> 3] as number) >> (i & 7)) & 1) === 1
}
