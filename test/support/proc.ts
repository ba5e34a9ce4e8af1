import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What Linux knows of a process. On other systems these figures are missing, not guessed. */

/** Linux tells CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10

/** CPU and bytes caused to be written to disk of a process by thread, since its start. */
export interface ThreadUse {
  readonly name: string
  readonly cpuMs: number
  readonly writtenBytes: number
}

export interface Thread extends ThreadUse {
  /** From -20, first, to 19, last: setpriority(2). */
  readonly nice: number
}

export function threadsOf(pid: number): Map<string, Thread> {
  const threads = new Map<string, Thread>()
  for (const tid of list(`/proc/${pid}/task`)) {
    const stat = read(`/proc/${pid}/task/${tid}/stat`)
    if (stat === null) continue
    // The name stands in parentheses and may hold anything.
    const end = stat.lastIndexOf(')')
    const rest = stat.slice(end + 2).split(' ')
    const io = read(`/proc/${pid}/task/${tid}/io`) ?? ''
    threads.set(tid, {
      name: stat.slice(stat.indexOf('(') + 1, end),
      cpuMs: (Number(rest[11]) + Number(rest[12])) * TICK_MS,
      nice: Number(rest[16]),
      writtenBytes: Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0),
    })
  }
  return threads
}

/** What a worker is called that was given no name: they are told apart by their order. */
const NAMELESS = 'WorkerThread'

/** What the threads have used from one look to another, those of a name together. */
export function usedBetween(
  before: ReadonlyMap<string, ThreadUse>,
  after: ReadonlyMap<string, ThreadUse>,
): ThreadUse[] {
  const used = new Map<string, ThreadUse>()
  let workers = 0
  for (const [tid, thread] of after) {
    const { cpuMs, writtenBytes } = thread
    const name = thread.name === NAMELESS ? `worker ${++workers}` : thread.name
    const since = before.get(tid)
    const sum = used.get(name)
    used.set(name, {
      name,
      cpuMs: (sum?.cpuMs ?? 0) + cpuMs - (since?.cpuMs ?? 0),
      writtenBytes: (sum?.writtenBytes ?? 0) + writtenBytes - (since?.writtenBytes ?? 0),
    })
  }
  return [...used.values()].sort((a, b) => b.cpuMs - a.cpuMs)
}

/** Resident memory in MB: now, and the most there has been. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = read(`/proc/${pid}/status`) ?? ''
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    // A write-ahead log may go while it is looked at.
    sum += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  }
  return sum
}

/** Ticks of all cores: those that another guest of the host took, and all. */
export function stolenTicks(): { stolen: number; all: number } {
  const ticks = (read('/proc/stat') ?? '')
    .split('\n')[0]
    ?.trim()
    .split(/\s+/)
    .slice(1, 9)
    .map(Number)
  if (ticks === undefined) return { stolen: Number.NaN, all: Number.NaN }
  return { stolen: ticks[7] ?? Number.NaN, all: ticks.reduce((sum, one) => sum + one, 0) }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
