import { readdir } from 'node:fs/promises'
import type { DeviceKind } from '../model/device-kind.ts'
import { isDeviceId } from '../model/ids.ts'
import { ruleSchema, type StoredRule } from '../model/rule.ts'
import { compileRule } from '../rules/compile.ts'

/**
 * The catalogue of device kinds: every folder in `devices/` that has a `profile.ts`. A folder that
 * is not right stops the start, with all its faults: a kind that is half there would lose data.
 */
export const DEVICES = new URL('../../devices/', import.meta.url)

/** Loads and checks all kinds, in order of name. */
export async function loadKinds(folder: URL = DEVICES): Promise<DeviceKind[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const kinds: DeviceKind[] = []
  const faults: string[] = []
  for (const name of names.sort()) {
    const module = (await import(new URL(`${name}/profile.ts`, folder).href)) as {
      default: DeviceKind
    }
    kinds.push(module.default)
    faults.push(...checkKind(name, module.default))
  }
  if (kinds.length === 0) faults.push(`no device kind in ${folder.pathname}`)
  if (faults.length > 0) throw new Error(`the device catalogue is not valid:\n${faults.join('\n')}`)
  return kinds
}

/** What is wrong with a kind, in words; empty where nothing is. */
export function checkKind(folder: string, kind: DeviceKind): string[] {
  const faults: string[] = []
  if (kind.name !== folder) faults.push(`${folder}: the kind calls itself "${kind.name}"`)
  if (!isDeviceId(kind.name)) faults.push(`${folder}: not a name for topics`)
  if (kind.fields[kind.primaryField] === undefined) {
    faults.push(`${folder}: primaryField "${kind.primaryField}" is no field`)
  }
  if (kind.reportInterval <= 0) faults.push(`${folder}: reportInterval must be above 0`)
  for (const rule of kind.rules) faults.push(...checkRule(folder, kind, rule))
  return faults
}

function checkRule(folder: string, kind: DeviceKind, input: unknown): string[] {
  const parsed = ruleSchema.safeParse(input)
  if (!parsed.success) {
    return parsed.error.issues.map((i) => `${folder}: rule ${i.path.join('.')}: ${i.message}`)
  }
  const program = compileRule({ ...parsed.data, version: 1, origin: 'catalog' }, kind)
  if (program.ok) return []
  return program.error.map((f) => `${folder}: ${parsed.data.id}: ${f.path}: ${f.message}`)
}

/** The kind's rules as they are in force when nobody changed them. */
export function catalogRules(kind: DeviceKind): StoredRule[] {
  return kind.rules.map((rule) => ({ ...ruleSchema.parse(rule), version: 1, origin: 'catalog' }))
}
