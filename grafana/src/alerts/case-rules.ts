import { text } from '../../../src/model/text.ts'
import { DUTY_PANELS } from '../boards/duty.ts'
import { LIMITS } from './limits.ts'
import type { Names } from './names.ts'
import { lastValue, type RuleSpec } from './rule.ts'

/**
 * Rules over the cases. Cases end by value (`open=0` is written for 15 minutes), so nothing that is
 * merely missing ends an alert, and a dead service cannot fake "all closed".
 *
 * `severity` is a label of the rule and not grouped by: a case whose severity changed has one more
 * series, of the former severity, and would be there twice.
 */
const CASE_TAGS = '"case_id", "number", "device", "district", "kind"'
/** Six snapshots: one or two may be late. */
const SNAPSHOTS_SECONDS = 180

export function caseRules({ kind, district }: Names): RuleSpec[] {
  const zh = `${district['zh-CN']}${kind['zh-CN']}，设备 {{ .Labels.device }}，案件 {{ .Labels.number }}`
  const en = `${kind.en} in ${district.en}, device {{ .Labels.device }}, case {{ .Labels.number }}`
  return [
    {
      uid: 'case-critical-open',
      title: text('未结紧急案件', 'Open critical case'),
      queries: { A: openCases('critical') },
      condition: { above: 0, of: 'A' },
      // The rules of curbwatch have waited already; a second wait would only be late.
      for: '0s',
      withoutData: 'KeepLast',
      severity: 'critical',
      source: 'case',
      panel: { board: 'city-duty', id: DUTY_PANELS.critical },
      summary: text(`紧急：${zh}`, `Critical: ${en}`),
      caseLink: true,
    },
    {
      uid: 'case-major-open',
      title: text('未结较大案件', 'Open major case'),
      queries: { A: openCases('major') },
      condition: { above: 0, of: 'A' },
      for: '0s',
      withoutData: 'KeepLast',
      severity: 'major',
      source: 'case',
      panel: { board: 'city-duty', id: DUTY_PANELS.major },
      summary: text(`较大：${zh}`, `Major: ${en}`),
      caseLink: true,
    },
    {
      uid: 'case-critical-unseen',
      title: text('紧急案件未阅', 'Critical case not seen'),
      queries: {
        A: {
          seconds: SNAPSHOTS_SECONDS,
          // An ended case is nobody's to look at, however long it was not seen.
          query: casesQuery('last("unseen_s") * last("open")', 'critical'),
        },
      },
      condition: { above: LIMITS.unseenSeconds, of: 'A' },
      for: '0s',
      withoutData: 'KeepLast',
      severity: 'critical',
      source: 'case',
      panel: { board: 'city-duty', id: DUTY_PANELS.unseen },
      summary: text(
        `超过 ${LIMITS.unseenSeconds / 60} 分钟未阅：${zh}`,
        `Not seen for ${LIMITS.unseenSeconds / 60} minutes: ${en}`,
      ),
      caseLink: true,
    },
    {
      uid: 'case-minor-many',
      title: text('一般案件积压', 'Many minor cases'),
      queries: {
        A: {
          seconds: SNAPSHOTS_SECONDS,
          query: `SELECT last("open") AS "value" FROM "case_count" WHERE "severity" = 'minor' AND $timeFilter GROUP BY "district", "kind"`,
        },
      },
      // Whole numbers: more than nine are ten.
      condition: { above: LIMITS.minorCases - 1, of: 'A' },
      for: '2m',
      // A count that swings around the limit is one alert, not ten.
      keepFiringFor: '10m',
      withoutData: 'KeepLast',
      severity: 'minor',
      source: 'count',
      panel: { board: 'city-duty', id: DUTY_PANELS.minor },
      summary: text(
        `${district['zh-CN']}${kind['zh-CN']}一般案件未结 ${lastValue('A')} 件`,
        `${lastValue('A')} open minor cases of ${kind.en} in ${district.en}`,
      ),
    },
  ]
}

function openCases(severity: string) {
  return { seconds: SNAPSHOTS_SECONDS, query: casesQuery('last("open")', severity) }
}

/**
 * One series a case, and one of the service's heartbeat that is always 0. Without it a city whose
 * last such case ended while InfluxDB, the service or Grafana was away for longer than `open=0` is
 * written would have no data, and "keep last" would keep the alert for ever. With it Grafana sees
 * that there is data, and that the case is missing from it; a dead service has neither.
 */
function casesQuery(value: string, severity: string): string {
  const cases = `SELECT "open", "unseen_s" FROM "case_open" WHERE "severity" = '${severity}' AND $timeFilter`
  const alive = 'SELECT "up" * 0 AS "open", "up" * 0 AS "unseen_s" FROM "service" WHERE $timeFilter'
  return `SELECT ${value} AS "value" FROM (${cases} GROUP BY ${CASE_TAGS}), (${alive}) WHERE $timeFilter GROUP BY ${CASE_TAGS}`
}
