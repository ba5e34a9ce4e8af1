import { type Text, text } from '../../../src/model/text.ts'
import { words } from './words.ts'

/** Case statistics and pipeline health. */
export const CASES = {
  board: words(
    '案件统计',
    'Case statistics',
    '案件的数量、用时、超期与返工。时间范围可选，默认 30 天。',
    'How many cases, how long they took, how many were late or went back. 30 days unless chosen otherwise.',
  ),
  opened: words(
    '新开案件',
    'Opened',
    '所选时段内新开的案件数。',
    'Cases opened in the chosen range.',
  ),
  closed: words(
    '结案',
    'Closed',
    '所选时段内验单结案的案件数。',
    'Cases verified and closed in the chosen range.',
  ),
  median: words(
    '结案用时中位数',
    'Median time to close',
    '从启单到结案用时的中位数。',
    'Half of the cases closed in the range took less time from opening to closing.',
  ),
  late: words(
    '超期率',
    'Closed late',
    '结案时已超过处置时限的比例。10% 起黄色，25% 起红色（默认值，无出处）。',
    'Share of the closed cases that were past their limit. Yellow from 10 %, red from 25 % (unsourced defaults).',
  ),
  rework: words(
    '返工率',
    'Sent back',
    '至少被退回一次的案件占结案的比例。10% 起黄色，25% 起红色（默认值，无出处）。',
    'Share of the closed cases that went back at least once. Yellow from 10 %, red from 25 % (unsourced defaults).',
  ),
  backlog: words(
    '当前未结',
    'Open now',
    '现在全部未结的案件数，与时间范围无关。',
    'All cases open now, whatever the range.',
  ),
  openedDaily: words(
    '每日新开',
    'Opened per day',
    '每天（本地时间）新开的案件数，按设备类型堆叠。',
    'Cases opened each day (local time), stacked by kind.',
  ),
  closedDaily: words(
    '每日结案',
    'Closed per day',
    '每天（本地时间）结案的案件数，按设备类型堆叠。',
    'Cases closed each day (local time), stacked by kind.',
  ),
  byKind: words(
    '按设备类型',
    'By kind',
    '各类设备案件的结案数、中位与平均用时、超期率、返工率。',
    'Closed cases by kind: count, median and mean time, share late, share sent back.',
  ),
  byDistrict: words(
    '按辖区',
    'By district',
    '各辖区案件的结案数、中位与平均用时、超期率、返工率。',
    'Closed cases by district: count, median and mean time, share late, share sent back.',
  ),
  byUnit: words(
    '按处置单位',
    'By unit',
    '各处置单位的结案数、中位与平均用时、超期率、返工率。',
    'Closed cases by responsible unit: count, median and mean time, share late, share sent back.',
  ),
  backlogByDistrict: words(
    '当前未结 · 各辖区',
    'Open now by district',
    '各辖区现在未结的案件数。',
    'Cases open now in each district.',
  ),
}

export const PIPELINE = {
  board: words(
    '接入与处理',
    'Pipeline health',
    '消息从接入到入库是否顺畅：速率、延迟、隔离、日志空间与资源。',
    'Whether messages flow from the broker into the store: rates, lag, quarantine, room in the journal, resources.',
  ),
  up: words(
    '服务运行时间',
    'Uptime',
    '自启动以来的时间。3 分钟没有上报则显示“无上报”。',
    'Time since the service started. Without a report for 3 minutes it says so.',
  ),
  rate: words(
    '接收速率',
    'Messages received',
    '最近 30 秒每秒收到的消息数。',
    'Messages a second in the last 30 s.',
  ),
  ack: words(
    '确认延迟 p99',
    'Acknowledgement p99',
    '从收到消息到写入磁盘并可确认的时间，第 99 百分位。0.1 秒起黄色，1 秒起红色（默认值，无出处）。',
    'Time from receipt to disk, when a message may be acknowledged, 99th percentile. Yellow from 0.1 s, red from 1 s (unsourced defaults).',
  ),
  quarantine: words(
    '隔离率',
    'Quarantined',
    '最近 5 分钟被隔离读数的比例。1% 起黄色，5% 起红色（默认值，无出处）。',
    'Share of the readings of the last five minutes that were quarantined. Yellow from 1 %, red from 5 % (unsourced defaults).',
  ),
  lag: words(
    '处理与入库延迟',
    'Lag',
    '最早一条未判定、未入库记录已等待的时间。1 分钟起黄色，5 分钟起红色（默认值，无出处）。',
    'How long the oldest record that is not yet judged, not yet stored has waited. Yellow from 1 min, red from 5 min (unsourced defaults).',
  ),
  fill: words(
    '日志空间',
    'Journal in use',
    '日志已用空间占上限的比例。50% 起黄色，80% 起红色（默认值，无出处）。',
    'Share of the room for the journal in use. Yellow from 50 %, red from 80 % (unsourced defaults).',
  ),
  rates: words(
    '每秒消息与读数',
    'Messages and readings per second',
    '每秒收到的消息，以及接受和重复的读数。',
    'Messages received, readings accepted and readings recognised as duplicates, per second.',
  ),
  refused: words(
    '被拒与隔离',
    'Refused and quarantined',
    '每秒拒收的消息、隔离的读数、存储拒绝的读数。正常应为 0。',
    'Messages shed, readings quarantined, readings refused by the store, per second. Zero when all is well.',
  ),
  lags: words(
    '延迟与确认',
    'Lag and acknowledgement',
    '处理延迟、入库延迟与确认延迟 p99 随时间的变化。',
    'Lag of the rules, lag of the store and acknowledgement p99 over time.',
  ),
  backlog: words(
    '积压记录',
    'Backlog',
    '日志中尚未判定、尚未入库的记录数。',
    'Journal records not yet judged, not yet stored.',
  ),
  connections: words(
    '连接与在线设备',
    'Connections and devices online',
    '当前连接数与在线设备数。',
    'Devices connected, and devices that count as online.',
  ),
  memory: words(
    '内存与日志大小',
    'Memory and journal',
    '进程常驻内存与日志占用的字节数。',
    'Resident memory of the process, and bytes that the journal takes.',
  ),
}

/** What the lines of its graphs are called. */
export const LINES = {
  processor: text('规则处理', 'Rules'),
  telemetry: text('入库', 'Store'),
  ackLine: text('确认 p99', 'Ack p99'),
  received: text('收到的消息', 'Messages received'),
  accepted: text('接受的读数', 'Readings accepted'),
  duplicate: text('重复的读数', 'Duplicates'),
  shed: text('拒收的消息', 'Messages shed'),
  quarantined: text('隔离的读数', 'Readings quarantined'),
  storeRefused: text('存储拒绝', 'Refused by the store'),
  connected: text('连接数', 'Connections'),
  devicesOnline: text('在线设备', 'Devices online'),
  rss: text('常驻内存', 'Resident memory'),
  journal: text('日志', 'Journal'),
} as const satisfies Readonly<Record<string, Text>>
