import fc from 'fast-check'
import { expect, test } from 'vitest'
import { laneWorld, PING, publish, TOPIC, turn } from '../../support/lane-world.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

test('acknowledgements of one tick leave in one write, in the order of the messages', async () => {
  const { receiver, connect } = laneWorld()
  const { socket } = await connect()
  socket.push(Buffer.concat(numbers(50).map((id) => publish(id, `m${id}`))))
  await turn()
  expect(receiver.messages.map((one) => String(one.payload))).toEqual(
    numbers(50).map((id) => `m${id}`),
  )
  expect(receiver.messages[0]).toMatchObject({
    topic: TOPIC,
    kind: 'dust',
    deviceId: 'd-1',
    qos: 1,
  })
  for (const done of receiver.open) done(null)
  await turn()
  expect(socket.written).toHaveLength(1)
  expect(socket.acked).toEqual(numbers(50))
})

test('whoever is answered first, PUBACKs keep the order of the PUBLISHes', async () => {
  const orders = fc.integer({ min: 1, max: 30 }).chain((count) =>
    fc.record({
      answers: fc.shuffledSubarray(numbers(count), { minLength: count, maxLength: count }),
      qos0: fc.uniqueArray(fc.integer({ min: 1, max: count })),
    }),
  )
  await fc.assert(
    fc.asyncProperty(orders, async ({ answers, qos0 }) => {
      const { receiver, connect } = laneWorld()
      const { socket } = await connect()
      const wanted = numbers(answers.length).filter((n) => !qos0.includes(n))
      for (const n of numbers(answers.length)) socket.push(publish(qos0.includes(n) ? 0 : n, ''))
      await turn()
      for (const n of answers) {
        receiver.open[n - 1]?.(null)
        await turn()
        expect(socket.acked).toEqual(wanted.slice(0, socket.acked.length))
      }
      expect(socket.acked).toEqual(wanted)
    }),
  )
})

test('an error ends the connection: what was answered before is acknowledged, nothing after', async () => {
  const { receiver, connect } = laneWorld()
  const { socket } = await connect()
  for (const id of numbers(4)) socket.push(publish(id, ''))
  await turn()
  const [first, second, third, fourth] = receiver.open
  first?.(null)
  third?.(null)
  second?.(new Error('not on disk'))
  fourth?.(null)
  await turn()
  expect(socket.acked).toEqual([1])
  expect(socket.destroyed).toBe(true)
})

test('an error at QoS 0 ends nothing', async () => {
  const { receiver, connect } = laneWorld()
  const { socket } = await connect()
  socket.push(Buffer.concat([publish(0, ''), publish(1, '')]))
  await turn()
  for (const [i, done] of receiver.open.entries()) done(i === 0 ? new Error('dropped') : null)
  await turn()
  expect([socket.acked, socket.destroyed]).toEqual([[1], false])
})

test('the receiver and aedes get what is theirs, in the order in which it was sent', async () => {
  const frame = fc.constantFrom('ping', 'status', 'qos0', 'qos1')
  const splits = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 30 }),
      splits,
      fc.array(fc.boolean(), { minLength: 1 }),
      async (kinds, sizes, turns) => {
        const { receiver, connect, log, aedesIsDone } = laneWorld()
        const { lane, socket } = await connect()
        const sent = kinds.map((kind, i) => {
          if (kind === 'ping') return PING
          if (kind === 'status') return publish(i + 1, `s${i}`, 'v1/dust/d-1/status')
          return publish(kind === 'qos0' ? 0 : i + 1, `t${i}`)
        })
        const all = Buffer.concat(sent)
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = sizes[i % sizes.length] as number
          socket.push(all.subarray(at, at + size))
          at += size
        }
        // Answers come whenever they like, but they come.
        for (let i = 0; i < 8 * kinds.length + 8; i++) {
          await turn()
          if (turns[i % turns.length] || i % 7 === 0) receiver.open.shift()?.(null)
          else aedesIsDone(lane)
          if (i % 5 === 0) aedesIsDone(lane)
        }
        // aedes may get several in one piece: compared is the text of it all.
        const text = log.map((line) => line.replace(/^(aedes|receiver) /s, '')).join('')
        const expected = kinds.map((kind, i) =>
          kind.startsWith('qos') ? `t${i}` : (sent[i] as Buffer).toString('latin1'),
        )
        expect(text).toBe(expected.join(''))
      },
    ),
    { numRuns: 60 },
  )
})

