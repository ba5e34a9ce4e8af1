import { type City, locateGrid, type Position } from '../src/model/city.ts'
import type { Random, Site } from '../src/model/simulation.ts'
import { moved } from './geo.ts'
import type { SimulatedKind } from './kinds.ts'
import { createRandom } from './random.ts'
import { randomSpot, type Street, streetNet, wayFrom } from './streets.ts'

/**
 * Puts virtual devices on the streets of a city. The place of a device depends on the seed and its
 * id alone: the third manhole stands where it stands, however many others there are.
 */
export interface PlacedDevice {
  readonly id: string
  readonly kind: string
  /** From 0 within its kind. */
  readonly index: number
  /** In Chinese, as an inventory has it: `滨河路12号积水点`. */
  readonly name: string
  readonly gridCode: string | null
  readonly attributes: Readonly<Record<string, string>>
  readonly site: Site
}

/** How ids begin, and what a name calls the thing; a new kind goes by its own name and title. */
const SIGNS: Readonly<Record<string, { prefix: string; noun: string }>> = {
  waterlogging: { prefix: 'wl', noun: '积水点' },
  'manhole-cover': { prefix: 'mc', noun: '窨井盖' },
  'sprinkler-truck': { prefix: 'st', noun: '洒水车' },
  dust: { prefix: 'ds', noun: '工地扬尘监测点' },
  'oil-fume': { prefix: 'of', noun: '餐饮油烟监测点' },
  'tree-tilt': { prefix: 'tt', noun: '古树' },
}

/** Length of the way that a truck drives up and down, metres: about one tank. */
const WAY_M = 5_000
/** Metres of street front for each house number. */
const FRONT_M = 12
/** From the middle of the street to where things stand, metres. */
const KERB_M = 6
const ATTEMPTS = 50
const NO_ROUTE: Site['route'] = []

export type Placer = (kind: SimulatedKind, index: number) => PlacedDevice

/** A function that places the `index`-th device of a kind (from 0) in this city. */
export function createPlacer(city: City, seed: number): Placer {
  const net = streetNet(city)
  return (kind, index) => {
    const { name, title } = kind.profile
    const sign = SIGNS[name] ?? { prefix: name, noun: title['zh-CN'] }
    const id = `${sign.prefix}-${String(index + 1).padStart(4, '0')}`
    const random = createRandom(seed, id, 'place')
    const spot = spotInGrid(city, net, random)
    // What reports its position moves; nothing else needs a road.
    const drives = spot.start !== null && 'lat' in kind.profile.fields
    const route = drives ? wayFrom(net, spot.start, WAY_M, random) : NO_ROUTE
    return {
      id,
      kind: name,
      index,
      name: `${spot.address}${sign.noun}`,
      gridCode: locateGrid(city, spot.point)?.code ?? null,
      attributes: attributesOf(kind, random),
      site: { lon: spot.point[0], lat: spot.point[1], route },
    }
  }
}

interface Spot {
  readonly point: Position
  readonly address: string
  readonly start: { street: number; along: number } | null
}

/** A kerb inside a grid; where the streets offer none, the middle of a grid. */
function spotInGrid(city: City, net: readonly Street[], random: Random): Spot {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = randomSpot(net, random)
    if (found === null) break
    const kerb = () => (random.chance(0.5) ? KERB_M : -KERB_M)
    const [lon, lat] = moved(found.point, kerb(), kerb())
    const point: Position = [round6(lon), round6(lat)]
    if (locateGrid(city, point) === null) continue
    const number = 1 + 2 * Math.floor(found.along / FRONT_M) + (random.chance(0.5) ? 1 : 0)
    return { point, address: `${net[found.street]?.name}${number}号`, start: found }
  }
  const grid = random.pick(city.grids)
  return { point: centre(grid.boundary), address: grid.name['zh-CN'], start: null }
}

/** What the kind's case classes depend on (whose cover it is): one of their variants each. */
function attributesOf(kind: SimulatedKind, random: Random): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const { variants } of Object.values(kind.profile.caseClasses)) {
    if (variants === undefined || attributes[variants.attribute] !== undefined) continue
    attributes[variants.attribute] = random.pick(Object.keys(variants.codes))
  }
  return attributes
}

function centre(boundary: readonly Position[]): Position {
  const mean = (axis: 0 | 1) => boundary.reduce((sum, p) => sum + p[axis], 0) / boundary.length
  return [round6(mean(0)), round6(mean(1))]
}

/** Six digits: 0.1 m. */
function round6(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6
}
