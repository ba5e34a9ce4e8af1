import type { City, Position } from '../../../src/model/city.ts'

/** A small city for tests: four grids of about 1 km, three streets that form a net. */
const WEST = 118
const SOUTH = 35
const CELL = 0.01

function square(column: number, row: number, size: number): Position[] {
  const [x, y] = [WEST + column * CELL, SOUTH + row * CELL]
  const side = size * CELL
  return [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
    [x, y],
  ]
}

function street(id: string, zh: string, line: Position[]) {
  return { id, districtId: 'east', name: { 'zh-CN': zh, en: id }, line }
}

export const TEST_CITY = {
  name: { 'zh-CN': '试验市', en: 'Test City' },
  division: '370000',
  utcOffsetMinutes: 480,
  codeEdition: '2026',
  units: [{ id: 'all', name: { 'zh-CN': '全部', en: 'All' }, kinds: [] }],
  districts: [{ id: 'east', name: { 'zh-CN': '东区', en: 'East' }, boundary: square(0, 0, 2) }],
  streets: [
    street('river', '滨河路', [
      [118.001, 35.005],
      [118.019, 35.005],
    ]),
    street('school', '学院街', [
      [118.005, 35.001],
      [118.005, 35.012],
      [118.006, 35.019],
    ]),
    // Ends ten metres short of the river road.
    street('mill', '磨坊街', [
      [118.015, 35.0051],
      [118.015, 35.018],
    ]),
  ],
  grids: [0, 1, 2, 3].map((i) => ({
    code: `37000000100100${i}`,
    districtId: 'east',
    name: { 'zh-CN': `第${i}网格`, en: `Grid ${i}` },
    boundary: square(i % 2, Math.floor(i / 2), 1),
  })),
  ruleOverrides: {},
} as unknown as City
