import {
  type CaseClass,
  component,
  DEVICE_FAULT,
  defineKind,
  event,
  HOUR,
  limit,
  number,
  text,
  toggle,
} from '#device-kit'

/**
 * A lid that its contact reports open is the open rule's: a cover that is lifted is tilted too, and
 * one event makes one case. A device without a contact counts as closed.
 */
const LID_ON = { field: 'open', is: false, assume: false }

/**
 * Smart manhole cover: lid contact and tilt against the background angle (the angle at which the
 * lid was installed), water and methane in the chamber. It reports every six hours while calm, and
 * at once on an alarm and on the recovery. Limits and their sources: README.md.
 */
export default defineKind({
  name: 'manhole-cover',
  title: text('智能井盖', 'Manhole cover'),
  fields: {
    tiltDeg: number(text('倾角', 'Tilt'), 'deg', [0, 180]),
    open: toggle(text('井盖', 'Lid'), text('打开', 'Open'), text('关闭', 'Closed')),
    waterLevelCm: number(text('井内水位', 'Water level'), 'cm', [0, 1000]),
    methanePctLel: number(text('甲烷浓度', 'Methane'), 'pct-lel', [0, 100]),
  },
  primaryField: 'tiltDeg',
  reportInterval: 6 * HOUR,
  caseClasses: {
    'cover-displaced': {
      title: text('井盖缺失移位', 'Cover missing or displaced'),
      ...coverCodes(),
      limit: limit(2, 'urgent_hour', '运城市立案标准, all 井盖: domain.md 1.4 [A]'),
    },
    'drain-blocked': {
      title: text('排水管道堵塞外溢', 'Drain blocked'),
      codes: {
        '2013': event('0503', '排水管道堵塞破裂', 'domain.md 1.3 [A]'),
        // No drain event is known from the 2026 table: the chamber's own cover stands in.
        '2026': event('01023', '不明井盖异常', 'nearest class, unverified: domain.md 1.3 [B]'),
      },
      limit: limit(4, 'work_hour', '运城市立案标准 0503, 堵塞外溢: domain.md 1.4 [A]'),
    },
    'gas-in-chamber': {
      title: text('井内可燃气体', 'Combustible gas in the chamber'),
      // Neither edition has a class for the gas: the case belongs to the cover.
      ...coverCodes(),
      limit: limit(2, 'urgent_hour', 'unsourced default, as for a missing cover'),
    },
    'device-fault': DEVICE_FAULT,
  },
  rules: [
    {
      id: 'manhole-cover-open',
      kind: 'manhole-cover',
      title: text('井盖被打开', 'Cover open'),
      value: { field: 'open' },
      levels: [{ level: 'major', severity: 'major', raise: { field: 'open', is: true } }],
      caseClass: 'cover-displaced',
      source: '缺失、移位 opens a case at once: 运城市立案标准 [A] (domain.md 1.4)',
    },
    {
      id: 'manhole-cover-tilt',
      kind: 'manhole-cover',
      title: text('井盖倾斜移位', 'Cover tilted'),
      value: { field: 'tiltDeg' },
      parameters: { majorDeg: 10, majorClearDeg: 8, criticalDeg: 90, criticalClearDeg: 80 },
      levels: [
        {
          level: 'major',
          severity: 'major',
          raise: { all: [{ above: { parameter: 'majorDeg' } }, LID_ON] },
          clear: { any: [{ atMost: { parameter: 'majorClearDeg' } }, { not: LID_ON }] },
          for: '30s',
          clearFor: '30s',
        },
        {
          level: 'critical',
          severity: 'critical',
          raise: { all: [{ above: { parameter: 'criticalDeg' } }, LID_ON] },
          clear: { any: [{ atMost: { parameter: 'criticalClearDeg' } }, { not: LID_ON }] },
          clearFor: '30s',
        },
      ],
      caseClass: 'cover-displaced',
      source:
        '10° against the background angle, 90° without condition: vendor defaults [B]; 30 s: ' +
        'platform practice [B] (domain.md 2.2). Clearing at 8° and 80° for 30 s: unsourced defaults',
    },
    {
      id: 'manhole-cover-water',
      kind: 'manhole-cover',
      title: text('井内水位过高', 'Water high in the chamber'),
      value: { field: 'waterLevelCm' },
      parameters: { warningCm: 150, warningClearCm: 130, minorCm: 200, minorClearCm: 180 },
      levels: [
        {
          level: 'warning',
          severity: null,
          raise: { atLeast: { parameter: 'warningCm' } },
          clear: { atMost: { parameter: 'warningClearCm' } },
          for: '2m',
          clearFor: '10m',
        },
        {
          level: 'minor',
          severity: 'minor',
          raise: { atLeast: { parameter: 'minorCm' } },
          clear: { atMost: { parameter: 'minorClearCm' } },
          for: '2m',
          clearFor: '10m',
        },
      ],
      caseClass: 'drain-blocked',
      source:
        'unsourced defaults for a chamber about 2.5 m deep: set both limits for each chamber by ' +
        'the parameters of its device (domain.md 2.2: well level is device-specific)',
    },
    {
      id: 'manhole-cover-methane',
      kind: 'manhole-cover',
      title: text('井内甲烷超限', 'Methane in the chamber'),
      value: { field: 'methanePctLel' },
      parameters: {
        majorPctLel: 25,
        majorClearPctLel: 20,
        criticalPctLel: 50,
        criticalClearPctLel: 40,
      },
      levels: [
        {
          level: 'major',
          severity: 'major',
          raise: { atLeast: { parameter: 'majorPctLel' } },
          clear: { atMost: { parameter: 'majorClearPctLel' } },
          for: '1m',
          clearFor: '10m',
        },
        {
          level: 'critical',
          severity: 'critical',
          raise: { atLeast: { parameter: 'criticalPctLel' } },
          clear: { atMost: { parameter: 'criticalClearPctLel' } },
          for: '1m',
          clearFor: '10m',
        },
      ],
      caseClass: 'gas-in-chamber',
      source:
        '25 and 50 %LEL: GB/T 50493 habit [C] (domain.md 2.2). 1 min to raise, clearing at 20 and ' +
        '40 %LEL for 10 min: unsourced defaults',
    },
  ],
})

