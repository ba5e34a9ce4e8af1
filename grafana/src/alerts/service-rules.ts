import { text } from '../../../src/model/text.ts'
import { DUTY_PANELS } from '../boards/duty.ts'
import { PIPELINE_PANELS } from '../boards/pipeline.ts'
import { LIMITS } from './limits.ts'
import type { Names } from './names.ts'
import { lastValue, type RuleSpec } from './rule.ts'

/** Six points of the service: one or two may be late. */
const POINTS_SECONDS = 180
const GROWTH_SECONDS = 600

/** Devices that fell silent, as shares: one sensor wakes nobody. */
export function deviceRules({ kind, district }: Names): RuleSpec[] {
  return [
    {
      uid: 'devices-silent',
      title: text('大量设备失联', 'Many devices silent'),
      queries: { A: devices('silent'), B: devices('total') },
      condition: {
        formula: `($A / $B > ${LIMITS.silentShare}) && ($B >= ${LIMITS.devicesAtLeast})`,
      },
      for: '5m',
      keepFiringFor: '10m',
      withoutData: 'KeepLast',
      severity: 'major',
      source: 'device',
      panel: { board: 'city-duty', id: DUTY_PANELS.offline },
      summary: text(
        `${district['zh-CN']}${kind['zh-CN']}设备失联 ${lastValue('A')} 台，共 ${lastValue('B')} 台`,
        `${lastValue('A')} of ${lastValue('B')} devices of ${kind.en} in ${district.en} are silent`,
      ),
    },
  ]
}

/** The service itself: who watches the watcher. */
export function serviceRules(): RuleSpec[] {
  return [heartbeat(), ...lags(), quarantine(), ...journal(), shed(), refused()]
}

function heartbeat(): RuleSpec {
  return {
    uid: 'service-heartbeat',
    title: text('服务无心跳', 'No heartbeat of curbwatch'),
    queries: { A: { ...service('last("up")'), seconds: 120 } },
    condition: { formula: '$A < 1' },
    for: '1m',
    // The one rule for which silence is the alarm: all others keep what they said last.
    withoutData: 'Alerting',
    severity: 'critical',
    source: 'service',
    panel: { board: 'city-pipeline', id: PIPELINE_PANELS.up },
    summary: text(
      '两分钟没有收到 curbwatch 的心跳：curbwatch、InfluxDB 或两者之间的连接中断，看板和告警不再更新',
      'No heartbeat for two minutes: curbwatch, InfluxDB or the link between them is down; boards and alerts stand still',
    ),
  }
}

function lags(): RuleSpec[] {
  return [
    {
      uid: 'service-processor-lag',
      title: text('消息处理滞后', 'Messages wait for the rules'),
      queries: { A: service('last("lag_processor_s")') },
      condition: { above: LIMITS.processorLagSeconds, of: 'A' },
      for: '2m',
      withoutData: 'KeepLast',
      severity: 'major',
      source: 'service',
      panel: { board: 'city-pipeline', id: PIPELINE_PANELS.lag },
      summary: text(
        `消息等待处理已 ${lastValue('A')} 秒：新的告警和案件会同样晚`,
        `Messages have waited ${lastValue('A')} s for the rules: new alerts and cases are that late`,
      ),
    },
    {
      uid: 'service-telemetry-lag',
      title: text('读数入库滞后', 'Readings wait for the telemetry store'),
      queries: { A: service('last("lag_telemetry_s")') },
      condition: { above: LIMITS.telemetryLagSeconds, of: 'A' },
      for: '5m',
      withoutData: 'KeepLast',
      severity: 'minor',
      source: 'service',
      panel: { board: 'city-pipeline', id: PIPELINE_PANELS.lag },
      summary: text(
        `读数等待入库已 ${lastValue('A')} 秒：曲线不是最新，数据没有丢失，告警不受影响`,
        `Readings have waited ${lastValue('A')} s for the store: curves are old, nothing is lost, alerts are not late`,
      ),
    },
  ]
}

