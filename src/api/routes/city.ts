import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'

/** The city file in force: what a map and a list of units are drawn from. */
export function cityRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/city',
    { schema: { tags: ['catalogue'], summary: 'Districts, streets, grids, units (WGS-84)' } },
    async () => parts.city,
  )
}
