import { DEVICE_FAULT, defineKind, event, limit, MINUTE, number, text } from '#device-kit'

/**
 * Waterlogging spot: water depth on a road or in an underpass, by radar, ultrasound or an
 * electronic gauge. The ladder 3 / 10 / 15 / 25 cm and its sources: README.md.
 */
export default defineKind({
  name: 'waterlogging',
  title: text('积水监测点', 'Waterlogging spot'),
  fields: {
    depthCm: number(text('积水深度', 'Water depth'), 'cm', [0, 500]),
    rainfallMmH: number(text('雨强', 'Rainfall'), 'mm/h', [0, 500]),
  },
  primaryField: 'depthCm',
  reportInterval: MINUTE,
  caseClasses: {
    'road-flooded': {
      title: text('道路积水', 'Road flooded'),
      codes: {
        '2013': event('0506', '道路积水', 'domain.md 1.3 [A]'),
        // The 2026 table as transcribed has no 道路积水; the nearest event is used until
        // the part on monitoring events is published.
        '2026': event('02007', '地下通道异常', 'nearest class, unverified: domain.md 1.3 [B]'),
      },
      limit: limit(2, 'urgent_hour', '运城市立案标准 0506: domain.md 1.4 [A]'),
    },
    'device-fault': DEVICE_FAULT,
  },
  rules: [
    {
      id: 'waterlogging-depth',
      kind: 'waterlogging',
      title: text('道路积水深度', 'Water depth on the road'),
      value: { field: 'depthCm' },
      parameters: {
        attentionCm: 3,
        attentionClearCm: 0.5,
        warningCm: 10,
        warningClearCm: 7,
        majorCm: 15,
        majorClearCm: 12,
        criticalCm: 25,
        criticalClearCm: 22,
      },
      levels: [
        rung('attention', null, 'attention'),
        rung('warning', null, 'warning'),
        rung('major', 'major', 'major'),
        rung('critical', 'critical', 'critical'),
      ],
      caseClass: 'road-flooded',
      source:
        '3/10/25 cm: rain flooding forecast classes [B]; 15 cm: 立案条件 of 运城 0506 [A] (domain.md 2.1). ' +
        '3 samples or 2 min, cleared 3 cm lower for 10 min: unsourced defaults',
    },
  ],
})

/** Three samples or two minutes raise; 3 cm lower for ten minutes clears (domain.md 2.1 [D]). */
function rung(
  level: 'attention' | 'warning' | 'major' | 'critical',
  severity: 'major' | 'critical' | null,
  name: string,
) {
  return {
    level,
    severity,
    raise: { atLeast: { parameter: `${name}Cm` } },
    clear: { atMost: { parameter: `${name}ClearCm` } },
    samples: { atLeast: 3, of: 3 },
    for: '2m',
    clearFor: '10m',
  }
}
