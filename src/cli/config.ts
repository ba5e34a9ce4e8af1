import { printable } from '../config/settings.ts'
import { type Environment, settingsFrom, settingsTried } from './environment.ts'

/** `config check`: faults, or nothing to complain about. */
export async function checkConfig(env: Environment): Promise<number> {
  await settingsTried(env)
  process.stdout.write('the settings are fine\n')
  return 0
}

/** `config print`: what is in force, secrets hidden. */
export function printConfig(env: Environment): number {
  for (const [name, value] of Object.entries(printable(settingsFrom(env)))) {
    process.stdout.write(`${name}=${value ?? ''}\n`)
  }
  return 0
}
