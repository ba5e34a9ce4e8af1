import { fail, ok, type Result } from '../src/model/result.ts'
import type { Random } from '../src/model/simulation.ts'
import { type Duration, MINUTE, parseDuration, SECOND } from '../src/model/time.ts'

/**
 * Faults between a device and the wire, seeded and composable. A stage takes messages with the
 * moment each leaves, and gives what is left of them: nothing, the same, twice, later. Stages know
 * no clock and no network; moments are simulated milliseconds.
 *
 *   drop       a message is lost                                   per message
 *   duplicate  it leaves twice, the same bytes                     per message
 *   delay      it leaves so much later, others overtake it         per message
 *   burst      it and all that follow wait so long, then leave at once
 *   reboot     power fails: no DISCONNECT, memory lost, silent for so long, seq from 0, and the
 *              first reading has no time                           per message
 *   skew       the clock is off by so much, ahead or behind        per device, for good
 */
const FAULT_NAMES = ['drop', 'duplicate', 'delay', 'skew', 'burst', 'reboot'] as const
export type FaultName = (typeof FAULT_NAMES)[number]

export interface FaultSetting {
  /** 0 to 1. */
  readonly probability: number
  /** How long; 0 for faults without a length. */
  readonly duration: Duration
}
export type FaultSettings = Readonly<Partial<Record<FaultName, FaultSetting>>>

/** Lengths where none is given; null: the fault has no length. */
const DEFAULT_DURATION: Readonly<Record<FaultName, Duration | null>> = {
  drop: null,
  duplicate: null,
  delay: 30 * SECOND,
  skew: 20 * MINUTE,
  burst: 2 * MINUTE,
  reboot: 30 * SECOND,
}

/** Reads `drop=0.01,delay=0.05:30s`; the error names the part at fault and what is right. */
export function parseFaults(text: string): Result<FaultSettings, string> {
  const settings: Partial<Record<FaultName, FaultSetting>> = {}
  for (const part of text.split(',').filter((item) => item.trim() !== '')) {
    const [name = '', value = '', ...more] = part.trim().split('=')
    if (!isFaultName(name))
      return fail(`"${name}" is no fault; there are ${FAULT_NAMES.join(', ')}`)
    if (settings[name] !== undefined) return fail(`"${name}" is given twice`)
    const setting = more.length === 0 ? parseSetting(name, value) : fail(`"${part}" has two "="`)
    if (!setting.ok) return setting
    settings[name] = setting.value
  }
  return ok(settings)
}

function parseSetting(name: FaultName, value: string): Result<FaultSetting, string> {
  const [share = '', length, ...more] = value.split(':')
  const probability = share.trim() === '' ? Number.NaN : Number(share)
  if (!(probability >= 0 && probability <= 1) || more.length > 0) {
    return fail(`"${name}=${value}": give a probability from 0 to 1, such as ${name}=0.01`)
  }
  const standard = DEFAULT_DURATION[name]
  if (length === undefined) return ok({ probability, duration: standard ?? 0 })
  if (standard === null) return fail(`"${name}=${value}": ${name} takes no duration`)
  const duration = parseDuration(length)
  if (duration === null || duration <= 0) {
    return fail(`"${name}=${value}": "${length}" is no duration such as 30s or 20m`)
  }
  return ok({ probability, duration })
}

function isFaultName(name: string): name is FaultName {
  return FAULT_NAMES.includes(name as FaultName)
}

/** A message and the moment it leaves. */
export interface Timed<M> {
  readonly message: M
  readonly at: Duration
}

/** One fault: a message in, what becomes of it out. */
export type Stage<M> = (timed: Timed<M>) => readonly Timed<M>[]

/** The stages of these settings, in the order a message meets them. */
export function createStages<M>(settings: FaultSettings, random: Random): readonly Stage<M>[] {
  const { drop: lost, duplicate: twice, delay: late, burst: kept } = settings
  return [
    ...(lost ? [drop<M>(lost, random)] : []),
    ...(twice ? [duplicate<M>(twice, random)] : []),
    ...(late ? [delay<M>(late, random)] : []),
    ...(kept ? [burst<M>(kept, random)] : []),
  ]
}

function drop<M>(setting: FaultSetting, random: Random): Stage<M> {
  return (timed) => (random.chance(setting.probability) ? [] : [timed])
}

function duplicate<M>(setting: FaultSetting, random: Random): Stage<M> {
  return (timed) => (random.chance(setting.probability) ? [timed, timed] : [timed])
}

function delay<M>(setting: FaultSetting, random: Random): Stage<M> {
  return (timed) =>
    random.chance(setting.probability) ? [{ ...timed, at: timed.at + setting.duration }] : [timed]
}

function burst<M>(setting: FaultSetting, random: Random): Stage<M> {
  let until = -Infinity
  return (timed) => {
    const waiting = timed.at < until
    if (!waiting && random.chance(setting.probability)) until = timed.at + setting.duration
    return timed.at < until ? [{ ...timed, at: until }] : [timed]
  }
}

/** Constant error of a device's clock, positive where it is ahead. */
export function clockSkew(settings: FaultSettings, random: Random): Duration {
  const { skew } = settings
  if (skew === undefined || !random.chance(skew.probability)) return 0
  return random.chance(0.5) ? skew.duration : -skew.duration
}
