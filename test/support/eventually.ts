/** How long a condition may take to come true on a busy machine before the test fails. */
const WITHIN_MS = 20_000
const EVERY_MS = 20

/**
 * Waits until `look` neither throws nor answers false, null or undefined; gives its answer. At
 * the deadline it fails with what `look` said last. How long it takes decides nothing.
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  within: number = WITHIN_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + within
  for (;;) {
    let said: unknown
    try {
      const answer = await look()
      if (answer !== false && answer !== null && answer !== undefined) return answer as never
      said = new Error(`after ${within} ms the answer was still ${String(answer)}`)
    } catch (error) {
      said = error
    }
    if (performance.now() > deadline) throw said
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
