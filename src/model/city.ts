import { z } from 'zod'
import { CODE_EDITIONS } from './case-terms.ts'
import { ruleOverridesSchema } from './rule.ts'
import { textSchema } from './text.ts'

/**
 * The city that cases are sorted by: districts, streets, grids, responsible units, class edition.
 * Coordinates are WGS-84 `[lon, lat]` as GeoJSON has them; one datum everywhere, since GCJ-02
 * shifts a device by 100 to 700 m.
 */

const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])
const ring = z.array(position).min(4)

/** Grid codes: 15 characters, but deployed systems have 14 to 16 (domain.md 1.2). */
export const gridCodeSchema = z.string().regex(/^[0-9A-Z]{14,16}$/, '14 to 16 digits or capitals')

export const citySchema = z.strictObject({
  name: textSchema,
  /** Six digits of the administrative division (行政区划). */
  division: z.string().regex(/^\d{6}$/, 'six digits'),
  /** Minutes that local time is ahead of UTC; China: 480. */
  utcOffsetMinutes: z.int().min(-720).max(840),
  /** Which edition of the class tables cases carry. */
  codeEdition: z.enum(CODE_EDITIONS),
  units: z
    .array(z.strictObject({ id: z.string().min(1), name: textSchema, kinds: z.array(z.string()) }))
    .min(1),
  districts: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        name: textSchema,
        boundary: ring,
      }),
    )
    .min(1),
  streets: z.array(
    z.strictObject({
      id: z.string().min(1),
      districtId: z.string(),
      name: textSchema,
      /** The middle line of the street. */
      line: z.array(position).min(2),
    }),
  ),
  grids: z
    .array(
      z.strictObject({
        code: gridCodeSchema,
        districtId: z.string(),
        name: textSchema,
        boundary: ring,
      }),
    )
    .min(1),
  /** Limits that hold in this city instead of the catalogue's, by rule. */
  ruleOverrides: ruleOverridesSchema.default({}),
})
export type City = z.infer<typeof citySchema>
export type Grid = City['grids'][number]
export type Position = readonly [lon: number, lat: number]

/** True where the point lies in the ring (even-odd rule; the border belongs to either side). */
export function inRing(point: Position, boundary: readonly Position[]): boolean {
  const [x, y] = point
  let inside = false
  for (let i = 0, j = boundary.length - 1; i < boundary.length; j = i++) {
    const [xi, yi] = boundary[i] as Position
    const [xj, yj] = boundary[j] as Position
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

/** The grid that a point lies in, or null outside the city. */
export function locateGrid(city: City, point: Position): Grid | null {
  return city.grids.find((grid) => inRing(point, grid.boundary)) ?? null
}

/** The unit that answers for a kind of device, or null where none does. */
export function unitForKind(city: City, kind: string): string | null {
  return city.units.find((unit) => unit.kinds.includes(kind))?.id ?? null
}
