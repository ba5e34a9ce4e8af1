import { z } from 'zod'
import { allFields, type DeviceKind, type FieldSpec } from '../../model/device-kind.ts'
import { UNITS } from '../../model/units.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { textShape } from '../shapes.ts'

const fieldShape = z.object({
  type: z.enum(['number', 'switch']),
  label: textShape,
  unit: z.string().optional(),
  symbol: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  digits: z.number().optional(),
  on: textShape.optional(),
  off: textShape.optional(),
})

const kindShape = z.object({
  name: z.string(),
  title: textShape,
  primaryField: z.string(),
  reportIntervalSeconds: z.number(),
  fields: z.record(z.string(), fieldShape),
  caseClasses: z.record(z.string(), z.object({ title: textShape })),
  rules: z.array(z.unknown()).describe('Default rules, as shipped'),
})

/** The catalogue of device kinds. */
export function kindRoutes(app: ApiInstance, parts: ApiParts): void {
  const items = parts.kinds.map(shapeKind)
  app.get(
    '/kinds',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'The device kinds: fields, units, default rules',
        response: { 200: z.object({ items: z.array(kindShape), nextCursor: z.null() }) },
      },
    },
    async () => ({ items, nextCursor: null }),
  )
}

function shapeKind(kind: DeviceKind): z.output<typeof kindShape> {
  const fields = Object.entries(allFields(kind)).map(([name, spec]) => [name, shapeField(spec)])
  const classes = Object.entries(kind.caseClasses).map(([name, { title }]) => [name, { title }])
  return {
    name: kind.name,
    title: kind.title,
    primaryField: kind.primaryField,
    reportIntervalSeconds: kind.reportInterval / 1000,
    fields: Object.fromEntries(fields),
    caseClasses: Object.fromEntries(classes),
    rules: [...kind.rules],
  }
}

function shapeField(spec: FieldSpec): z.output<typeof fieldShape> {
  if (spec.type === 'switch') return { ...spec }
  return { ...spec, symbol: UNITS[spec.unit].symbol }
}
