import { cellOf } from '../../src/model/partition.ts'

/** Ids of devices that belong to certain cells of so many. */
export function idsIn(cell: number, of: number, count: number, prefix = 'wl'): string[] {
  const ids: string[] = []
  for (let n = 1; ids.length < count; n++) {
    const id = `${prefix}-${n}`
    if (cellOf(id, of) === cell) ids.push(id)
  }
  return ids
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
