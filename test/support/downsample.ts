import type { Series } from '../../src/store/influxdb/connection.ts'
import { connectInflux } from '../../src/store/influxdb/connection.ts'
import { eventually } from './eventually.ts'
import type { InfluxServer } from './influx-servers.ts'
import { type Doc, iso, MINUTE } from './service.ts'

/**
 * Fills `telemetry_5m`: on InfluxDB 2 by the task that `stack setup` has left there, run as if it
 * were due; on 1.x, which has no tasks, by the same means and maxima asked for in InfluxQL and
 * written at the end of their five minutes.
 */
export async function downsample(server: InfluxServer, until: number): Promise<void> {
  if (server.name === 'InfluxDB 2') await runTask(server, 'curbwatch-5m-late', until)
  else await byInfluxql(server, until)
}

async function runTask(server: InfluxServer, name: string, at: number): Promise<void> {
  const call = async (method: string, path: string, body?: object): Promise<Doc> => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Token ${server.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const content = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${content}`)
    return JSON.parse(content)
  }
  const [task] = (await call('GET', `/api/v2/tasks?name=${name}`)).tasks
  const due = Math.ceil(at / MINUTE) * MINUTE
  const scheduledFor = iso(due).replace('.000', '')
  const { id } = await call('POST', `/api/v2/tasks/${task.id}/runs`, { scheduledFor })
  await eventually(async () => {
    const run = await call('GET', `/api/v2/tasks/${task.id}/runs/${id}`)
    if (run.status === 'failed') throw new Error(JSON.stringify(run.log))
    return run.status === 'success'
  })
}

async function byInfluxql(server: InfluxServer, until: number): Promise<void> {
  const connection = connectInflux(server.location('telemetry'))
  const time = `time >= ${until - 49 * 60 * MINUTE}ms AND time < ${until}ms`
  const functions = [
    ['mean', ''],
    ['max', '_max'],
  ] as const
  try {
    for (const [name, suffix] of functions) {
      const found = await server.query(
        'telemetry',
        `SELECT ${name}(*) FROM /.*/ WHERE ${time} GROUP BY time(5m), * fill(none)`,
      )
      const lines = found.flatMap((series) => linesOf(series, `${name}_`, suffix))
      const answer = await connection.write('telemetry_5m', 'ms', lines)
      if (!answer.ok) throw new Error(answer.message)
    }
  } finally {
    await connection.close()
  }
}

function linesOf({ name, tags = {}, columns, values }: Series, prefix: string, suffix: string) {
  return values.flatMap((row) => {
    const fields = columns.flatMap((column, i) => {
      const field = column.slice(prefix.length)
      const value = row[i]
      if (i === 0 || value === null || field === 'receivedAt' || field === 'seq') return []
      return [`${field}${suffix}=${value}`]
    })
    const end = Number(row[0]) + 5 * MINUTE
    const key = `${name},device=${tags['device']},district=${tags['district']}`
    return fields.length === 0 ? [] : [`${key} ${fields.join(',')} ${end}`]
  })
}
