import { z } from 'zod'
import { annotationFault, expansionFault } from './expansion.ts'

/**
 * The shapes of Grafana's provisioning files (13.0), strictly: a key that is not listed here, or is
 * misspelt, is a fault. Grafana itself drops unknown keys without a word.
 *
 * File keys are not those of the HTTP API: `keepFiringFor` but `missing_series_evals_to_resolve`.
 */
const checked = (fault: (text: string) => string | null) =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const message = fault(text)
      if (message !== null) context.addIssue({ code: 'custom', message })
    })

/** A text in which Grafana expands environment variables. */
const expanded = checked(expansionFault)
const annotation = checked(annotationFault)
/** A text that Grafana takes as it is. */
const verbatim = z.string().min(1)
/** Title of a folder; a `/` would nest. */
const folder = expanded.refine((title) => !title.includes('/'), 'a / in a folder nests it')
const uid = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,40}$/, '1 to 40 letters, digits, hyphens and underscores')
const refId = z.string().regex(/^[A-Z][A-Za-z0-9]*$/, 'begins with a capital')
const orgId = z.literal(1)
const duration = z
  .string()
  .regex(/^(?=\d)(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/, 'a duration with units, such as 1m30s')
const interval = duration.refine(
  (text) => seconds(text) > 0 && seconds(text) % 10 === 0,
  'a multiple of 10 s, the pace of the scheduler',
)
const header = z.record(z.string().regex(/^[A-Za-z0-9-]+$/), expanded)

const UNIT_SECONDS = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 } as const

