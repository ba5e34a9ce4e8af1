/**
 * Realistic readings of the six kinds that call for nobody: the n-th one of a device. No value
 * reaches a limit, so that a run measures the path of a message and not the opening of cases.
 */
export const READINGS: Readonly<Record<string, (n: number) => object>> = {
  waterlogging: (n) => ({
    depthCm: (n % 20) / 10,
    rainfallMmH: n % 7,
    batteryPct: 90,
    rssiDbm: -80,
  }),
  dust: (n) => ({
    pm10: 60 + (n % 20),
    pm25: 30 + (n % 5),
    tsp: 120 + (n % 9),
    noiseDb: 55,
    temperatureC: 20.5,
    humidityPct: 50,
    windSpeedMs: 2.4,
    windDirDeg: 90,
  }),
  'tree-tilt': (n) => ({ tiltXDeg: (n % 10) / 100, tiltYDeg: 0.1, windSpeedMs: 3.1 }),
  'oil-fume': (n) => ({
    oilFumeMgM3: (n % 10) / 10,
    particulateMgM3: 2,
    nmhcMgM3: 3,
    fanOn: true,
    purifierOn: true,
  }),
  'manhole-cover': (n) => ({
    tiltDeg: (n % 10) / 10,
    open: false,
    waterLevelCm: 20,
    methanePctLel: 1,
  }),
  'sprinkler-truck': () => ({
    tankPct: 50,
    speedKmh: 30,
    lat: 35.05,
    lon: 118.3,
    spraying: false,
    flowLpm: 0,
  }),
}

/** The kinds of a fleet, in turn. */
export const LOAD_KINDS: readonly string[] = Object.keys(READINGS)

/** A device of the load: `load-<i>`, the kinds in turn. */
export function loadDevice(i: number): { id: string; kind: string } {
  return { id: `load-${i}`, kind: LOAD_KINDS[i % LOAD_KINDS.length] as string }
}
