import type { Incident, Random } from '../src/model/simulation.ts'
import type { Text } from '../src/model/text.ts'
import type { Duration } from '../src/model/time.ts'
import type { WeatherScript } from './weather.ts'

/**
 * What a scenario is, and how it falls upon a fleet: how many devices of which kind, and which of
 * them suffer what. Both depend on shares alone, so they hold for six devices and for six thousand.
 */
export interface Scenario {
  readonly title: Text
  /** Local hour of the day at the start, 0 to <24. */
  readonly startHour: number
  readonly weather: WeatherScript
  /** Weight of each kind in the fleet; a kind that is not named takes no part. */
  readonly mix: Readonly<Record<string, number>>
  readonly incidents: readonly IncidentPlan[]
  /** How long devices that keep readings were offline before the start, unless told otherwise. */
  readonly backlog: Duration
}

/** An incident for a share of a kind's devices. Offsets count from the scenario's start. */
export interface IncidentPlan {
  readonly kind: string
  /** One of the names that the kind's simulator understands. */
  readonly name: string
  /** 1 is the ordinary case. */
  readonly strength: number
  /** Share of the kind's devices, 0 to 1. The shares of one kind add up to at most 1. */
  readonly share: number
  readonly from: Duration
  readonly to: Duration
  /** Devices begin up to this much after `from`, each at its own moment. */
  readonly stagger: Duration
}

/** What one device suffers, and when. */
export interface Ordeal {
  readonly incident: Incident
  readonly from: Duration
  readonly to: Duration
}

// Multiples of the golden ratio, modulo 1, fill [0, 1) evenly for every count of devices.
const GOLDEN = 0.6180339887498949

/**
 * What befalls the `index`-th device (from 0) of a kind, or null. At most one incident a device;
 * device 0 always gets the kind's first one, so that the smallest fleet shows it.
 */
export function ordealOf(
  plans: readonly IncidentPlan[],
  kind: string,
  index: number,
  random: Random,
): Ordeal | null {
  const rank = (index * GOLDEN) % 1
  let upTo = 0
  for (const plan of plans) {
    if (plan.kind !== kind) continue
    upTo += plan.share
    if (rank >= upTo) continue
    const from = plan.from + Math.round(random.between(0, plan.stagger))
    return { incident: { name: plan.name, strength: plan.strength }, from, to: plan.to }
  }
  return null
}

/** The incident that acts on a device at a moment of the scenario, or null. */
export function incidentAt(ordeal: Ordeal | null, at: Duration): Incident | null {
  return ordeal !== null && at >= ordeal.from && at < ordeal.to ? ordeal.incident : null
}

/**
 * Spreads `total` devices over the kinds by weight, by largest remainder. Every kind with a weight
 * gets at least one where there are enough for all.
 */
export function spread(
  total: number,
  weights: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const kinds = Object.entries(weights).filter(([, weight]) => weight > 0)
  const sum = kinds.reduce((all, [, weight]) => all + weight, 0)
  const least = total >= kinds.length ? 1 : 0
  const shares = kinds.map(([kind, weight]) => {
    const exact = least + ((total - least * kinds.length) * weight) / sum
    return { kind, count: Math.floor(exact), remainder: exact % 1 }
  })
  const left = total - shares.reduce((all, share) => all + share.count, 0)
  const byRemainder = shares.toSorted((a, b) => b.remainder - a.remainder)
  for (const share of byRemainder.slice(0, left)) share.count++
  return new Map(shares.map((share) => [share.kind, share.count]))
}
