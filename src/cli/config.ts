import { printable } from '../config/settings.ts'
import { type Environment, settingsFrom } from './environment.ts'

/** `config check`: faults, or nothing to complain about. */
export function checkConfig(env: Environment): number {
  settingsFrom(env)
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
