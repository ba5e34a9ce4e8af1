import { describeFaults, readSettings, type Settings } from '../config/settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The settings are wrong: every fault, for a person. */
export class SettingsRefused extends Error {}

/** Reads the settings, or refuses with all faults at once. */
export function settingsFrom(env: Environment): Settings {
  const settings = readSettings(env)
  if (settings.ok) return settings.value
  throw new SettingsRefused(
    `SETTINGS_INVALID: ${settings.error.length} of the settings are wrong\n${describeFaults(settings.error)}`,
  )
}
