import fc from 'fast-check'
import mqttPacket from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { connectId } from '../../../src/broker/connect-id.ts'
import { bytesOf, type Packet } from '../../support/raw.ts'

const LIMIT = 256 * 1024

function connect(more: object = {}): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: 'wl-1',
    username: 'wl-1',
    password: Buffer.from('secret'),
    ...more,
  } as never)
}

describe('the client id of a connection', () => {
  test('is found as soon as its last byte is there, whatever follows', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
        fc.constantFrom(3, 4),
        fc.uint8Array({ maxLength: 3000 }),
        (clientId, version, will) => {
          const bytes = connect({
            clientId,
            ...(version === 3 ? { protocolId: 'MQIsdp', protocolVersion: 3 } : {}),
            will: { topic: 'x', payload: Buffer.from(will), qos: 0, retain: false },
          })
          const end = bytes.indexOf(clientId, 12) + clientId.length
          for (let have = 0; have < end; have++) {
            expect(connectId(bytes.subarray(0, have), LIMIT)).toBeUndefined()
          }
          expect(connectId(bytes.subarray(0, end), LIMIT)).toBe(clientId)
          expect(connectId(bytes, LIMIT)).toBe(clientId)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('may be empty', () => {
    expect(connectId(connect({ clientId: '' }), LIMIT)).toBe('')
  })

  test.each<[string, Uint8Array]>([
    ['another packet', bytesOf({ cmd: 'pingreq' } as Packet)],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n')],
    ['another protocol in the packet', Buffer.from(connect()).fill(9, 2, 4)],
    ['version 5, which has properties before it', connect({ protocolVersion: 5 })],
    ['an id that no device has', connect({ clientId: 'x'.repeat(65) })],
    ['a length that has no end', Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0xff)],
    ['a packet that is announced to be too large', Uint8Array.of(0x10, 0x80, 0x80, 0x40)],
  ])('is not looked for in %s', (_name, bytes) => {
    expect(connectId(bytes, LIMIT)).toBeNull()
  })

  test('is found or not within 83 bytes, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 83, maxLength: 83 }), (bytes) => {
        expect(connectId(bytes, LIMIT)).not.toBeUndefined()
        bytes.set([0x10], 0)
        expect(connectId(bytes, LIMIT)).not.toBeUndefined()
      }),
    )
  })
})
