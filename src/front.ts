import { join } from 'node:path'
import { AggregatorRegistry, type Registry } from 'prom-client'
import { openFrontDoor, type Passed } from './broker/front-door.ts'
import type { MqttPorts } from './broker/listen.ts'
import { SocketPairs } from './broker/pairs.ts'
import { PACKET_BYTES } from './cell.ts'
import { CellHandle } from './cells/handle.ts'
import type { AskCell } from './cells/protocol.ts'
import { Router } from './cells/router.ts'
import { mergeSamples } from './cells/samples.ts'
import type { Core, CoreParts } from './core.ts'
import { HealthSampler } from './exporter/health-sample.ts'
import { cellFolders, cellOf } from './model/partition.ts'
import type { Instant } from './model/time.ts'
import type { Clock } from './ops/clock.ts'
import type { Operations } from './processor/protocol.ts'
import { openStateReader, openTelemetryReader } from './store/open.ts'
import { LiveHub } from './wiring.ts'

/**
 * The front of a service of several cells: it takes connections and gives each to the cell of its
 * device, reads the state of all cells as one, and brings requests to the cells they concern
 * (docs/adr/0015). It keeps nothing itself.
 */
export interface FrontParts extends CoreParts {
  readonly ports: MqttPorts
  /** Gives the clock of all cells; `reached` is the time that is in their books. */
  readonly clockFrom: (reached: Instant) => Clock
}

const PROGRAM = new URL('./cell-process.ts', import.meta.url)

export async function openFront(parts: FrontParts): Promise<Core> {
  const { dataDir, kinds, location, metrics, health, log } = parts
  const cells = startCells(parts)
  const clock = await openCells(cells, parts)
  const state = openStateReader({ dataDir, cells: cells.length })
  const telemetry = openTelemetryReader({ dataDir, kinds, location, cells: cells.length })
  const askCell: AskCell = (cell, name, input) =>
    (cells[cell] as CellHandle).call('ask', { name, input }) as Promise<
      Operations[typeof name]['output']
    >
  const router = new Router(askCell, cells.length, state)
  await router.rules.reconcile().catch((error: unknown) => {
    log.error({ err: error }, 'a cell did not take the rules; trying again')
  })
  const hub = new LiveHub()
  for (const cell of cells) cell.on('events', (events) => hub.tell(events))
  const owner = (deviceId: string) => cells[cellOf(deviceId, cells.length)] as CellHandle
  const pairs = await SocketPairs.open(join(dataDir, 'front'))
  const door = await openFrontDoor({
    ports: parts.ports,
    pairs,
    packetBytes: PACKET_BYTES,
    // Whoever does not say who he is, is refused and counted by one and the same.
    give: ({ clientId, ...passed }: Passed) => owner(clientId ?? '').give(passed),
  })
  const sampler = new HealthSampler(performance.now())
  const all = (call: 'stop' | 'finish') => Promise.all(cells.map((cell) => cell.call(call, null)))

  return {
    clock,
    state,
    telemetry,
    address: door.address,
    metrics: {
      contentType: metrics.registry.contentType,
      metrics: () => sumMetrics(metrics.registry, cells),
    },
    serve: (connection, remote) => door.serve(connection, remote),
    ask: (name, input) => router.ask(name, input),
    troubles: () => [
      ...health.troubles(),
      ...cells.flatMap((cell) => cell.troubles),
      ...router.rules.troubles,
    ],
    warnings: () => [...health.warnings(), ...cells.flatMap((cell) => cell.warnings)],
    async replay(id) {
      const message = await state.quarantined(id)
      if (message !== null) await owner(message.deviceId).call('replay', id)
    },
    watch: (listener) => hub.watch(listener),
    async sample() {
      const samples = await Promise.all(cells.map((cell) => cell.call('health', null)))
      return mergeSamples(sampler, samples, process.memoryUsage.rss(), performance.now())
    },
    async stop() {
      router.rules.stop()
      door.close()
      await all('stop')
    },
    async finish() {
      await all('finish')
    },
    async close() {
      pairs.close()
      // The writers close last: they fold their write-ahead logs into the files.
      await state.close()
      await telemetry.close()
      await Promise.all(cells.map((cell) => cell.close()))
    },
  }
}

function startCells({ settings, onFatal }: FrontParts): CellHandle[] {
  return Array.from({ length: settings.CURBWATCH_CELLS }, (_, number) => {
    const cell = new CellHandle(number, PROGRAM)
    cell.on('died', onFatal)
    return cell
  })
}

/** All cells take up what is stored, and then go on by the same clock. */
async function openCells(cells: readonly CellHandle[], parts: FrontParts): Promise<Clock> {
  const { settings, city, location, log } = parts
  const folders = cellFolders(cells.length).map((folder) => join(parts.dataDir, folder))
  const reached = await Promise.all(
    cells.map((cell, i) =>
      cell.call('open', {
        dataDir: folders[i] as string,
        partition: { cell: i, of: cells.length },
        settings,
        city,
        location,
        logLevel: log.level,
      }),
    ),
  )
  const clock = parts.clockFrom(Math.max(...reached))
  await Promise.all(cells.map((cell) => cell.call('run', clock.setting)))
  for (const cell of cells) log.info({ cell: cell.cell, cellPid: cell.pid }, 'cell running')
  return clock
}

/** What the processes count, added up: each metric says how (most are sums). */
async function sumMetrics(own: Registry, cells: readonly CellHandle[]): Promise<string> {
  const all = await Promise.all(cells.map((cell) => cell.call('metrics', null)))
  return AggregatorRegistry.aggregate([await own.getMetricsAsJSON(), ...all]).metrics()
}
