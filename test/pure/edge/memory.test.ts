import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { collect, RushWatch, WORTH_BYTES } from '../../../src/ops/memory.ts'

const MB = 1024 * 1024
const quiet = (mb: number) => ({ utilization: 0.02, heapBytes: mb * MB })
const busy = (mb: number) => ({ utilization: 0.9, heapBytes: mb * MB })

/** What the watch says of second after second. */
const said = (...seconds: { utilization: number; heapBytes: number }[]) => {
  const watch = new RushWatch(WORTH_BYTES.foreground, 60 * MB)
  return seconds.map((second) => watch.isOver(second))
}

test('a rush is over after two quiet seconds, once', () => {
  const seconds = [quiet(60), busy(150), quiet(200), quiet(200), quiet(200), quiet(200)]
  expect(said(...seconds)).toEqual([false, false, false, true, false, false])
})

test('a gap is not the end of it', () => {
  const seconds = [quiet(60), busy(150), quiet(200), busy(200), quiet(200), busy(200)]
  expect(said(...seconds)).not.toContain(true)
})

test('a rush in the very first second is one, too', () => {
  expect(said(busy(150), quiet(150), quiet(150))).toEqual([false, false, true])
})

test('a heap that has not grown much is not worth a pause', () => {
  expect(said(quiet(60), busy(90), quiet(91), quiet(91), quiet(91))).not.toContain(true)
})

test('what a rush needs for good is not collected again; the next rush is', () => {
  const first = [quiet(60), busy(200), quiet(200), quiet(200)]
  // V8 takes its time to give back.
  const after = [quiet(200), quiet(200), quiet(140), quiet(140), quiet(140)]
  const second = [busy(180), quiet(180), quiet(180)]
  const all = said(...first, ...after, ...second)
  expect(all.flatMap((over, i) => (over ? [i] : []))).toEqual([3, 11])
})

test('a collection takes what nobody holds', async () => {
  const held = (() => new WeakRef({ much: new Array(1000).fill(0) }))()
  // A WeakRef keeps its target until the present job is over.
  await new Promise((resolve) => setImmediate(resolve))
  expect(held.deref()).toBeDefined()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(held.deref()).toBeUndefined()
})

test('V8 knows the flags by which its collector is set up', () => {
  const module = fileURLToPath(new URL('../../../src/ops/memory.ts', import.meta.url))
  const code = `import { setUpCollector } from ${JSON.stringify(module)}; setUpCollector()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code])
  // What it does not know it says there, and goes on.
  expect(stderr.toString()).toBe('')
  expect(status).toBe(0)
})
