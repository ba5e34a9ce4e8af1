import { LANGUAGES, type Language } from '../../../src/model/text.ts'
import type {
  ContactPoint,
  ContactPointsFile,
  PoliciesFile,
  TemplatesFile,
} from '../provisioning/shapes.ts'
import { TOMBSTONES } from './tombstones.ts'

/**
 * Who is told, how often, and in which words.
 *
 * The language is chosen where Grafana reads the contact points: it expands `$DUTY_LANGUAGE` there,
 * so that the template called is `duty.zh-CN.title` or `duty.en.title`. start.sh refuses any other
 * language, since a template that does not exist would end in a notification that never leaves.
 */
const CASE_API = 'case-api'
const DUTY_DEFAULT = 'duty-default'
const DUTY_CRITICAL = 'duty-critical'

/** curbwatch checks it; another receiver may, and no harm is done where it does not. */
const SIGNED = {
  secret: '$CURBWATCH_GRAFANA_WEBHOOK_SECRET',
  header: 'X-Grafana-Alerting-Signature',
  timestampHeader: 'X-Grafana-Alerting-Timestamp',
}

export function contactPoints(): ContactPointsFile {
  return {
    apiVersion: 1,
    contactPoints: [
      webhook(CASE_API, 'http://curbwatch:8080/api/v1/grafana/alerts'),
      webhook(DUTY_DEFAULT, '$DUTY_WEBHOOK_URL'),
      webhook(DUTY_CRITICAL, '$DUTY_WEBHOOK_URL'),
    ],
    deleteContactPoints: TOMBSTONES.contactPoints.map((uid) => ({ orgId: 1 as const, uid })),
  }
}

function webhook(name: string, url: string): ContactPoint {
  const settings = {
    url,
    httpMethod: 'POST' as const,
    maxAlerts: '0',
    title: '{{ template "duty.$DUTY_LANGUAGE.title" . }}',
    message: '{{ template "duty.$DUTY_LANGUAGE.message" . }}',
    hmacConfig: SIGNED,
  }
  return {
    orgId: 1,
    name,
    receivers: [{ uid: `cp-${name}`, type: 'webhook', settings, disableResolveMessage: false }],
  }
}

/**
 * One tree. Cases go to curbwatch too, each on its own and at once: it records that they were
 * delivered. Times are unsourced defaults.
 */
export function policies(): PoliciesFile {
  return {
    apiVersion: 1,
    policies: [
      {
        orgId: 1,
        receiver: DUTY_DEFAULT,
        group_by: ['grafana_folder', 'alertname'],
        group_wait: '30s',
        group_interval: '5m',
        repeat_interval: '4h',
        routes: [
          {
            receiver: CASE_API,
            group_by: ['...'],
            group_wait: '0s',
            group_interval: '30s',
            repeat_interval: '4h',
            object_matchers: [['source', '=', 'case']],
            continue: true,
          },
          {
            receiver: DUTY_CRITICAL,
            // A flood in one district is one message, not one for every sensor.
            group_by: ['alertname', 'district'],
            group_wait: '10s',
            group_interval: '1m',
            repeat_interval: '30m',
            object_matchers: [['severity', '=', 'critical']],
          },
          {
            // The first route took the case out of the tree's own receiver: here it comes back.
            receiver: DUTY_DEFAULT,
            group_by: ['alertname', 'district'],
            group_wait: '30s',
            group_interval: '5m',
            repeat_interval: '4h',
            object_matchers: [['source', '=', 'case']],
          },
        ],
      },
    ],
  }
}

/** Alerts told one by one in a message; it says how many there are. */
const LISTED = 20
/** The names of the templates begin so: `duty.zh-CN.title`. */
const GROUP = 'duty'

const WORDS: Readonly<Record<Language, Words>> = {
  'zh-CN': {
    firing: '告警',
    resolved: '已恢复',
    colon: '：',
    open: '处理：',
    summary: 'summary',
    all: (count) => `共 ${count} 条`,
  },
  en: {
    firing: 'Alert',
    resolved: 'Resolved',
    colon: ':',
    open: 'Open: ',
    summary: 'summary_en',
    all: (count) => `${count} in all`,
  },
}

interface Words {
  readonly firing: string
  readonly resolved: string
  readonly colon: string
  readonly open: string
  /** The annotation in this language. */
  readonly summary: string
  readonly all: (count: string) => string
}

export function templates(): TemplatesFile {
  return {
    apiVersion: 1,
    templates: LANGUAGES.map((language) => ({
      orgId: 1 as const,
      name: `${GROUP}.${language}`,
      template: title(language, WORDS[language]) + message(language, WORDS[language]),
    })),
    deleteTemplates: TOMBSTONES.templates.map((name) => ({ orgId: 1 as const, name })),
  }
}

function title(language: Language, words: Words): string {
  return [
    `{{ define "${GROUP}.${language}.title" -}}`,
    `{{ if .Alerts.Firing }}[${words.firing} {{ len .Alerts.Firing }}]{{ else }}[${words.resolved}]{{ end }} {{ .CommonLabels.alertname }}`,
    '{{- end }}\n',
  ].join('\n')
}

function message(language: Language, words: Words): string {
  const link = `{{ with $alert.Annotations.case_url }}  ${words.open}{{ . }}\n{{ end }}`
  return [
    `{{ define "${GROUP}.${language}.message" -}}`,
    ...list('Firing', `● {{ $alert.Annotations.${words.summary} }}\n${link}`, words),
    `{{ if .Alerts.Resolved }}${words.resolved}${words.colon}`,
    '{{ end -}}',
    ...list('Resolved', `○ {{ $alert.Annotations.${words.summary} }}\n`, words),
    '{{ end }}\n',
  ].join('\n')
}

function list(state: string, line: string, words: Words): string[] {
  return [
    `{{ range $index, $alert := .Alerts.${state} }}{{ if lt $index ${LISTED} -}}`,
    `${line}{{ end }}{{ end -}}`,
    `{{ if gt (len .Alerts.${state}) ${LISTED} }}${words.all(`{{ len .Alerts.${state} }}`)}`,
    '{{ end -}}',
  ]
}
