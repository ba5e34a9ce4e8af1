import { catalogRules } from '../../src/catalog/catalog.ts'
import { createWorld, placeRule, type World } from '../../src/engine/world.ts'
import type { City } from '../../src/model/city.ts'
import type { Device } from '../../src/model/device.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'

/** A small world for tests of the pure parts. */

export const TEST_CITY: City = {
  name: { 'zh-CN': '测试市', en: 'Testville' },
  division: '999001',
  utcOffsetMinutes: 480,
  codeEdition: '2013',
  units: [{ id: 'unit-1', name: { 'zh-CN': '一队', en: 'Unit 1' }, kinds: [] }],
  districts: [
    {
      id: 'd1',
      name: { 'zh-CN': '一区', en: 'District 1' },
      boundary: [
        [0, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ],
    },
  ],
  streets: [],
  grids: [
    {
      code: '999001001001001',
      districtId: 'd1',
      name: { 'zh-CN': '一格', en: 'Grid 1' },
      boundary: [
        [0, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ],
    },
  ],
  ruleOverrides: {},
}

/** A registered device for tests. */
export function testDevice(kind: string, id = 'dev-1', more: Partial<Device> = {}): Device {
  return {
    id,
    kind,
    name: id,
    lat: null,
    lon: null,
    gridCode: null,
    districtId: null,
    unitId: null,
    attributes: {},
    ruleOverrides: {},
    enabled: true,
    secretHash: '',
    createdAt: 0,
    ...more,
  }
}

/** A world with the kinds' default rules and nothing else. */
export function testWorld(kinds: readonly DeviceKind[], city: City = TEST_CITY): World {
  const world = createWorld(city, kinds)
  for (const kind of kinds) for (const rule of catalogRules(kind)) placeRule(world, rule)
  return world
}
