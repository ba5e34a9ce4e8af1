import { type Text, text } from '../../../src/model/text.ts'

/** Title and description of a panel or a board. */
export interface Words {
  readonly title: Text
  readonly about: Text
}

/** Short form for the dictionary: title, then description, Chinese first. */
export function words(zh: string, en: string, aboutZh: string, aboutEn: string): Words {
  return { title: text(zh, en), about: text(aboutZh, aboutEn) }
}

/** Words that more than one panel uses: columns, values, links, units. */
export const COMMON = {
  noReport: text('无上报', 'No report'),
  noData: text('所选时段内无数据', 'No data in this range'),
  noCases: text('没有未结案件', 'No open case'),
  noneAbove: text('没有超限设备', 'No device beyond its limit'),
  noDevice: text('请在上方输入设备编号', 'Enter a device id above'),

  openCase: text('在控制台打开案件', 'Open the case in the console'),
  openDevice: text('查看设备', 'Show the device'),
  openDistrict: text('查看辖区', 'Show the district'),
  openKind: text('查看该类设备', 'Show this kind'),
  console: text('案件控制台', 'Case console'),
  kinds: text('设备类型', 'Device kinds'),
  boards: text('看板', 'Boards'),
  otherLanguage: text('English', '中文'),

  critical: text('紧急', 'Critical'),
  major: text('较大', 'Major'),
  minor: text('一般', 'Minor'),
  warning: text('预警', 'Warning'),
  attention: text('关注', 'Attention'),

  open: text('已启单', 'Opened'),
  dispatched: text('已派单', 'Dispatched'),
  accepted: text('已接单', 'Accepted'),
  handled: text('已处单', 'Handled'),
  closed: text('验单结案', 'Closed'),
  cancelled: text('已作废', 'Cancelled'),

  severity: text('等级', 'Severity'),
  number: text('案件编号', 'Case number'),
  kind: text('类型', 'Kind'),
  district: text('辖区', 'District'),
  device: text('设备', 'Device'),
  status: text('状态', 'Status'),
  age: text('已开', 'Age'),
  due: text('剩余时限', 'Due in'),
  seen: text('阅看', 'Seen'),
  seenYes: text('已阅', 'Seen'),
  seenNo: text('未阅', 'Not seen'),
  level: text('级别', 'Level'),
  total: text('总数', 'Total'),
  online: text('在线', 'Online'),
  silent: text('失联', 'Silent'),
  onlineShare: text('在线率', 'Online share'),
  closedCount: text('已结案', 'Closed'),
  median: text('中位用时', 'Median time'),
  mean: text('平均用时', 'Mean time'),
  overdue: text('超期率', 'Late'),
  rework: text('返工率', 'Sent back'),
  unit: text('处置单位', 'Unit'),
  noDistrict: text('无辖区', 'No district'),
  noUnit: text('未派单位', 'No unit'),

  hours: text('suffix: 小时', 'suffix: h'),
  maximum: text('最大', 'max'),
  limits: text('界限', 'Limits'),
} as const satisfies Readonly<Record<string, Text>>
