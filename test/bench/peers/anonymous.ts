import type { LoadDevice } from '../load/protocol.ts'
import { loadDevice } from '../readings.ts'

/** Devices of a server that asks nobody who they are. */
export function anonymous(count: number): LoadDevice[] {
  return Array.from({ length: count }, (_, i) => ({ ...loadDevice(i), secret: 'any' }))
}
