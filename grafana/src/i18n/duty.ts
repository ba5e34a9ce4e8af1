import { words } from './words.ts'

/** The duty wall and the district board. */
export const DUTY = {
  board: words(
    '值班大屏',
    'Duty wall',
    '全市现在的情况：未结案件、告警、设备与接入延迟。状态在上，趋势在下。',
    'How the city stands now: open cases, alerts, devices and ingest lag. State above, trend below.',
  ),
  critical: words(
    '紧急未结',
    'Critical open',
    '全市未结的紧急案件数。每 30 秒上报一次；3 分钟没有上报则显示“无上报”。',
    'Open critical cases in the city. Reported every 30 s; without a report for 3 minutes it says so.',
  ),
  major: words('较大未结', 'Major open', '全市未结的较大案件数。', 'Open major cases in the city.'),
  minor: words('一般未结', 'Minor open', '全市未结的一般案件数。', 'Open minor cases in the city.'),
  unseen: words(
    '紧急且 5 分钟未阅',
    'Critical, unseen over 5 min',
    '启单超过 5 分钟仍未阅或无人操作的紧急案件。没有时为 0；服务是否在上报请看旁边的数字。',
    'Critical cases that nobody has opened or acted on for more than 5 minutes. 0 where there is none; whether the service reports at all is told by the figures beside it.',
  ),
  overdue: words(
    '已超期',
    'Overdue',
    '超过处置时限的未结案件数。',
    'Open cases past their time limit.',
  ),
  offline: words(
    '设备离线率',
    'Devices offline',
    '不在线设备占全部设备的比例。5% 起黄色，20% 起红色（默认值，无出处）。',
    'Share of all devices that are not online. Yellow from 5 %, red from 20 % (unsourced defaults).',
  ),
  lag: words(
    '处理延迟',
    'Ingest lag',
    '最早一条未处理消息已等待的时间。1 分钟起黄色，5 分钟起红色（默认值，无出处）。',
    'How long the oldest unprocessed message has waited. Yellow from 1 min, red from 5 min (unsourced defaults).',
  ),
  map: words(
    '未结案件地图',
    'Map of open cases',
    '未结案件的位置：红色三角为紧急，橙色方块为较大，黄色圆点为一般。底图为本地文件，不需要互联网。没有坐标的案件只在列表中。',
    'Where the open cases are: red triangle critical, orange square major, yellow circle minor. The map is local and needs no internet. Cases without coordinates are in the table only.',
  ),
  alerts: words(
    '正在触发的告警',
    'Firing alerts',
    'Grafana 中正在触发或等待触发的告警规则。',
    'Alert rules of Grafana that fire or are about to.',
  ),
  cases: words(
    '未结案件',
    'Open cases',
    '全部未结案件，按等级排列，最多 500 件。点编号进入控制台，点设备看读数。剩余时限为负表示已超期。',
    'All open cases by severity, at most 500. The number leads to the console, the device to its readings. A negative time left means overdue.',
  ),
  trend: words(
    '未结案件趋势',
    'Open cases over time',
    '各等级未结案件数随时间的变化。',
    'Open cases of each severity over time.',
  ),
}

export const DISTRICT = {
  board: words(
    '辖区态势',
    'District',
    '一个辖区现在的案件与设备，以及变化趋势。',
    'Cases and devices of one district, now and over time.',
  ),
  critical: words(
    '紧急未结',
    'Critical open',
    '辖区内未结的紧急案件数。',
    'Open critical cases of the district.',
  ),
  major: words(
    '较大未结',
    'Major open',
    '辖区内未结的较大案件数。',
    'Open major cases of the district.',
  ),
  minor: words(
    '一般未结',
    'Minor open',
    '辖区内未结的一般案件数。',
    'Open minor cases of the district.',
  ),
  overdue: words(
    '已超期',
    'Overdue',
    '辖区内超过处置时限的案件数。',
    'Cases of the district past their time limit.',
  ),
  oldest: words(
    '最久未结',
    'Oldest open case',
    '辖区内启单最久的未结案件已开时间；没有案件时为 0。',
    'Age of the oldest open case of the district; 0 where there is none.',
  ),
  online: words(
    '设备在线率',
    'Devices online',
    '辖区内在线设备占全部设备的比例。95% 以下黄色，80% 以下红色（默认值，无出处）。',
    'Share of the devices of the district that are online. Yellow below 95 %, red below 80 % (unsourced defaults).',
  ),
  map: words(
    '辖区案件地图',
    'Map of the district',
    '辖区内未结案件的位置：红色三角为紧急，橙色方块为较大，黄色圆点为一般。底图为本地文件。',
    'Where the open cases of the district are: red triangle critical, orange square major, yellow circle minor. The map is local.',
  ),
  cases: words(
    '辖区未结案件',
    'Open cases of the district',
    '按等级排列，最多 500 件。点编号进入控制台，点设备看读数。',
    'By severity, at most 500. The number leads to the console, the device to its readings.',
  ),
  devices: words(
    '各类设备',
    'Devices by kind',
    '辖区内每类设备的总数、在线、失联和在线率。',
    'Total, online, silent and online share of each kind in the district.',
  ),
  trend: words(
    '未结案件趋势',
    'Open cases over time',
    '辖区内各等级未结案件数随时间的变化。',
    'Open cases of the district by severity, over time.',
  ),
  silent: words(
    '失联设备趋势',
    'Silent devices over time',
    '辖区内失联规则正在触发的设备数，按类型。',
    'Devices of the district for which the silence rule fires, by kind.',
  ),
}
