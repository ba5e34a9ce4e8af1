import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Who waits for whom when the processor is short: devices wait for acknowledgements, nobody waits
 * for a stored row. Linux schedules threads, each with a nice value of its own, which the threads
 * that it begins inherit; elsewhere nothing is changed.
 */

/** Between the default and the least; a tenth of an ordinary thread's share. Unsourced default. */
const BACKGROUND = 10

/** This thread, and those that it begins from now on, give way to the rest of the process. */
export function giveWay(): void {
  try {
    // "<process>/task/<thread>"
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (Number.isInteger(thread)) setPriority(thread, BACKGROUND)
  } catch {
    // No such system, or one that does not allow it: then all threads are alike.
  }
}
