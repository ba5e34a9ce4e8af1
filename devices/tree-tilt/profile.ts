import {
  component,
  DEVICE_FAULT,
  defineKind,
  event,
  limit,
  MINUTE,
  number,
  text,
} from '#device-kit'

/**
 * Two readings to raise: where a device reports every ten minutes, the median holds a single one,
 * and a single one may be a knock.
 */
const HOLD = { samples: { atLeast: 2, of: 2 }, clearFor: '30m' }

/**
 * Tilt sensor on the trunk of an old and valuable tree, near the ground: lean on two axes against
 * the angle at installation. Permanent lean is what counts; sway is filtered out. Limits and their
 * sources: README.md.
 */
export default defineKind({
  name: 'tree-tilt',
  title: text('古树名木倾斜监测', 'Old tree tilt sensor'),
  fields: {
    tiltXDeg: number(text('X 轴倾角', 'Tilt, X axis'), 'deg', [-90, 90], 2),
    tiltYDeg: number(text('Y 轴倾角', 'Tilt, Y axis'), 'deg', [-90, 90], 2),
    windSpeedMs: number(text('风速', 'Wind speed'), 'm/s', [0, 70]),
  },
  primaryField: 'tiltXDeg',
  reportInterval: 10 * MINUTE,
  caseClasses: {
    'tree-leaning': {
      title: text('古树名木倾斜', 'Old tree leaning'),
      codes: {
        '2013': component('0401', '古树名木', 'domain.md 1.3 [A]'),
        '2026': event('04001', '古树名木异常', 'domain.md 1.3 [B]'),
      },
      limit: limit(1, 'work_day', '运城市立案标准 0401, 倒伏、倾斜: domain.md 1.4 [A]'),
    },
    'device-fault': DEVICE_FAULT,
  },
  rules: [
    {
      id: 'tree-tilt-lean',
      kind: 'tree-tilt',
      title: text('古树名木倾斜', 'Old tree leaning'),
      value: lean(),
      parameters: {
        warningDeg: 2,
        warningClearDeg: 1.5,
        majorDeg: 5,
        majorClearDeg: 4,
        criticalDeg: 10,
        criticalClearDeg: 8,
        dayChangeDeg: 2,
        dayChangeClearDeg: 1,
      },
      levels: [
        {
          level: 'warning',
          severity: null,
          raise: { atLeast: { parameter: 'warningDeg' } },
          clear: { atMost: { parameter: 'warningClearDeg' } },
          ...HOLD,
        },
        {
          level: 'major',
          severity: 'major',
          raise: { atLeast: { parameter: 'majorDeg' } },
          clear: { atMost: { parameter: 'majorClearDeg' } },
          ...HOLD,
        },
        {
          level: 'critical',
          severity: 'critical',
          raise: {
            any: [
              { atLeast: { parameter: 'criticalDeg' } },
              { of: dayChange(), above: { parameter: 'dayChangeDeg' } },
            ],
          },
          clear: {
            all: [
              { atMost: { parameter: 'criticalClearDeg' } },
              { of: dayChange(), atMost: { parameter: 'dayChangeClearDeg' } },
            ],
          },
          ...HOLD,
        },
      ],
      caseClass: 'tree-leaning',
      source:
        '10-minute median; 2, 5, 10° and 2° in 24 h; two readings to raise, 30 min to clear: unsourced ' +
        'defaults (domain.md 2.5: no standard and no vendor number found)',
    },
  ],
})

/** Degrees of permanent lean. The median of each axis: sway to both sides cancels, lean stays. */
function lean() {
  return { hypot: [median('tiltXDeg'), median('tiltYDeg')] }
}

function median(field: string) {
  return { window: 'median' as const, of: { field }, over: '10m' }
}

/** Degrees that the lean has grown by within a day. */
function dayChange() {
  return { change: lean(), over: '24h', minSpan: '1h' }
}
