import { readFile } from 'node:fs/promises'
import { FleetClock } from './clock.ts'
import { type CrewMember, equip, replayCrew, scenarioCrew } from './crew.ts'
import type { VirtualDevice } from './device.ts'
import { SimulationError } from './failure.ts'
import { recallPast, runFleet } from './fleet.ts'
import { loadKinds, type SimulatedKind } from './kinds.ts'
import { mqttDial } from './link.ts'
import { createOfficers } from './officers.ts'
import type { SimulationOptions } from './options.ts'
import { createPlacer, type Placer } from './place.ts'
import { type Output, startProgress } from './progress.ts'
import { registerDevices } from './register.ts'
import { readRecordings } from './replay.ts'
import { type Scenario, spread } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { findService, type Service } from './service.ts'
import { type FleetStats, newStats } from './stats.ts'
import { createWorlds } from './weather.ts'

/**
 * A whole simulation, as the command line and the demo run it: find the service, place and register
 * the devices, live through the backlog, run until the signal or the end. Returns what was done.
 */
export async function runSimulation(
  options: SimulationOptions,
  signal: AbortSignal,
  output: Output = process.stderr,
): Promise<FleetStats> {
  const scenario = SCENARIOS[options.scenario] as Scenario
  const cast = await casting(options, scenario)
  const service = await findService(options.api, options.token)
  const crew = cast(createPlacer(await service.city(), options.seed))
  const placed = crew.map((member) => member.placed)
  const secrets = await registerDevices(service, placed)
  const stats = newStats(crew.length)
  const devices = equip(crew, secrets, { ...options, stats })

  const startedAt = service.clock.now()
  const worldAt = createWorlds(scenario.weather, scenario.startHour, startedAt)
  await recallPast(devices, worldAt, startedAt)

  const clock = new FleetClock(service.clock, options.speed ?? service.clock.speed)
  const stopProgress = startProgress(stats, clock, scenario.startHour, output)
  const dial = mqttDial(options.url)
  const parts = { devices, clock, service: service.clock, worldAt, dial }
  const stopOfficers = options.officers ? startOfficers(service, options.seed, devices) : () => {}
  await runFleet(parts, withDeadline(signal, options.duration)).finally(() => {
    stopOfficers()
    stopProgress()
  })
  return stats
}

/** Real time between two rounds of the officers. */
const ROUND_MS = 500

function startOfficers(service: Service, seed: number, devices: readonly VirtualDevice[]) {
  const byId = new Map(devices.map((device) => [device.id, device]))
  const officers = createOfficers(service, seed, (id) => byId.get(id)?.mend())
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    // A round that fails (the service restarts) is simply followed by the next.
    await officers.round().catch(() => {})
    busy = false
  }, ROUND_MS)
  return () => clearInterval(timer)
}

/** Who takes part, by scenario or by recording. Wrong arguments show before a service is asked. */
async function casting(
  options: SimulationOptions,
  scenario: Scenario,
): Promise<(place: Placer) => CrewMember[]> {
  const { seed, devices, replay } = options
  const kinds = await loadKinds()
  if (replay !== null) {
    const recordings = await loadRecordings(replay)
    return (place) => replayCrew(recordings, kinds, place)
  }
  const counts = spread(devices, weightsOf(options, scenario, kinds))
  const backlog = options.backlog ?? scenario.backlog
  return (place) => scenarioCrew(scenario, counts, kinds, { place, seed, backlog })
}

function weightsOf(
  { kind }: SimulationOptions,
  scenario: Scenario,
  kinds: ReadonlyMap<string, SimulatedKind>,
): Readonly<Record<string, number>> {
  if (kind === null) return scenario.mix
  if (kinds.has(kind)) return { [kind]: 1 }
  throw new SimulationError(
    `there is no kind "${kind}"`,
    `there are ${[...kinds.keys()].join(', ')}`,
  )
}

async function loadRecordings(file: string) {
  const csv = await readFile(file, 'utf8').catch((error: Error) => {
    throw new SimulationError(`--replay ${file}: ${error.message}`, 'give a CSV file', error)
  })
  const recordings = readRecordings(csv)
  if (recordings.ok) return recordings.value
  throw new SimulationError(`--replay ${file}: ${recordings.error}`, 'nothing was sent')
}

function withDeadline(signal: AbortSignal, duration: number | null): AbortSignal {
  return duration === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(duration)])
}
