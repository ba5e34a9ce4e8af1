/** What must not outlive the benchmark, whatever ends it: processes and folders it has made. */
const pending = new Set<() => void>()

/** Calls `end` when the benchmark ends before the function that it returns was called. */
export function atTheEnd(end: () => void): () => void {
  pending.add(end)
  return () => pending.delete(end)
}

/** What is being started: it can be ended when it is there, and a signal waits for that. */
const starting = new Set<Promise<unknown>>()

/** Passes the promise on; a signal ends the benchmark when it is settled, not before. */
export function whileStarting<T>(promise: Promise<T>): Promise<T> {
  starting.add(promise)
  const over = () => starting.delete(promise)
  promise.then(over, over)
  return promise
}

function endAll(): void {
  for (const end of pending) end()
  pending.clear()
}

process.once('exit', endAll)
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, async () => {
    await Promise.allSettled(starting)
    // Whoever waited for it has its turn first, and says how it is ended.
    setImmediate(() => process.exit(code))
  })
}