/** Seconds of a duration such as `1m30s`. */
export function seconds(text: string): number {
  return [...text.matchAll(/(\d+)([wdhms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS],
    0,
  )
}

const influxQuery = z.strictObject({
  refId,
  datasource: z.strictObject({ type: z.literal('influxdb'), uid }),
  rawQuery: z.literal(true),
  resultFormat: z.literal('time_series'),
  intervalMs: z.int().min(1),
  maxDataPoints: z.int().min(1),
  // Never expanded: $timeFilter arrives as it is.
  query: verbatim.refine((query) => query.includes('$timeFilter'), 'lacks $timeFilter'),
})

const EXPRESSION = '__expr__'
const expressionSource = z.strictObject({
  type: z.literal(EXPRESSION),
  uid: z.literal(EXPRESSION),
})

const expression = z.discriminatedUnion('type', [
  z.strictObject({
    refId,
    type: z.literal('reduce'),
    datasource: expressionSource,
    expression: refId,
    reducer: z.enum(['last', 'min', 'max', 'mean', 'sum', 'count']),
    settings: z.strictObject({ mode: z.enum(['dropNN', '']) }),
  }),
  z.strictObject({
    refId,
    type: z.literal('threshold'),
    datasource: expressionSource,
    expression: refId,
    conditions: z.tuple([
      z.strictObject({
        evaluator: z.strictObject({ type: z.enum(['gt', 'lt']), params: z.tuple([z.number()]) }),
      }),
    ]),
  }),
  z.strictObject({
    refId,
    type: z.literal('math'),
    datasource: expressionSource,
    expression: verbatim,
  }),
])

const timeRange = z.strictObject({ from: z.int().min(10), to: z.literal(0) })
const ruleQuery = z.union([
  z.strictObject({
    refId,
    datasourceUid: z.literal(EXPRESSION),
    relativeTimeRange: timeRange.optional(),
    model: expression,
  }),
  z.strictObject({
    refId,
    datasourceUid: uid.refine((name) => name !== EXPRESSION),
    relativeTimeRange: timeRange,
    model: influxQuery,
  }),
])

const label = z.string().regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and underscores')
const rule = z.strictObject({
  uid,
  title: expanded,
  condition: refId,
  data: z.array(ruleQuery).min(1),
  for: duration,
  keepFiringFor: duration.optional(),
  missing_series_evals_to_resolve: z.int().min(1).optional(),
  noDataState: z.enum(['NoData', 'Alerting', 'OK', 'KeepLast']),
  execErrState: z.enum(['Error', 'Alerting', 'OK', 'KeepLast']),
  dashboardUid: uid.optional(),
  panelId: z.int().min(1).optional(),
  labels: z.record(label, expanded),
  annotations: z.record(z.string().regex(/^[a-zA-Z_]+$/), annotation),
  isPaused: z.boolean().optional(),
})

const group = z.strictObject({
  orgId,
  name: expanded,
  folder,
  interval,
  rules: z.array(rule).min(1),
})

export const rulesFile = z.strictObject({
  apiVersion: z.literal(1),
  groups: z.array(group),
  deleteRules: z.array(z.strictObject({ orgId, uid })),
})

const webhook = z.strictObject({
  url: expanded,
  httpMethod: z.enum(['POST', 'PUT']),
  maxAlerts: z.string().regex(/^\d+$/),
  title: expanded.optional(),
  message: expanded.optional(),
  headers: header.optional(),
  hmacConfig: z
    .strictObject({ secret: expanded, header: verbatim, timestampHeader: verbatim })
    .optional(),
})

const contactPoint = z.strictObject({
  orgId,
  name: expanded,
  receivers: z
    .array(
      z.strictObject({
        uid,
        type: z.literal('webhook'),
        settings: webhook,
        disableResolveMessage: z.boolean(),
      }),
    )
    .min(1),
})

export const contactPointsFile = z.strictObject({
  apiVersion: z.literal(1),
  contactPoints: z.array(contactPoint).min(1),
  deleteContactPoints: z.array(z.strictObject({ orgId, uid })),
})

const matcher = z.tuple([label, z.enum(['=', '!=', '=~', '!~']), expanded])
const timing = {
  group_by: z.array(expanded).min(1),
  group_wait: duration,
  group_interval: duration.refine((text) => seconds(text) > 0, 'must not be zero'),
  repeat_interval: duration.refine((text) => seconds(text) > 0, 'must not be zero'),
}
const route = z.strictObject({
  receiver: expanded,
  ...timing,
  object_matchers: z.array(matcher).min(1),
  continue: z.boolean().optional(),
})

export const policiesFile = z.strictObject({
  apiVersion: z.literal(1),
  // One tree an organization: a second one would replace the first.
  policies: z.tuple([
    z.strictObject({ orgId, receiver: expanded, ...timing, routes: z.array(route) }),
  ]),
})

export const templatesFile = z.strictObject({
  apiVersion: z.literal(1),
  templates: z.array(z.strictObject({ orgId, name: verbatim, template: verbatim })).min(1),
  deleteTemplates: z.array(z.strictObject({ orgId, name: expanded })),
})

const dataSource = z.strictObject({
  name: expanded,
  uid,
  orgId,
  type: z.literal('influxdb'),
  access: z.literal('proxy'),
  url: expanded,
  user: expanded,
  editable: z.literal(false),
  isDefault: z.boolean(),
  jsonData: z.strictObject({
    dbName: expanded,
    httpMode: z.literal('POST'),
    timeInterval: expanded,
    maxSeries: z.int().min(1),
  }),
  secureJsonData: z.strictObject({ password: expanded }),
})

export const dataSourcesFile = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.literal(true),
  datasources: z.array(dataSource).min(1),
})

const provider = z.strictObject({
  name: expanded,
  orgId,
  type: z.literal('file'),
  folder,
  folderUid: uid,
  disableDeletion: z.boolean(),
  allowUiUpdates: z.boolean(),
  updateIntervalSeconds: z.int().min(10),
  options: z.strictObject({ path: expanded }),
})

export const dashboardsFile = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(provider).min(1),
})

export type RulesFile = z.input<typeof rulesFile>
export type RuleGroup = z.input<typeof group>
export type Rule = z.input<typeof rule>
export type RuleQuery = z.input<typeof ruleQuery>
export type ContactPointsFile = z.input<typeof contactPointsFile>
export type ContactPoint = z.input<typeof contactPoint>
export type PoliciesFile = z.input<typeof policiesFile>
export type Route = z.input<typeof route>
export type TemplatesFile = z.input<typeof templatesFile>
export type DataSourcesFile = z.input<typeof dataSourcesFile>
export type DashboardsFile = z.input<typeof dashboardsFile>
