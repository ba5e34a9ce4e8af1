import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DeviceKind } from '../src/model/device-kind.ts'
import type { Simulator } from '../src/model/simulation.ts'

/**
 * The device kinds that can be simulated: every folder in `devices/`, with its profile and its
 * physics. A new kind is one new folder and nothing else.
 */
export interface SimulatedKind {
  readonly profile: DeviceKind
  readonly simulator: Simulator
}

const DEVICES = new URL('../devices/', import.meta.url)

/** Loads all kinds, by name. Throws where a folder is not complete: that is a bug, not a setting. */
export async function loadKinds(): Promise<ReadonlyMap<string, SimulatedKind>> {
  const names = readdirSync(fileURLToPath(DEVICES), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map((entry) => entry.name)
    .sort()
  return new Map(await Promise.all(names.map(async (name) => [name, await load(name)] as const)))
}

async function load(name: string): Promise<SimulatedKind> {
  const profile = await part(name, 'profile.ts')
  const physics = await part(name, 'simulate.ts')
  return { profile: profile.default as DeviceKind, simulator: physics.simulator as Simulator }
}

async function part(kind: string, file: string): Promise<Record<string, unknown>> {
  const url = new URL(`${kind}/${file}`, DEVICES)
  if (!existsSync(fileURLToPath(url))) throw new Error(`devices/${kind} has no ${file}`)
  return import(url.href)
}
