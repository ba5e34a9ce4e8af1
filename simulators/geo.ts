import type { Position } from '../src/model/city.ts'

/** Distances and points on the ground, WGS-84 `[lon, lat]`, in metres. */

const EARTH_RADIUS_M = 6_371_000
const RADIANS = Math.PI / 180
const METRES_PER_DEGREE = EARTH_RADIUS_M * RADIANS

/** Great-circle distance in metres (haversine). */
export function distanceM(a: Position, b: Position): number {
  const dLat = (b[1] - a[1]) * RADIANS
  const dLon = (b[0] - a[0]) * RADIANS
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a[1] * RADIANS) * Math.cos(b[1] * RADIANS) * Math.sin(dLon / 2) ** 2
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** Length of a line in metres. */
export function lengthM(line: readonly Position[]): number {
  return line.reduce((sum, point, i) => sum + distanceM(line[i - 1] ?? point, point), 0)
}

/** The point `along` metres down a line; its ends where `along` lies beyond them. */
export function pointAlong(line: readonly Position[], along: number): Position {
  let rest = along
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1] as Position, line[i] as Position]
    const length = distanceM(from, to)
    if (rest <= length && length > 0) return between(from, to, Math.max(0, rest) / length)
    rest -= length
  }
  return line.at(-1) as Position
}

/** The part of a line between two distances from its beginning; backwards where `to < from`. */
export function section(line: readonly Position[], from: number, to: number): Position[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)]
  let along = 0
  const inner = line.filter((point, i) => {
    along += distanceM(line[i - 1] ?? point, point)
    return along > low && along < high
  })
  const part = [pointAlong(line, low), ...inner, pointAlong(line, high)]
  return from <= to ? part : part.reverse()
}

/** A point moved by metres to the east and to the north. */
export function moved(point: Position, eastM: number, northM: number): Position {
  const perLon = METRES_PER_DEGREE * Math.cos(point[1] * RADIANS)
  return [point[0] + eastM / perLon, point[1] + northM / METRES_PER_DEGREE]
}

function between(from: Position, to: Position, share: number): Position {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]
}
