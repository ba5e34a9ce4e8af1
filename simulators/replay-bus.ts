import type { Fields } from '../src/model/reading.ts'
import { HOUR, MINUTE } from '../src/model/time.ts'
import { distanceM } from './geo.ts'
import type { RecordedRow } from './recording.ts'

/**
 * A bus's positions as a sprinkler truck's readings: speed from the distance driven, and a tank on
 * top that no bus has. The tank is emptied at sprinkling speed and filled while the bus stands.
 */
const TANK_LITRES = 10_000
const FLOW_LPM = 250
/** At standstill, percent a minute. */
const REFILL_PCT_MIN = 15
/** km/h: below it stands, above it does not sprinkle (operation at about 15: domain.md 2.6). */
const STANDING_KMH = 2
const FASTEST_SPRINKLING_KMH = 30
/** No bus goes faster; such a speed is a jump of the GPS, and is left out. */
const FASTEST_KMH = 120
/** After a longer silence the way driven is not known, so no speed either. */
const LONGEST_STEP = 5 * MINUTE

/** The readings of one track, `values` being latitude and longitude. */
export function busTrack(rows: readonly RecordedRow[]): Fields[] {
  let tankPct = 100
  return rows.map((row, i) => {
    const [lat = 0, lon = 0] = row.values
    const minutes = (row.at - (rows[i - 1]?.at ?? row.at)) / MINUTE
    const speed = i === 0 ? 0 : speedKmh(rows[i - 1] as RecordedRow, row)
    const stands = speed === null || speed < STANDING_KMH
    const spraying = !stands && speed <= FASTEST_SPRINKLING_KMH && tankPct > 0
    const change = spraying ? (-FLOW_LPM / TANK_LITRES) * 100 : stands ? REFILL_PCT_MIN : 0
    tankPct = Math.min(100, Math.max(0, tankPct + change * minutes))
    return {
      tankPct: round1(tankPct),
      ...(speed === null ? {} : { speedKmh: round1(speed) }),
      lat,
      lon,
      spraying,
      flowLpm: spraying ? FLOW_LPM : 0,
    }
  })
}

/** Mean speed between two positions; null where it cannot be told. */
function speedKmh(from: RecordedRow, to: RecordedRow): number | null {
  const elapsed = to.at - from.at
  if (elapsed > LONGEST_STEP) return null
  const [fromLat = 0, fromLon = 0] = from.values
  const [lat = 0, lon = 0] = to.values
  const speed = distanceM([fromLon, fromLat], [lon, lat]) / 1000 / (elapsed / HOUR)
  return speed > FASTEST_KMH ? null : speed
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}
