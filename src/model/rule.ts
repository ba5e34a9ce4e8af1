import { z } from 'zod'
import { SEVERITIES } from './case-terms.ts'
import { ruleIdSchema } from './ids.ts'
import { textSchema } from './text.ts'
import { parseDuration } from './time.ts'

/**
 * A rule as data: what duty officers read, cities edit and `rules/` evaluates.
 *
 *   value       what the rule looks at, a number per reading (a field, a window, a change)
 *   levels      the ladder, weakest first; every level raises and clears by itself
 *   parameters  named numbers that conditions refer to, so that a place or a device can set its
 *               own limit without copying the rule
 */

/** `"30s"`, `"10m"`, `"24h"`. */
export const durationSchema = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, 'a duration such as "30s", "10m", "24h"')

/** A number, or the name of a parameter of the rule. */
export const numberSchema = z.union([z.number(), z.strictObject({ parameter: z.string().min(1) })])
export type RuleNumber = z.infer<typeof numberSchema>

const fieldName = z.string().min(1).max(64)

/** Statistics over a sliding window. `coverage` is the share of time that samples speak for. */
export const WINDOW_STATISTICS = ['mean', 'median', 'min', 'max'] as const
export type WindowStatistic = (typeof WINDOW_STATISTICS)[number]

export type Expr =
  /** A field's value; a switch counts as 0 or 1. */
  | { field: string }
  | { abs: Expr }
  /** Length of a vector: the whole tilt from its two axes. */
  | { hypot: Expr[] }
  | { minus: [Expr, Expr] }
  /**
   * A statistic of `of` over the last `over`. Unknown until samples speak for `minValid`
   * (default: half the window); a sample speaks for the time back to the one before it, at most
   * two report intervals.
   */
  | { window: WindowStatistic; of: Expr; over: string; minValid?: string | undefined }
  /**
   * `of` now minus `of` at the start of the last `over`. Unknown until samples reach back
   * `minSpan` (default: nine tenths of `over`).
   */
  | { change: Expr; over: string; minSpan?: string | undefined }

export const exprSchema: z.ZodType<Expr> = z.lazy(() =>
  z.union([
    z.strictObject({ field: fieldName }),
    z.strictObject({ abs: exprSchema }),
    z.strictObject({ hypot: z.array(exprSchema).min(2).max(3) }),
    z.strictObject({ minus: z.tuple([exprSchema, exprSchema]) }),
    z.strictObject({
      window: z.enum(WINDOW_STATISTICS),
      of: exprSchema,
      over: durationSchema,
      minValid: durationSchema.optional(),
    }),
    z.strictObject({
      change: exprSchema,
      over: durationSchema,
      minSpan: durationSchema.optional(),
    }),
  ]),
)

/** How a number is compared. Exactly one of the four. */
export const COMPARISONS = ['atLeast', 'above', 'atMost', 'below'] as const
export type Comparison = (typeof COMPARISONS)[number]

export type Condition =
  | ({ of?: Expr | undefined } & { [C in Comparison]?: RuleNumber | undefined })
  /** `assume`: what holds where the field is not known, for a device that may lack it. */
  | { field: string; is: boolean; assume?: boolean | undefined }
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }

const comparisonSchema = z
  .strictObject({
    of: exprSchema.optional(),
    atLeast: numberSchema.optional(),
    above: numberSchema.optional(),
    atMost: numberSchema.optional(),
    below: numberSchema.optional(),
  })
  .refine(
    (c) => COMPARISONS.filter((name) => c[name] !== undefined).length === 1,
    'exactly one of atLeast, above, atMost, below',
  )

export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    comparisonSchema,
    z.strictObject({ field: fieldName, is: z.boolean(), assume: z.boolean().optional() }),
    z.strictObject({ all: z.array(conditionSchema).min(1).max(10) }),
    z.strictObject({ any: z.array(conditionSchema).min(1).max(10) }),
    z.strictObject({ not: conditionSchema }),
  ]),
)

/** Names of levels, weakest first. The first two are alerts only by custom. */
export const ALERT_LEVELS = ['attention', 'warning', 'minor', 'major', 'critical'] as const
export type AlertLevel = (typeof ALERT_LEVELS)[number]

export const levelSchema = z.strictObject({
  level: z.enum(ALERT_LEVELS),
  /** Severity of the case that this level opens or raises; null: an alert, no case. */
  severity: z.enum(SEVERITIES).nullable(),
  /** Absent only in a rule about missing data. */
  raise: conditionSchema.optional(),
  /** When the level may end. Absent: when `raise` is no longer true. */
  clear: conditionSchema.optional(),
  /** How long `raise` must hold. With `samples` too, whichever is reached first. */
  for: durationSchema.optional(),
  /** How many of the last samples must raise. */
  samples: z
    .strictObject({ atLeast: z.int().min(1).max(30), of: z.int().min(1).max(30) })
    .refine((s) => s.atLeast <= s.of, 'atLeast may not exceed of')
    .optional(),
  /** How long `clear` must hold. */
  clearFor: durationSchema.optional(),
})
export type RuleLevel = z.infer<typeof levelSchema>

export const ruleSchema = z.strictObject({
  id: ruleIdSchema,
  kind: z.string().min(1),
  title: textSchema,
  enabled: z.boolean().default(true),
  /** What is looked at; its value is shown with the alert. Null in a rule about missing data. */
  value: exprSchema.nullable(),
  /** A rule about missing data: fires when a device was silent for so many report intervals. */
  missing: z.strictObject({ intervals: numberSchema }).optional(),
  parameters: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/), z.number()).default({}),
  levels: z.array(levelSchema).min(1).max(ALERT_LEVELS.length),
  /** Which of the kind's case classes the case belongs to. */
  caseClass: z.string().min(1),
  /** Where the numbers come from; an unsourced default says so. */
  source: z.string().min(1).max(1000),
})
/** A checked rule. */
export type Rule = z.infer<typeof ruleSchema>
/** A rule as it is written: defaults may be left out. */
export type RuleInput = z.input<typeof ruleSchema>

/** A rule in force: with the version that alerts and cases name. */
export interface StoredRule extends Rule {
  readonly version: number
  /** `catalog`: shipped with the kind; `city`: written or changed here. */
  readonly origin: 'catalog' | 'city'
}

/** What one device does differently: switched off, or with other numbers. */
export const ruleOverrideSchema = z.strictObject({
  enabled: z.boolean().optional(),
  parameters: z.record(z.string(), z.number()).optional(),
})
export const ruleOverridesSchema = z.record(ruleIdSchema, ruleOverrideSchema)
export type RuleOverrides = z.infer<typeof ruleOverridesSchema>
