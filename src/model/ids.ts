import { z } from 'zod'
import { hash64 } from './hash.ts'
import type { Instant } from './time.ts'

/**
 * Names that travel through topics, file names and URLs: no separator, no wildcard, no `$`.
 */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const deviceIdSchema = z
  .string()
  .regex(NAME, 'letters, digits, dot, underscore, hyphen; 1 to 64 characters')

export const ruleIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits, hyphen; 1 to 64 characters')
  // Alerts are kept by rule id in plain objects.
  .refine((id) => !(id in {}), 'a name that every object has')

/** True for an id that may name a device. */
export function isDeviceId(text: string): boolean {
  return NAME.test(text)
}

/**
 * The id of the case that a firing opens. It depends on nothing but rule, device and the moment of
 * firing, so a replay of the journal gives the same id and never a second case.
 */
export function caseId(ruleId: string, deviceId: string, firedAt: Instant): string {
  return `case-${hash64(`${ruleId}\n${deviceId}\n${firedAt}`)}`
}
