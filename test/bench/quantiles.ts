/** p50, p99 and the greatest of some durations. */
export function quantiles(durations: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...durations].sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