test('aedes waits for the answers before it; telemetry waits until aedes is done', async () => {
  const { receiver, connect, log, aedesIsDone } = laneWorld()
  const { lane, socket } = await connect()
  socket.push(Buffer.concat([publish(1, 'a'), PING, PING, publish(2, 'b')]))
  await turn()
  expect(log).toEqual(['receiver a'])
  receiver.open.shift()?.(null)
  await turn()
  const both = `aedes ${Buffer.concat([PING, PING]).toString('latin1')}`
  expect(log).toEqual(['receiver a', both])
  await turn()
  expect(log).toHaveLength(2)
  aedesIsDone(lane)
  await turn()
  expect(log).toEqual(['receiver a', both, 'receiver b'])
})

test('while the receiver is crowded the lanes wait, and go on in the order of their coming', async () => {
  const { receiver, connect, log } = laneWorld()
  const lanes = [await connect(), await connect(), await connect()]
  receiver.crowded = true
  for (const [i, { socket }] of lanes.entries()) socket.push(publish(1, `m${i}`))
  await turn()
  expect(log.filter((line) => line.startsWith('receiver'))).toEqual([])
  expect(lanes.map(({ socket }) => socket.isPaused())).toEqual([true, true, true])
  lanes[1]?.lane.destroy()
  receiver.makeRoom()
  expect(log.filter((line) => line.startsWith('receiver'))).toEqual(['receiver m0', 'receiver m2'])
  expect(lanes.map(({ socket }) => socket.isPaused())).toEqual([false, true, false])
})

test('a connection may have 256 KiB unanswered, then it is not read', async () => {
  const { receiver, connect } = laneWorld()
  const { socket } = await connect()
  for (const id of numbers(10)) socket.push(publish(id, 'x'.repeat(64 * 1024)))
  await turn()
  await turn()
  expect(receiver.messages).toHaveLength(4)
  expect(socket.isPaused()).toBe(true)
  while (receiver.messages.length < 10) {
    receiver.open.shift()?.(null)
    await turn()
    expect(receiver.open.length).toBeLessThanOrEqual(4)
  }
  expect(socket.isPaused()).toBe(false)
})

test('a device that does not take its acknowledgements is not read', async () => {
  const { receiver, connect } = laneWorld()
  const { socket } = await connect()
  socket.stuck = []
  let id = 0
  for (let round = 0; round < 100 && !socket.isPaused(); round++) {
    socket.push(Buffer.concat(numbers(1000).map(() => publish((id++ % 65_535) + 1, ''))))
    await turn()
    for (const done of receiver.open.splice(0)) done(null)
    await turn()
    await turn()
  }
  const stuck = receiver.messages.length
  expect(socket.isPaused()).toBe(true)
  expect(stuck).toBeLessThan(100_000)
  const release = socket.stuck
  socket.stuck = null
  for (const done of release) done()
  await turn()
  await turn()
  expect(receiver.messages.length).toBe(id)
  for (const done of receiver.open.splice(0)) done(null)
  await turn()
  expect(socket.acked).toHaveLength(id)
})

test('a device is heard once for each piece that it sends', async () => {
  const { connect } = laneWorld()
  const { socket, heard } = await connect()
  socket.push(Buffer.concat(numbers(100).map((id) => publish(id, ''))))
  await turn()
  expect(heard()).toBe(1)
  socket.push(PING)
  await turn()
  expect(heard()).toBe(1)
})

test('once the lane takes no more, telemetry goes to aedes as it came', async () => {
  const { connect, given, receiver } = laneWorld()
  const { lane, socket } = await connect()
  lane.takeNoMore()
  const packets = [publish(1, 'a'), publish(2, 'b')]
  socket.push(Buffer.concat(packets))
  await turn()
  expect(Buffer.concat(given)).toEqual(Buffer.concat(packets))
  expect(receiver.messages).toEqual([])
})

test('what had come before the link broke is worked off; then aedes is told', async () => {
  for (const error of [null, new Error('reset')]) {
    const { receiver, connect, log, aedesIsDone } = laneWorld()
    const { lane, socket } = await connect()
    let ended = ''
    lane.on('end', () => {
      ended = 'end'
    })
    lane.on('error', (it) => {
      ended = it.message
    })
    socket.push(Buffer.concat([publish(1, 'a'), PING]))
    await turn()
    socket.on('error', () => {})
    if (error === null) socket.push(null)
    socket.destroy(error ?? undefined)
    await turn()
    expect([ended, log]).toEqual(['', ['receiver a']])
    receiver.open.shift()?.(null)
    await turn()
    expect(log).toEqual(['receiver a', `aedes ${PING.toString('latin1')}`])
    aedesIsDone(lane)
    await turn()
    expect(ended).toBe(error?.message ?? 'end')
  }
})
