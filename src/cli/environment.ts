import { accessSync, constants } from 'node:fs'
import { DEMO_CITY, loadCity } from '../catalog/city.ts'
import {
  describeFaults,
  readSettings,
  type SettingFault,
  type SettingName,
  type Settings,
} from '../config/settings.ts'
import type { City } from '../model/city.ts'
import type { Fault } from '../model/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The settings are wrong: every fault, for a person. */
export class SettingsRefused extends Error {}

/** Reads the settings, or refuses with all faults at once. */
export function settingsFrom(env: Environment): Settings {
  const settings = readSettings(env)
  if (settings.ok) return settings.value
  throw refused(settings.error)
}

/** The settings and the city, with nothing wrong in either. */
export interface Tried {
  readonly settings: Settings
  readonly city: City
}

/** Reads the settings and the files they name: before anything opens, all faults at once. */
export async function settingsTried(env: Environment): Promise<Tried> {
  const settings = readSettings(env)
  const values = settings.ok ? settings.value : env
  const faults = settings.ok ? [] : [...settings.error]
  faults.push(...unreadable(values))
  const file = values['CURBWATCH_CITY_FILE']
  const city = await loadCity(file || DEMO_CITY)
  if (!city.ok) faults.push(...cityFaults(file ?? null, city.error))
  if (settings.ok && city.ok && faults.length === 0) {
    return { settings: settings.value, city: city.value }
  }
  throw refused(faults)
}

const FILES: readonly SettingName[] = [
  'CURBWATCH_TLS_CERT',
  'CURBWATCH_TLS_KEY',
  'CURBWATCH_TLS_CLIENT_CA',
]

function unreadable(values: Readonly<Partial<Record<SettingName, unknown>>>): SettingFault[] {
  return FILES.flatMap((path) => {
    const file = values[path]
    if (typeof file !== 'string' || file === '') return []
    try {
      accessSync(file, constants.R_OK)
      return []
    } catch (error) {
      return [{ path, value: file, message: (error as Error).message }]
    }
  })
}

function cityFaults(value: string | null, faults: readonly Fault[]): SettingFault[] {
  return faults.map(({ path, message }) => ({
    path: 'CURBWATCH_CITY_FILE',
    value,
    message: path === '' ? message : `${path}: ${message}`,
  }))
}

function refused(faults: readonly SettingFault[]): SettingsRefused {
  const text = describeFaults(faults)
  return new SettingsRefused(
    `SETTINGS_INVALID: ${faults.length} of the settings are wrong\n${text}`,
  )
}
