import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maySubscribe, ownMessage } from '../../../src/broker/access.ts'
import { Credentials } from '../../../src/broker/credentials.ts'

const ME = { id: 'dev-1', kind: 'probe' }

describe('publishing', () => {
  test.each(['telemetry', 'status', 'reply'] as const)('its own %s', (channel) => {
    const topic = `v1/probe/dev-1/${channel}`
    expect(ownMessage(ME, topic)).toEqual({ kind: 'probe', deviceId: 'dev-1', channel, topic })
  })

  const level = fc.oneof(
    fc.constantFrom('v1', 'probe', 'dev-1', 'dev-2', 'telemetry', 'command', '+', '#', '', '$SYS'),
    fc.string({ maxLength: 5 }),
  )
  const topics = fc.oneof(
    fc.array(level, { maxLength: 6 }).map((levels) => levels.join('/')),
    fc.string(),
  )

  test('nothing else, whatever it is called', () => {
    const own = ['telemetry', 'status', 'reply'].map((channel) => `v1/probe/dev-1/${channel}`)
    fc.assert(
      fc.property(topics, (topic) => {
        expect(ownMessage(ME, topic) !== null).toBe(own.includes(topic))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    'v1/probe/dev-1/command',
    'v1/probe/dev-2/telemetry',
    'v1/dust/dev-1/telemetry',
    'v2/probe/dev-1/telemetry',
    'v1/probe/dev-1/telemetry/x',
    '/v1/probe/dev-1/telemetry',
    'v1/probe/dev-1',
    'v1/+/dev-1/telemetry',
  ])('not %s', (topic) => {
    expect(ownMessage(ME, topic)).toBeNull()
  })

  /** MQTT 3.1.1, 4.7: does the filter match the topic? */
  function matches(filter: string, topic: string): boolean {
    const wanted = filter.split('/')
    const levels = topic.split('/')
    for (const [i, one] of wanted.entries()) {
      if (one === '#') return !topic.startsWith('$') || i > 0
      if (levels[i] === undefined || (one !== '+' && one !== levels[i])) return false
    }
    return wanted.length === levels.length
  }

  test('a filter that is allowed matches no topic of anyone else', () => {
    const others = [
      'v1/probe/dev-2/command',
      'v1/probe/dev-11/command',
      'v1/dust/dev-1/command',
      'v1/dust/dev-2/telemetry',
      '$SYS/broker/version',
      'v1/probe',
    ]
    fc.assert(
      fc.property(topics, (filter) => {
        if (!maySubscribe(ME, filter)) return
        expect(others.filter((topic) => matches(filter, topic))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['v1/probe/dev-1/command', true],
    ['v1/probe/dev-1/+', true],
    ['v1/probe/dev-1/#', true],
    ['v1/probe/+/command', false],
    ['v1/+/dev-1/command', false],
    ['+/probe/dev-1/command', false],
    ['v1/probe/dev-2/command', false],
    ['v1/probe/dev-1/command/#', false],
    ['v1/probe/#', false],
    ['#', false],
    ['$SYS/#', false],
    ['', false],
  ])('subscribing to %s: %s', (filter, allowed) => {
    expect(maySubscribe(ME, filter)).toBe(allowed)
  })
})

describe('the list at the door', () => {
  const secret = (text: string) => new TextEncoder().encode(text)
  function door(): Credentials {
    const credentials = new Credentials((given, hash) => new TextDecoder().decode(given) === hash)
    credentials.set({ ...ME, secretHash: 'right', enabled: true })
    credentials.set({ id: 'off', kind: 'probe', secretHash: 'right', enabled: false })
    return credentials
  }

  test('lets a device in as itself', () => {
    expect(door().authenticate('dev-1', 'dev-1', secret('right'))).toEqual({ ok: true, value: ME })
  })

  test.each<[string, string, string | undefined, Uint8Array | undefined, string]>([
    ['no user name', 'dev-1', undefined, secret('right'), 'CREDENTIALS_WRONG'],
    ['no password', 'dev-1', 'dev-1', undefined, 'CREDENTIALS_WRONG'],
    ['a wrong password', 'dev-1', 'dev-1', secret('wrong'), 'CREDENTIALS_WRONG'],
    ['an unknown device', 'dev-9', 'dev-9', secret('right'), 'CREDENTIALS_WRONG'],
    ['a disabled device', 'off', 'off', secret('right'), 'CREDENTIALS_WRONG'],
    ['another client id', 'dev-2', 'dev-1', secret('right'), 'CLIENT_ID_MISMATCH'],
    // Who does not know the secret is not told that the name is right.
    ['both wrong', 'dev-2', 'dev-1', secret('wrong'), 'CREDENTIALS_WRONG'],
  ])('refuses %s', (_name, clientId, username, password, error) => {
    expect(door().authenticate(clientId, username, password)).toEqual({ ok: false, error })
  })

  test('follows every change', () => {
    const credentials = door()
    credentials.set({ ...ME, secretHash: 'new', enabled: true })
    expect(credentials.authenticate('dev-1', 'dev-1', secret('right')).ok).toBe(false)
    expect(credentials.authenticate('dev-1', 'dev-1', secret('new')).ok).toBe(true)
    credentials.remove('dev-1')
    expect(credentials.authenticate('dev-1', 'dev-1', secret('new')).ok).toBe(false)
  })
})
