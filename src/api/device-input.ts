import { z } from 'zod'
import { locateGrid, unitForKind } from '../model/city.ts'
import type { Device } from '../model/device.ts'
import type { ErrorCode } from '../model/errors.ts'
import { deviceIdSchema } from '../model/ids.ts'
import { fail, ok, type Result } from '../model/result.ts'
import { ruleOverridesSchema } from '../model/rule.ts'
import type { ApiParts } from './ports.ts'
import { attributesSchema } from './shapes.ts'

/** What a person says of a device, and the device that is made of it. */

const details = {
  name: z.string().min(1).max(200),
  lat: z.number().min(-90).max(90).nullable(),
  lon: z.number().min(-180).max(180).nullable(),
  gridCode: z.string().max(16).nullable(),
  unitId: z.string().max(64).nullable(),
  attributes: attributesSchema,
  ruleOverrides: ruleOverridesSchema,
  enabled: z.boolean(),
}

export const createSchema = z.strictObject({
  id: deviceIdSchema,
  kind: z.string().min(1).max(64),
  ...z.strictObject(details).partial().shape,
})
export type CreateInput = z.output<typeof createSchema>

export const patchSchema = z.strictObject(details).partial()

/** Fills in what follows from the rest: grid and district from the place, unit from the kind. */
export function buildDevice(
  parts: Pick<ApiParts, 'city' | 'kinds' | 'clock'>,
  input: CreateInput,
  secretHash: string,
): Result<Device, ErrorCode> {
  if (!parts.kinds.some((kind) => kind.name === input.kind)) return fail('KIND_UNKNOWN')
  const place = completePlace(parts, input)
  if (!place.ok) return place
  return ok({
    id: input.id,
    kind: input.kind,
    name: input.name ?? input.id,
    ...place.value,
    unitId: input.unitId ?? unitForKind(parts.city, input.kind),
    attributes: input.attributes ?? {},
    ruleOverrides: input.ruleOverrides ?? {},
    enabled: input.enabled ?? true,
    secretHash,
    createdAt: parts.clock.now(),
  })
}

export type Place = Pick<Device, 'lat' | 'lon' | 'gridCode' | 'districtId'>

/** Checks unit and grid against the city, and finds the grid of a place. */
export function completePlace(
  { city }: Pick<ApiParts, 'city'>,
  input: {
    lat?: number | null | undefined
    lon?: number | null | undefined
    gridCode?: string | null | undefined
    unitId?: string | null | undefined
  },
): Result<Place, ErrorCode> {
  const { lat = null, lon = null, gridCode = null, unitId = null } = input
  if (unitId !== null && !city.units.some((unit) => unit.id === unitId)) return fail('UNIT_UNKNOWN')
  const named = city.grids.find((grid) => grid.code === gridCode)
  if (gridCode !== null && named === undefined) return fail('GRID_UNKNOWN')
  const grid = named ?? (lat === null || lon === null ? null : locateGrid(city, [lon, lat]))
  return ok({ lat, lon, gridCode: grid?.code ?? null, districtId: grid?.districtId ?? null })
}
