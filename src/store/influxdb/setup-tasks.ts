import { DAY, type Duration, MINUTE } from '../../model/time.ts'

/**
 * The tasks that fill `<bucket>_5m` (docs/influxdb.md): means under the field's name, maxima under
 * `<field>_max`, both at the end of their five minutes. A task that runs again over the same time
 * writes the same points again, so that overlaps and repeated runs change nothing.
 */
export interface InfluxTask {
  readonly name: string
  readonly flux: string
  /** How often it runs. */
  readonly everyMs: Duration
}

export function downsamplingTasks(from: string, to: string): readonly InfluxTask[] {
  return [
    // Twice its interval: a reading that came a minute too late for its run is in the next one.
    {
      name: 'curbwatch-5m',
      everyMs: 5 * MINUTE,
      flux: downsampling('curbwatch-5m', 'every: 5m, offset: 1m', '10m', from, to),
    },
    // What came later than that, for example after an outage. At night in China (UTC+8).
    {
      name: 'curbwatch-5m-late',
      everyMs: DAY,
      flux: downsampling('curbwatch-5m-late', 'cron: "17 19 * * *"', '49h', from, to),
    },
  ]
}

/**
 * Windows are cut at the hour's full five minutes, also where a run begins in between: a window
 * that the range cuts short would carry the time of the cut.
 */
function downsampling(
  name: string,
  schedule: string,
  span: string,
  from: string,
  to: string,
): string {
  return `import "date"

option task = {name: ${quote(name)}, ${schedule}}

stop = date.truncate(t: now(), unit: 5m)
readings =
    from(bucket: ${quote(from)})
        |> range(start: date.sub(from: stop, d: ${span}), stop: stop)
        |> filter(fn: (r) => r._field != "receivedAt" and r._field != "seq")

readings
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false)
    |> to(bucket: ${quote(to)})

readings
    |> aggregateWindow(every: 5m, fn: max, createEmpty: false)
    |> map(fn: (r) => ({r with _field: r._field + "_max"}))
    |> to(bucket: ${quote(to)})
`
}

/** A Flux string: `\${` would begin an expression. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('${', '\\${')
}
