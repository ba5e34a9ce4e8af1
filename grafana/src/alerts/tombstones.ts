/**
 * What was provisioned once and is no more. Grafana keeps a rule, a contact point or a template
 * that vanishes from the files, for ever, so each is deleted by name at every start. A uid that
 * leaves the sources moves here; `registry.json` holds all there ever were, and a test compares.
 */
export const TOMBSTONES: {
  readonly rules: readonly string[]
  readonly contactPoints: readonly string[]
  readonly templates: readonly string[]
} = { rules: [], contactPoints: [], templates: [] }
