import type { MqttClient } from 'mqtt'
import { allFields, type DeviceKind } from '../../src/model/device-kind.ts'
import type { FieldValue } from '../../src/model/reading.ts'
import type { Doc, Registered, Service } from './service.ts'

/**
 * Devices beside the simulated fleet, so that what a board shows does not hang on chance: one of
 * each kind in each district and in none, each telling every field of its kind and always in a bad
 * way; of each kind one that recovers, so that its case is closed; and in each place one that falls
 * silent. What they tell follows from the kind's profile, so a new kind has its witnesses too.
 */

/** Where half of the range is not plausible, or a limit is below which things are bad. */
const BAD: Readonly<Record<string, Readonly<Record<string, FieldValue>>>> = {
  dust: { pm10: 400, pm25: 120, tsp: 900 },
  'sprinkler-truck': { tankPct: 1, speedKmh: 12 },
  'tree-tilt': { tiltXDeg: 12, tiltYDeg: 3 },
}
/** Where nothing at all is bad too. */
const GOOD: typeof BAD = { 'sprinkler-truck': { tankPct: 60 } }
const EVERY_MS = 500
/** Turns after which those that recover do so: longer than any rule of the catalogue holds. */
const BAD_TURNS = 25
/** South of the city: in no district, but on the map. */
const OUTSIDE = { lat: 34.7, lon: 118.35 }

interface Witness {
  readonly device: Registered
  readonly fields: Readonly<Record<string, FieldValue>>
  /** What it tells once it has recovered. */
  readonly later?: Readonly<Record<string, FieldValue>>
  client: MqttClient | null
}

export class Witnesses {
  readonly #service: Service
  readonly #kinds: readonly DeviceKind[]
  readonly #all: Witness[] = []
  #seq = 0
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> = Promise.resolve()

  constructor(service: Service, kinds: readonly DeviceKind[]) {
    this.#service = service
    this.#kinds = kinds
  }

  /** Registers and connects them beside devices of the fleet, which say where the districts are. */
  async register(fleet: readonly Doc[]): Promise<void> {
    const places = new Map<string, { lat: number; lon: number }>([['none', OUTSIDE]])
    for (const { districtId, lat, lon } of fleet) {
      if (districtId !== null && !places.has(districtId)) places.set(districtId, { lat, lon })
    }
    for (const [district, place] of places) {
      for (const kind of this.#kinds) {
        const device = await this.#service.register(
          kind.name,
          witnessId(kind.name, district),
          place,
        )
        this.#all.push({ device, fields: badFields(kind, place), client: null })
      }
      await this.#fallSilent(district, place)
    }
    for (const kind of this.#kinds) {
      const device = await this.#service.register(kind.name, `mended-${kind.name}`, OUTSIDE)
      const [fields, later] = [badFields(kind, OUTSIDE), goodFields(kind, OUTSIDE)]
      this.#all.push({ device, fields, later, client: null })
    }
    await this.connect()
  }

  async connect(): Promise<void> {
    for (const witness of this.#all) witness.client = await this.#service.connect(witness.device)
  }

  /** Each sends one more reading. */
  async send(): Promise<void> {
    const seq = ++this.#seq
    await Promise.all(
      this.#all.map(({ client, device, fields, later = fields }) => {
        const told = seq > BAD_TURNS ? later : fields
        return client === null ? null : this.#service.send(client, device, { seq, ...told })
      }),
    )
  }

  /** Sends until told otherwise, and now and then something that is no reading. */
  keepSending(): void {
    const turn = async () => {
      await this.send()
      const [first] = this.#all
      if (first?.client) await this.#service.send(first.client, first.device, '{"no json')
    }
    this.#timer = setInterval(() => {
      // A turn that takes longer than its time is not overtaken by the next.
      this.#sending = this.#sending.then(turn).catch(() => {})
    }, EVERY_MS)
  }

  async stopSending(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sending
  }

  /** One reading, and then none any more: a case of the rule about silence. */
  async #fallSilent(district: string, place: object): Promise<void> {
    const [kind] = this.#kinds.toSorted((a, b) => a.reportInterval - b.reportInterval)
    if (kind === undefined) return
    const device = await this.#service.register(kind.name, `mute-${district}`, place)
    const client = await this.#service.connect(device)
    await this.#service.send(client, device, { batteryPct: 80 })
  }
}

export function witnessId(kind: string, district: string): string {
  return `witness-${kind}-${district}`
}

type Place = { readonly lat: number; readonly lon: number }

function badFields(kind: DeviceKind, place: Place): Record<string, FieldValue> {
  return told(kind, place, (min, max) => (min + max) / 4, true, BAD)
}

function goodFields(kind: DeviceKind, place: Place): Record<string, FieldValue> {
  return told(kind, place, (min, max) => Math.min(max, Math.max(min, 0)), false, GOOD)
}

/** Every field of the kind, by its range. */
function told(
  kind: DeviceKind,
  place: Place,
  level: (min: number, max: number) => number,
  on: boolean,
  otherwise: typeof BAD,
): Record<string, FieldValue> {
  const entries = Object.entries(allFields(kind)).map(([name, field]) => [
    name,
    field.type === 'number' ? level(field.min, field.max) : on,
  ])
  const fields = { ...Object.fromEntries(entries), ...otherwise[kind.name] }
  return 'lat' in fields ? { ...fields, ...place } : fields
}
