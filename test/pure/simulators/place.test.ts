import { describe, expect, test } from 'vitest'
import { distanceM, lengthM, pointAlong, section } from '../../../simulators/geo.ts'
import { loadKinds } from '../../../simulators/kinds.ts'
import { createPlacer } from '../../../simulators/place.ts'
import { createRandom } from '../../../simulators/random.ts'
import { streetNet, wayFrom } from '../../../simulators/streets.ts'
import { inRing, locateGrid, type Position } from '../../../src/model/city.ts'
import { isDeviceId } from '../../../src/model/ids.ts'
import { TEST_CITY } from './fixture-city.ts'

const kinds = [...(await loadKinds()).values()]
const district = TEST_CITY.districts[0]?.boundary ?? []

describe('placement', () => {
  test.each(kinds)('$profile.name: inside the city, in its grid, with a name', (kind) => {
    const place = createPlacer(TEST_CITY, 5)
    for (let index = 0; index < 100; index++) {
      const device = place(kind, index)
      const point: Position = [device.site.lon, device.site.lat]
      expect(inRing(point, district)).toBe(true)
      expect(device.gridCode).toBe(locateGrid(TEST_CITY, point)?.code)
      expect(isDeviceId(device.id)).toBe(true)
      expect(device.name).toMatch(/^(滨河路|学院街|磨坊街)\d+号/)
    }
  })

  test('a device stands where it stands, however often and in which order one asks', () => {
    const kind = kinds[0]
    if (kind === undefined) throw new Error('no kinds')
    const inOrder = [0, 1, 2].map((index) => createPlacer(TEST_CITY, 5)(kind, index))
    const place = createPlacer(TEST_CITY, 5)
    expect(
      [2, 0, 1].map((index) => place(kind, index)).toSorted((a, b) => a.index - b.index),
    ).toEqual(inOrder)
    expect(createPlacer(TEST_CITY, 6)(kind, 0).site).not.toEqual(inOrder[0]?.site)
  })

  test('what the case class depends on is given as an attribute', () => {
    const covers = kinds.find(({ profile }) => profile.name === 'manhole-cover')
    if (covers === undefined) throw new Error('no manhole covers')
    const variants = covers.profile.caseClasses['cover-displaced']?.variants?.codes ?? {}
    const { attributes } = createPlacer(TEST_CITY, 5)(covers, 0)
    expect(Object.keys(variants)).toContain(attributes.coverType)
  })

  test('only what reports its position gets a way to drive', () => {
    const place = createPlacer(TEST_CITY, 5)
    for (const kind of kinds) {
      const drives = 'lat' in kind.profile.fields
      expect(place(kind, 0).site.route.length > 1).toBe(drives)
    }
  })
})

describe('the street net', () => {
  const net = streetNet(TEST_CITY)

  test('crossings and near ends meet', () => {
    const [river, school, mill] = net
    expect(river?.crossings.map((crossing) => crossing.street)).toEqual([1, 2])
    expect(river?.crossings[0]?.along).toBeCloseTo(
      distanceM([118.001, 35.005], [118.005, 35.005]),
      0,
    )
    expect(school?.crossings).toHaveLength(1)
    expect(mill?.crossings[0]?.along).toBe(0)
  })

  test('a way goes from street to street, no longer than asked for', () => {
    const ways = [1, 2, 3, 4].map((seed) => {
      return wayFrom(net, { street: 0, along: 10 }, 1_500, createRandom(seed))
    })
    for (const way of ways) {
      expect(lengthM(way)).toBeGreaterThan(1_400)
      expect(lengthM(way)).toBeLessThan(1_520)
      for (const point of way) expect(inRing(point, district)).toBe(true)
    }
    const turned = ways.filter((way) => (way.at(-1)?.[1] ?? 0) !== 35.005)
    expect(turned).not.toHaveLength(0)
  })

  test('a way ends where there is nowhere to go', () => {
    const lonely = streetNet({ ...TEST_CITY, streets: TEST_CITY.streets.slice(0, 1) })
    const way = wayFrom(lonely, { street: 0, along: 100 }, 9_000, createRandom(2))
    expect(way.at(-1)).toEqual([118.019, 35.005])
  })
})

describe('lines', () => {
  const line: Position[] = [
    [118, 35],
    [118, 35.01],
    [118.01, 35.01],
  ]

  test('points along a line, and beyond its ends', () => {
    expect(pointAlong(line, 0)).toEqual([118, 35])
    expect(pointAlong(line, distanceM([118, 35], [118, 35.005]))[1]).toBeCloseTo(35.005, 6)
    expect(pointAlong(line, 1e6)).toEqual([118.01, 35.01])
    expect(pointAlong(line, -5)).toEqual([118, 35])
  })

  test('a section keeps the corners, either way round', () => {
    const part = section(line, 500, 1_500)
    expect(part).toHaveLength(3)
    expect(part[1]).toEqual([118, 35.01])
    expect(section(line, 1_500, 500)).toEqual(part.toReversed())
    expect(lengthM(part)).toBeCloseTo(1_000, 0)
  })

  test('a degree of latitude is 111 km', () => {
    expect(distanceM([118, 35], [118, 36]) / 1_000).toBeCloseTo(111.19, 1)
  })
})
