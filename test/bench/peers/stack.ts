import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { anonymous } from './anonymous.ts'
import { Child, temporaryFolder } from './child.ts'
import { mosquittoMissing, startMosquitto } from './mosquitto.ts'
import type { Peer, Store } from './peer.ts'
import { tableOf } from './stack-tables.ts'

/** What a city assembles today: Mosquitto, a consumer with mqtt.js, the rows in SQLite. */
export const stack: Peer = {
  name: 'stack',
  promise: 'in memory; the consumer stores later',
  missing: mosquittoMissing,
  async start(devices) {
    const broker = await startMosquitto()
    const { folder, remove } = temporaryFolder()
    const file = join(folder, 'readings.db')
    const began = performance.now()
    const consumer = Child.fork('./stack-consumer.ts', [String(broker.port), file])
    await subscribed(consumer)
    const startMs = broker.startMs + performance.now() - began
    return {
      port: broker.port,
      devices: anonymous(devices),
      startMs,
      processes: { mosquitto: broker.child.pid, consumer: consumer.pid },
      store: storeOf(folder, file, broker, consumer),
      async stop() {
        await consumer.end()
        await broker.stop()
        remove()
      },
    }
  },
}

type Broker = Awaited<ReturnType<typeof startMosquitto>>

function storeOf(folder: string, file: string, broker: Broker, consumer: Child): Store {
  const count = () => ask(consumer, 'count')
  return {
    folder,
    count,
    /** Only the broker: its consumer stores what has reached it, which is the better case. */
    async killAndSettle() {
      await broker.child.end('SIGKILL')
      for (let before = -1, now = await count(); now !== before; ) {
        await new Promise((resolve) => setTimeout(resolve, 500))
        before = now
        now = await count()
      }
    },
    async numbersOf({ id, kind }) {
      const db = new DatabaseSync(file, { readOnly: true })
      const rows = db
        .prepare(
          `SELECT seq FROM ${tableOf(kind)} WHERE device = (SELECT n FROM devices WHERE id = ?)`,
        )
        .all(id) as { seq: number }[]
      db.close()
      return new Set(rows.map(({ seq }) => seq))
    },
  }
}

function subscribed(consumer: Child): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.process.once('message', () => resolve())
    consumer.process.once('exit', () => reject(new Error('the consumer did not start')))
  })
}

function ask(consumer: Child, question: string): Promise<number> {
  return new Promise((resolve, reject) => {
    consumer.process.once('message', (answer: number) => resolve(answer))
    consumer.process.send(question, (error) => error && reject(error))
  })
}
