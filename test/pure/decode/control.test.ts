import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeReply, decodeStatus } from '../../../src/decode/control.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('a status is one of two words and nothing else', () => {
  expect(decodeStatus(bytes('online'))).toBe('online')
  expect(decodeStatus(bytes('offline'))).toBe('offline')
  for (const other of ['', 'Online', 'online ', '"online"', 'on']) {
    expect(decodeStatus(bytes(other)), other).toBeNull()
  }
})

test.each<[string, unknown]>([
  ['{"id":"c1","ok":true}', { id: 'c1', ok: true }],
  ['{"id":"c1","ok":false,"detail":"jammed"}', { id: 'c1', ok: false, detail: 'jammed' }],
  ['{"id":"c1","ok":true,"detail":null}', { id: 'c1', ok: true, detail: null }],
  ['{"id":"c1","ok":"yes"}', null],
  ['{"id":"","ok":true}', null],
  ['{"ok":true}', null],
  ['[]', null],
  ['null', null],
  ['{', null],
  ['', null],
])('reply %s', (text, reply) => {
  expect(decodeReply(bytes(text))).toEqual(reply)
})

test('any bytes give a reply or none, and no throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
      expect([null, 'online', 'offline']).toContain(decodeStatus(payload))
      decodeReply(payload)
    }),
  )
})
