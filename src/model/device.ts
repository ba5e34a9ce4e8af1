import type { RuleOverrides } from './rule.ts'
import type { Instant } from './time.ts'

/** A registered device: what people wrote about it. What it measured is kept elsewhere. */
export interface Device {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly lat: number | null
  readonly lon: number | null
  readonly gridCode: string | null
  readonly districtId: string | null
  readonly unitId: string | null
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly ruleOverrides: RuleOverrides
  readonly enabled: boolean
  /** SHA-256 of the secret, hex. The secret itself is shown once and never kept. */
  readonly secretHash: string
  readonly createdAt: Instant
}
