import { words } from './words.ts'

/** The boards of device kinds and of one device. */
export const KIND = {
  board: words(
    '设备类型 · {kind}',
    'Kind · {kind}',
    '{kind}：设备状态、超限设备、未结案件和各辖区读数。界限就是规则里的数值。',
    '{kind}: state of the devices, those beyond a limit, open cases, readings by district. Limits are those of the rules.',
  ),
  devices: words(
    '设备状态',
    'Devices',
    '所选辖区内的设备总数、失联数（失联规则正在触发）和在线率。在线率 95% 以下黄色，80% 以下红色（默认值，无出处）。',
    'Devices in the chosen districts: all, silent (the silence rule fires), share online. Yellow below 95 % online, red below 80 % (unsourced defaults).',
  ),
  openCases: words(
    '未结案件',
    'Open cases',
    '这类设备的未结案件数，含各等级。',
    'Open cases of this kind, all severities.',
  ),
  above: words(
    '超限设备',
    'Beyond the lowest limit',
    '{value}最近一次达到最低一级界限的设备数。没有时为 0。{limits}',
    'Devices whose {value} is beyond the lowest limit now. 0 where there is none. {limits}',
  ),
  worst: words(
    '当前最差值',
    'Worst now',
    '{value}当前最差的一台。{limits}',
    'The worst {value} of any device now. {limits}',
  ),
  abnormal: words(
    '超限设备（最差 50 台）',
    'Devices beyond a limit (worst 50)',
    '{value}超过最低一级界限的设备，最差的在前。规则还可能看持续时间和其他条件，所以不一定已开案件。{limits}',
    'Devices whose {value} is beyond the lowest limit, worst first. A rule may also ask for time and other conditions, so not each has a case. {limits}',
  ),
  cases: words(
    '未结案件列表',
    'Open cases of this kind',
    '这类设备的未结案件，最多 500 件。点编号进入控制台。',
    'Open cases of this kind, at most 500. The number leads to the console.',
  ),
  worstOverTime: words(
    '{value} · 各辖区最差值',
    '{value} · worst by district',
    '各辖区内最差的一个读数随时间的变化。虚线：{limits}',
    'The worst reading of each district over time. Dashed: {limits}',
  ),
  meanOverTime: words(
    '{value} · 各辖区平均值',
    '{value} · mean by district',
    '各辖区全部设备读数的平均值随时间的变化。',
    'Mean of the readings of all devices of each district over time.',
  ),
  others: words(
    '{fields} · 各辖区平均值',
    '{fields} · mean by district',
    '各辖区全部设备读数的平均值随时间的变化。{limits}',
    'Mean of the readings of all devices of each district over time. {limits}',
  ),
  shares: words(
    '{fields} · 各辖区比例',
    '{fields} · share by district',
    '各辖区读数中开关处于该状态的比例随时间的变化。',
    'Share of the readings of each district in which the switch is so, over time.',
  ),
  mixed: words(
    '{fields} · 各辖区',
    '{fields} · by district',
    '各辖区全部设备读数的平均值随时间的变化；开关量为处于该状态的比例。',
    'Mean of the readings of all devices of each district over time; of a switch the share of readings in which it is so.',
  ),
}

export const DEVICE = {
  board: words(
    '单台设备',
    'Device',
    '一台设备：最近读数、电量、信号、案件和全部测量值。在上方输入设备编号，或从其他看板点进来。',
    'One device: last reading, battery, signal, cases and everything it measures. Enter its id above, or come from another board.',
  ),
  variable: words(
    '设备编号',
    'Device id',
    '设备编号，例如从案件或超限列表中复制。设备太多，不提供下拉列表。',
    'The id of the device, as in a case or a list. There are too many devices for a drop-down.',
  ),
  last: words(
    '最近一次读数',
    'Last reading',
    '最近一次收到读数的时间（7 天内）。',
    'When a reading was last received (within 7 days).',
  ),
  battery: words(
    '电量',
    'Battery',
    '最近一次上报的电量。{limits}',
    'Battery as last reported. {limits}',
  ),
  signal: words(
    '信号强度',
    'Signal',
    '最近一次上报的信号强度。',
    'Signal strength as last reported.',
  ),
  openCases: words(
    '未结案件',
    'Open cases',
    '该设备未结案件数；没有时为 0。',
    'Open cases of the device; 0 where there is none.',
  ),
  cases: words(
    '该设备的案件',
    'Cases of the device',
    '该设备的未结案件。点编号进入控制台。',
    'Open cases of the device. The number leads to the console.',
  ),
  primary: words(
    '主要测量值',
    'Main reading',
    '这类设备首先看的测量值；虚线为规则的界限（仅当规则只看这一个值时）。',
    'What this kind is judged by first; dashed: the limits of its rule, where the rule looks at this one value.',
  ),
  others: words(
    '其他测量值',
    'Other readings',
    '其余全部测量值，各用自己的单位。',
    'All other readings, each in its own unit.',
  ),
  switches: words(
    '开关状态',
    'Switches',
    '开关量随时间的状态。',
    'States of the switches over time.',
  ),
  health: words(
    '电量与信号',
    'Battery and signal',
    '电量与信号强度随时间的变化。',
    'Battery and signal strength over time.',
  ),
  longTerm: words(
    '长期趋势（30 天）',
    'Long term (30 days)',
    '主要测量值每 5 分钟的平均与最大，来自降采样数据，保存 5 年。',
    'Means and maxima of five minutes of the main reading, from the down-sampled data that is kept for 5 years.',
  ),
}
