import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/**
 * Linux gives each thread a nice value of its own: setpriority(2), "the nice value is a per-thread
 * attribute". One that is one higher weighs a fifth less where others want the same processor
 * (sched(7): a factor of about 1.25 each); where one is free it changes nothing.
 */
const THREADS = '/proc/self/task'
/** The highest nice value there is, setpriority(2). */
const LAST = 19

/**
 * Lets threads of this process come after its main thread where they want the same processor:
 * by name, as many nice values as are given. They cannot be raised again without rights. Threads
 * that begin later are not touched; on other systems than Linux nothing happens.
 */
export function lowerThreads(by: ReadonlyMap<string, number>): void {
  const main = getPriority(process.pid)
  for (const id of threads()) {
    const lower = by.get(nameOf(id))
    if (lower !== undefined) lowerThread(Number(id), Math.min(LAST, main + lower))
  }
}

/** None: this is not Linux, or a sandbox hides them. */
function threads(): string[] {
  try {
    return readdirSync(THREADS)
  } catch {
    return []
  }
}

/** Empty: the thread has ended meanwhile. */
function nameOf(id: string): string {
  try {
    return readFileSync(`${THREADS}/${id}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

function lowerThread(id: number, nice: number): void {
  try {
    setPriority(id, nice)
  } catch {
    // It has ended meanwhile, or a sandbox forbids it: as fast as it was before.
  }
}
