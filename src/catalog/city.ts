import { readFile } from 'node:fs/promises'
import { type City, citySchema } from '../model/city.ts'
import type { Fault } from '../model/errors.ts'
import { fail, ok, type Result } from '../model/result.ts'

/** The bundled demo city: fictitious, see demo-city.md. */
export const DEMO_CITY = new URL('./demo-city.json', import.meta.url)

/** Reads and checks a city file; every fault with its place. */
export async function loadCity(file: string | URL): Promise<Result<City, Fault[]>> {
  let document: unknown
  try {
    document = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return fail([{ path: '', message: error instanceof Error ? error.message : String(error) }])
  }
  const parsed = citySchema.safeParse(document)
  if (!parsed.success) {
    return fail(
      parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
    )
  }
  const faults = crossCheck(parsed.data)
  return faults.length > 0 ? fail(faults) : ok(parsed.data)
}

/** References inside the file: a grid or a street of a district that is not there. */
function crossCheck(city: City): Fault[] {
  const districts = new Set(city.districts.map((district) => district.id))
  const check = (list: string, items: readonly { districtId: string }[]) =>
    items.flatMap((item, i) =>
      districts.has(item.districtId)
        ? []
        : [{ path: `${list}.${i}.districtId`, message: `no district "${item.districtId}"` }],
    )
  return [...check('grids', city.grids), ...check('streets', city.streets)]
}
