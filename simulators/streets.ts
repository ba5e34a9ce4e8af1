import type { City, Position } from '../src/model/city.ts'
import type { Random } from '../src/model/simulation.ts'
import { distanceM, lengthM, pointAlong, section } from './geo.ts'

/**
 * The streets of a city as a net to drive on: where each one meets the others. Streets are given
 * as middle lines that may cross anywhere, so meeting places are computed once, here.
 */
export interface Street {
  readonly name: string
  readonly line: readonly Position[]
  /** Metres. */
  readonly length: number
  /** In order along the street. */
  readonly crossings: readonly Crossing[]
}

/** Where a street meets another, in metres from the beginning of each. */
export interface Crossing {
  readonly along: number
  readonly street: number
  readonly otherAlong: number
}

/** Ends that stop this short of another street still meet it, metres. */
const REACH_M = 20

/** Builds the net. Streets keep the city's order: a crossing names the other one by its index. */
export function streetNet(city: City): readonly Street[] {
  const streets = city.streets.map((street) => ({
    name: street.name['zh-CN'],
    line: street.line,
    length: lengthM(street.line),
  }))
  return streets.map((street, i) => ({
    ...street,
    crossings: streets
      .flatMap((other, j) => (i === j ? [] : meetings(street.line, other.line, j)))
      .sort((a, b) => a.along - b.along),
  }))
}

/**
 * A way on connected streets from a point of one, `metres` long or less: it turns at a random
 * crossing of each street, and ends early at the end of a street that leads nowhere else.
 */
export function wayFrom(
  net: readonly Street[],
  start: { street: number; along: number },
  metres: number,
  random: Random,
): readonly Position[] {
  const way: Position[] = []
  let { street, along } = start
  let driven = 0
  while (driven < metres) {
    const here = net[street] as Street
    const ahead = here.crossings.filter((crossing) => Math.abs(crossing.along - along) > REACH_M)
    const turn = ahead.length > 0 ? random.pick(ahead) : null
    const end = turn?.along ?? (along < here.length / 2 ? here.length : 0)
    const leg = Math.min(Math.abs(end - along), metres - driven)
    way.push(...section(here.line, along, along + Math.sign(end - along) * leg))
    driven += leg
    if (turn === null) break
    street = turn.street
    along = turn.otherAlong
  }
  return way.filter((point, i) => i === 0 || distanceM(point, way[i - 1] as Position) > 1)
}

/** All places where two lines cross or touch. */
function meetings(
  line: readonly Position[],
  other: readonly Position[],
  street: number,
): Crossing[] {
  const found: Crossing[] = []
  eachSegment(line, (a, b, from) => {
    eachSegment(other, (c, d, otherFrom) => {
      const meeting = meet(a, b, c, d)
      if (meeting === null) return
      const along = from + meeting[0]
      const known = found.some((crossing) => Math.abs(crossing.along - along) < REACH_M)
      if (!known) found.push({ along, street, otherAlong: otherFrom + meeting[1] })
    })
  })
  return found
}

function eachSegment(
  line: readonly Position[],
  visit: (from: Position, to: Position, along: number) => void,
): void {
  let along = 0
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1] as Position, line[i] as Position]
    visit(from, to, along)
    along += distanceM(from, to)
  }
}

/** Where segments ab and cd meet, in metres from a and from c; null where they do not. */
function meet(a: Position, b: Position, c: Position, d: Position): [number, number] | null {
  const [abLength, cdLength] = [distanceM(a, b), distanceM(c, d)]
  if (abLength === 0 || cdLength === 0) return null
  const cross = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
  if (cross === 0) return touch(a, b, c, d, abLength, cdLength)
  const s = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / cross
  const t = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / cross
  const within = (x: number, length: number) => x >= -REACH_M / length && x <= 1 + REACH_M / length
  if (!within(s, abLength) || !within(t, cdLength)) return null
  return [clamp01(s) * abLength, clamp01(t) * cdLength]
}

/** Parallel segments meet at their ends only: one street that goes on under another name. */
function touch(
  a: Position,
  b: Position,
  c: Position,
  d: Position,
  abLength: number,
  cdLength: number,
): [number, number] | null {
  if (distanceM(a, c) <= REACH_M) return [0, 0]
  if (distanceM(a, d) <= REACH_M) return [0, cdLength]
  if (distanceM(b, c) <= REACH_M) return [abLength, 0]
  if (distanceM(b, d) <= REACH_M) return [abLength, cdLength]
  return null
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value))
}

/** A random point on the streets, every metre of street alike. Null in a city without streets. */
export function randomSpot(
  net: readonly Street[],
  random: Random,
): { street: number; along: number; point: Position } | null {
  let rest = random.next() * net.reduce((sum, street) => sum + street.length, 0)
  for (const [index, street] of net.entries()) {
    if (rest < street.length) {
      return { street: index, along: rest, point: pointAlong(street.line, rest) }
    }
    rest -= street.length
  }
  return null
}
