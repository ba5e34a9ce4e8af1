import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Ingest } from '../../../src/ingest/ingest.ts'
import type { Journal } from '../../../src/journal/port.ts'

/** What waits for the rules holds devices back, at the door, before anything is acknowledged. */

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function ingestOf(maxBacklog: number) {
  const journal = { lastSeq: 0, pendingBytes: 0, storedBytes: 0, onSettled() {} }
  const ingest = new Ingest({
    journal: journal as unknown as Journal,
    now: () => 0,
    real: (span) => span,
    messagesPerSecond: 1,
    maxJournalBytes: 1e9,
    maxBacklog,
    observe: { received() {}, stored() {}, shed() {} },
  })
  let rooms = 0
  ingest.onRoom(() => rooms++)
  return { ingest, journal, rooms: () => rooms }
}

test('devices wait while more records wait for the rules than may, and go on afterwards', () => {
  const { ingest, journal, rooms } = ingestOf(100)
  journal.lastSeq = 150
  ingest.follow(50)
  expect(ingest.crowded).toBe(false)
  journal.lastSeq = 151
  ingest.follow(50)
  const before = rooms()
  expect(ingest.crowded).toBe(true)
  ingest.follow(50)
  expect(rooms()).toBe(before)
  ingest.follow(51)
  expect(ingest.crowded).toBe(false)
  expect(rooms()).toBe(before + 1)
})

test('rules that stand still hold nobody back: the journal takes what comes until they go on', () => {
  const { ingest, journal } = ingestOf(100)
  journal.lastSeq = 1000
  ingest.follow(10)
  vi.advanceTimersByTime(29_000)
  ingest.follow(10)
  expect(ingest.crowded).toBe(true)
  vi.advanceTimersByTime(2_000)
  ingest.follow(10)
  expect(ingest.crowded).toBe(false)
  ingest.follow(11)
  expect(ingest.crowded).toBe(true)
})