function quarantine(): RuleSpec {
  return {
    uid: 'service-quarantine',
    title: text('隔离读数过多', 'Many readings in quarantine'),
    queries: {
      A: service('last("quarantine_ratio")'),
      B: grown('readings_quarantined'),
    },
    condition: {
      // A share of few readings says little.
      formula: `($A > ${LIMITS.quarantineRatio}) && ($B >= ${LIMITS.quarantinedAtLeast})`,
    },
    for: '5m',
    withoutData: 'KeepLast',
    severity: 'major',
    source: 'service',
    panel: { board: 'city-pipeline', id: PIPELINE_PANELS.quarantine },
    summary: text(
      `十分钟内 ${lastValue('B')} 条读数被隔离，超过 ${LIMITS.quarantineRatio * 100}%：查看隔离区的原因`,
      `${lastValue('B')} readings in quarantine within ten minutes, more than ${LIMITS.quarantineRatio * 100} %: the quarantine says why`,
    ),
  }
}

function journal(): RuleSpec[] {
  const fill = { A: service('last("journal_fill")') }
  const base = { withoutData: 'KeepLast', source: 'service' } as const
  return [
    {
      ...base,
      uid: 'service-journal-half',
      title: text('日志空间过半', 'Journal half full'),
      queries: fill,
      condition: { above: LIMITS.journalWarning, of: 'A' },
      for: '10m',
      severity: 'major',
      panel: { board: 'city-pipeline', id: PIPELINE_PANELS.fill },
      summary: text(
        `接收日志已用 ${LIMITS.journalWarning * 100}% 以上：处理或入库跟不上，用满后新消息会被拒收`,
        `The journal is over ${LIMITS.journalWarning * 100} % full: rules or store lag behind; a full one takes no message`,
      ),
    },
    {
      ...base,
      uid: 'service-journal-full',
      title: text('日志空间将满', 'Journal nearly full'),
      queries: fill,
      condition: { above: LIMITS.journalCritical, of: 'A' },
      for: '2m',
      severity: 'critical',
      panel: { board: 'city-pipeline', id: PIPELINE_PANELS.fill },
      summary: text(
        `接收日志已用 ${LIMITS.journalCritical * 100}% 以上：用满后新消息会被拒收`,
        `The journal is over ${LIMITS.journalCritical * 100} % full: a full one takes no message`,
      ),
    },
  ]
}

/** A full disk or journal, or devices that are far too fast: either way no PUBACK goes out. */
function shed(): RuleSpec {
  return {
    uid: 'service-messages-shed',
    title: text('消息未获确认', 'Messages not acknowledged'),
    queries: { A: grown('messages_shed') },
    condition: { above: LIMITS.shedAtMost, of: 'A' },
    for: '2m',
    withoutData: 'KeepLast',
    severity: 'critical',
    source: 'service',
    panel: { board: 'city-pipeline', id: PIPELINE_PANELS.refused },
    summary: text(
      `十分钟内 ${lastValue('A')} 条消息未获确认：磁盘或接收日志已满，或设备发送过快，见 /readyz 与 curbwatch_messages_shed_total`,
      `${lastValue('A')} messages without an acknowledgement within ten minutes: a full disk or journal, or devices that are too fast; see /readyz and curbwatch_messages_shed_total`,
    ),
  }
}

function refused(): RuleSpec {
  return {
    uid: 'service-readings-refused',
    title: text('读数被拒绝入库', 'Readings refused by the store'),
    queries: { A: grown('readings_refused') },
    condition: { above: 0, of: 'A' },
    for: '0s',
    withoutData: 'KeepLast',
    severity: 'major',
    source: 'service',
    panel: { board: 'city-pipeline', id: PIPELINE_PANELS.refused },
    summary: text(
      `十分钟内 ${lastValue('A')} 条读数被 InfluxDB 拒绝：原因见 /api/v1/telemetry/refused`,
      `InfluxDB refused ${lastValue('A')} readings within ten minutes: /api/v1/telemetry/refused says why`,
    ),
  }
}

function service(column: string) {
  return {
    seconds: POINTS_SECONDS,
    query: `SELECT ${column} AS "value" FROM "service" WHERE $timeFilter`,
  }
}

/** What a counter gained. A restart makes it small or negative, never large. */
function grown(counter: string) {
  return {
    ...service(`last("${counter}") - first("${counter}")`),
    seconds: GROWTH_SECONDS,
  }
}

function devices(field: string) {
  return {
    seconds: POINTS_SECONDS,
    query: `SELECT last("${field}") AS "value" FROM "devices" WHERE $timeFilter GROUP BY "district", "kind"`,
  }
}
