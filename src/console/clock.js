/**
 * The service's clock as the page knows it: the last answer of /healthz, moved on locally at the
 * service's own speed (a simulated city may run 60 times as fast). All ages and due times on the
 * page are measured with it, never with the computer's clock.
 */

let base = Date.now()
let readAt = performance.now()
let speed = 1

/** @param {import('./types.d.ts').Health} health */
export function setClock(health) {
  const time = Date.parse(health.time)
  if (Number.isNaN(time)) return
  base = time
  readAt = performance.now()
  speed = health.clockSpeed ?? 1
}

/** Now, in epoch milliseconds of the service. */
export function serviceNow() {
  return base + (performance.now() - readAt) * speed
}

export function clockSpeed() {
  return speed
}
