import { hash53 } from './hash.ts'

/**
 * How devices are shared out between cells. A device belongs to the cell `cellOf` names, for as
 * long as its data exists: so neither this function nor `hash53` may ever change, nor the number
 * of cells of a data directory (docs/adr/0015).
 */
export interface Partition {
  /** From 0. */
  readonly cell: number
  readonly of: number
}

/** The one cell of a service that is one process. */
export const ONE_CELL: Partition = { cell: 0, of: 1 }

/** The cell that a device belongs to. */
export function cellOf(deviceId: string, cells: number): number {
  return hash53(deviceId) % cells
}

/** The folders of the cells in the data directory; one cell alone has the directory itself. */
export function cellFolders(cells: number): string[] {
  return cells === 1 ? ['.'] : Array.from({ length: cells }, (_, cell) => `cell-${cell}`)
}

/** A name for the n-th thing of a cell that no other cell gives. */
export function localId(prefix: string, n: number, { cell, of }: Partition): string {
  return of === 1 ? `${prefix}-${n}` : `${prefix}-${cell}-${n}`
}

/**
 * Numbers that the cells give without asking each other: cell n of N gives n + 1, n + 1 + N, ...
 * `last`: the last one that was given; 0: none.
 */
export function nextNumber(last: number, { cell, of }: Partition): number {
  return last === 0 ? cell + 1 : last + of
}
