/**
 * The canonical unit of every quantity. Values inside curbwatch are always in these; conversion
 * happens at the border (a protocol codec), never in a rule or a store.
 */
export const UNITS = {
  '': { symbol: '', grafana: 'short' },
  deg: { symbol: '°', grafana: 'degree' },
  cm: { symbol: 'cm', grafana: 'lengthcm' },
  'mm/h': { symbol: 'mm/h', grafana: 'suffix: mm/h' },
  pct: { symbol: '%', grafana: 'percent' },
  'pct-lel': { symbol: '% LEL', grafana: 'suffix: % LEL' },
  'km/h': { symbol: 'km/h', grafana: 'velocitykmh' },
  'l/min': { symbol: 'L/min', grafana: 'flowlpm' },
  'ug/m3': { symbol: 'µg/m³', grafana: 'conμgm3' },
  'mg/m3': { symbol: 'mg/m³', grafana: 'conmgm3' },
  db: { symbol: 'dB(A)', grafana: 'dB' },
  celsius: { symbol: '°C', grafana: 'celsius' },
  'm/s': { symbol: 'm/s', grafana: 'velocityms' },
  dbm: { symbol: 'dBm', grafana: 'dBm' },
} as const

export type Unit = keyof typeof UNITS
