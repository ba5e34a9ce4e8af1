import { generate } from 'mqtt-packet'
import { READINGS } from '../readings.ts'
import type { LoadDevice } from './protocol.ts'

/**
 * The packets of a connection, encoded once: one for each place in its window, with the place as
 * the packet identifier. To send one again is to overwrite the digits of its time and number,
 * which is safe when it was acknowledged: then the kernel has it no more.
 */
export interface Slots {
  /** All packets, one after the other. */
  readonly bytes: Buffer
  /** Where each begins; one more entry for the end of the last. */
  readonly starts: Int32Array
  readonly tsAt: Int32Array
  readonly seqAt: Int32Array
}

/** Numbers of a fixed width, so that a packet keeps its length: 13 digits of ms, 10 of seq. */
const TS = 1_111_111_111_111
const SEQ = 2_222_222_222

export function encodeSlots(device: LoadDevice, window: number): Slots {
  const packets = Array.from({ length: window }, (_, slot) => encode(device, slot))
  const starts = new Int32Array(window + 1)
  const tsAt = new Int32Array(window)
  const seqAt = new Int32Array(window)
  let at = 0
  for (const [slot, packet] of packets.entries()) {
    starts[slot] = at
    tsAt[slot] = at + packet.indexOf(String(TS))
    seqAt[slot] = at + packet.indexOf(String(SEQ))
    at += packet.length
  }
  starts[window] = at
  return { bytes: Buffer.concat(packets), starts, tsAt, seqAt }
}

function encode({ id, kind }: LoadDevice, slot: number): Buffer {
  const reading = READINGS[kind] as (n: number) => object
  return generate({
    cmd: 'publish',
    topic: `v1/${kind}/${id}/telemetry`,
    payload: JSON.stringify({ ts: TS, seq: SEQ, ...reading(slot) }),
    qos: 1,
    messageId: slot + 1,
    retain: false,
    dup: false,
  })
}

export function encodeConnect({ id, secret }: LoadDevice): Buffer {
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: id,
    username: id,
    password: Buffer.from(secret),
    clean: true,
    // Longer than any run: nobody has to ping.
    keepalive: 3600,
  })
}

/** Writes time and number into the packet of a slot. */
export function patch(slots: Slots, slot: number, ts: number, seq: number): void {
  const { bytes } = slots
  const ts0 = slots.tsAt[slot] as number
  const upper = Math.floor(ts / 1_000_000)
  writeDigits(bytes, ts0, upper, 7)
  writeDigits(bytes, ts0 + 7, ts - upper * 1_000_000, 6)
  writeDigits(bytes, slots.seqAt[slot] as number, seq, 10)
}

function writeDigits(bytes: Buffer, at: number, value: number, digits: number): void {
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const next = Math.floor(rest / 10)
    bytes[i] = 48 + rest - next * 10
    rest = next
  }
}
