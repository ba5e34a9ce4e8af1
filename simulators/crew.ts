import type { Random } from '../src/model/simulation.ts'
import { type Duration, MINUTE, SECOND } from '../src/model/time.ts'
import { type DeviceParts, VirtualDevice } from './device.ts'
import { FaultLine } from './fault-line.ts'
import type { FaultSettings } from './faults.ts'
import type { SimulatedKind } from './kinds.ts'
import type { PlacedDevice, Placer } from './place.ts'
import { createRandom } from './random.ts'
import { RecordedSource, type Recording } from './recording.ts'
import { ordealOf, type Scenario } from './scenario.ts'
import { PhysicsSource, type Schedule, type Source } from './source.ts'
import type { FleetStats } from './stats.ts'

/**
 * Who takes part: a scenario's devices with their physics, or a recording's sensors. Everything
 * about a device follows from the seed, its id and its index within its kind.
 */
export interface CrewMember {
  readonly placed: PlacedDevice
  readonly source: Source
}

/** Kinds that keep readings while they are offline and send them later. */
const KEEPING_KINDS: readonly string[] = ['dust', 'oil-fume', 'tree-tilt']

/** `counts`: devices by kind. `backlog`: how long those that keep readings were offline. */
export function scenarioCrew(
  scenario: Scenario,
  counts: ReadonlyMap<string, number>,
  kinds: ReadonlyMap<string, SimulatedKind>,
  options: { readonly place: Placer; readonly seed: number; readonly backlog: Duration },
): CrewMember[] {
  return [...counts].flatMap(([name, count]) => {
    const kind = kinds.get(name)
    if (kind === undefined) return []
    const start = KEEPING_KINDS.includes(name) ? -options.backlog : 0
    return Array.from({ length: count }, (_, index) => {
      const placed = options.place(kind, index)
      return { placed, source: physicsOf(placed, kind, scenario, start, options.seed) }
    })
  })
}

function physicsOf(
  placed: PlacedDevice,
  kind: SimulatedKind,
  scenario: Scenario,
  start: Duration,
  seed: number,
): Source {
  const fate = createRandom(seed, placed.id, 'fate')
  const ordeal = ordealOf(scenario.incidents, placed.kind, placed.index, fate)
  const schedule = scheduleOf(kind.profile.reportInterval, start, fate)
  const device = kind.simulator.create(placed.site, createRandom(seed, placed.id, 'physics'))
  return new PhysicsSource(device, schedule, ordeal)
}

/** Everybody reports within a minute; after that the fleet is spread over the whole interval. */
function scheduleOf(interval: Duration, start: Duration, random: Random): Schedule {
  // On whole seconds, so that devices share the weather of a moment.
  const within = (span: Duration) => Math.ceil(random.between(1, span / SECOND)) * SECOND
  const firstReport = start + within(Math.min(interval, MINUTE))
  return { start, firstReport, secondReport: firstReport + within(interval), interval }
}

/** A device for every recording, placed on this city's streets; a truck reports where it was. */
export function replayCrew(
  recordings: readonly Recording[],
  kinds: ReadonlyMap<string, SimulatedKind>,
  place: Placer,
): CrewMember[] {
  return recordings.flatMap((recording, index) => {
    const kind = kinds.get(recording.kind)
    if (kind === undefined) return []
    const id = `replay-${recording.sensor.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`.slice(0, 64)
    const placed = { ...place(kind, index), id }
    return [{ placed, source: new RecordedSource(recording) }]
  })
}

/** The crew as virtual devices, with their secrets and their faults. */
export function equip(
  crew: readonly CrewMember[],
  secrets: ReadonlyMap<string, string>,
  options: { readonly seed: number; readonly faults: FaultSettings; readonly stats: FleetStats },
): VirtualDevice[] {
  const { seed, faults, stats } = options
  return crew.map(({ placed: { id, kind }, source }) => {
    const secret = secrets.get(id)
    if (secret === undefined) throw new Error(`no secret for ${id}`)
    const random = createRandom(seed, id, 'network')
    const line = new FaultLine<string>(faults, createRandom(seed, id, 'faults'))
    const parts: DeviceParts = { id, kind, secret, source, faults: line, random, stats }
    return new VirtualDevice(parts)
  })
}