/**
 * Classes by owner, chosen by the device's attribute `coverType`; without it 不明井盖 holds.
 * The last two digits are the same in both editions (domain.md 1.3).
 */
function coverCodes(): Pick<CaseClass, 'codes' | 'variants'> {
  return {
    codes: cover('23', '不明井盖', '[A]'),
    variants: {
      attribute: 'coverType',
      codes: {
        'water-supply': cover('01', '上水井盖', '[A]', '供水井盖'),
        sewage: cover('02', '污水井盖', '[A]'),
        rainwater: cover('03', '雨水井盖', '[A]'),
        grating: cover('04', '雨水箅子', '[A]'),
        power: cover('05', '电力井盖', 'inferred [C]'),
        'street-light': cover('06', '路灯井盖', '[A]'),
        telecom: cover('07', '通信井盖', 'inferred [C]'),
        television: cover('08', '电视井盖', 'inferred [C]'),
        network: cover('09', '网络井盖', 'inferred [C]'),
        heating: cover('10', '热力井盖', '[A]'),
        gas: cover('11', '燃气井盖', '[A]'),
        police: cover('12', '公安井盖', 'inferred [C]'),
        garden: cover('14', '园林井盖', '[A]'),
        'septic-tank': cover('18', '化粪池井盖', '[A]'),
        unknown: cover('23', '不明井盖', '[A]'),
      },
    },
  }
}

/** In 2013 the case carries the component, in 2026 the event "…异常" of the same number. */
function cover(
  digits: string,
  name2013: string,
  tag: '[A]' | 'inferred [C]',
  name2026 = name2013,
): CaseClass['codes'] {
  return {
    '2013': component(`01${digits}`, name2013, `domain.md 1.3 ${tag}`),
    '2026': event(`010${digits}`, `${name2026}异常`, 'domain.md 1.3 [B]'),
  }
}
