import { expect, test } from 'vitest'
import { boardsIn } from '../../grafana/src/boards/index.ts'
import { kindsOfCity } from '../../grafana/src/city-kinds.ts'
import { maps } from '../../grafana/src/maps.ts'
import { provisioning } from '../../grafana/src/provisioning/index.ts'
import { loadKinds } from '../../src/catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../../src/catalog/city.ts'
import type { City } from '../../src/model/city.ts'

/** Boards of a city with districts and limits of its own. */

async function ownCity(overrides: City['ruleOverrides']) {
  const loaded = await loadCity(DEMO_CITY)
  if (!loaded.ok) throw new Error('the bundled city does not load')
  const districts = loaded.value.districts.map((one, i) => ({
    ...one,
    name: { 'zh-CN': `甲${i}区`, en: `Borough ${i}` },
  }))
  return { ...loaded.value, districts, ruleOverrides: overrides }
}

/** Limits drawn on the board of waterlogging. */
function limits(kinds: Awaited<ReturnType<typeof loadKinds>>, city: City): number[] {
  const board = boardsIn('en', kinds, city).find(({ uid }) => uid === 'city-kind-waterlogging-en')
  return [...JSON.stringify(board).matchAll(/"value":(\d+(?:\.\d+)?),"color"/g)].map(([, n]) =>
    Number(n),
  )
}

test("the city's own limits are drawn, and a rule that it switched off is not", async () => {
  const kinds = await loadKinds()
  const plain = await ownCity({})
  const own = await ownCity({ 'waterlogging-depth': { parameters: { criticalCm: 41 } } })
  expect(limits(kindsOfCity(kinds, plain), plain)).toEqual(expect.arrayContaining([25]))
  expect(limits(kindsOfCity(kinds, own), own)).toEqual(expect.arrayContaining([41]))
  expect(limits(kindsOfCity(kinds, own), own)).not.toContain(25)
  const off = await ownCity({ 'waterlogging-depth': { enabled: false } })
  expect(limits(kindsOfCity(kinds, off), off)).not.toContain(25)
})

test('its districts are on the map, in the boards and in the notifications', async () => {
  const city = await ownCity({})
  const kinds = kindsOfCity(await loadKinds(), city)
  const all = [
    ...maps(city).map(({ content }) => String(content)),
    JSON.stringify(boardsIn('zh-CN', kinds, city)),
    ...provisioning(kinds, city).map(({ content }) => content),
  ]
  expect(all.filter((text) => text.includes('甲0区')).length).toBeGreaterThanOrEqual(3)
  expect(all.join()).not.toContain('老城区')
})
