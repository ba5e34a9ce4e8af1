import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { readBase, writeBase } from './base.ts'
import { checked, findStarts } from './recovery.ts'
import { damaged, SegmentFile, segmentPath } from './segment.ts'

/**
 * Copies a journal that may be written meanwhile, up to some commit; nothing may be trimmed from
 * it. What comes behind the last whole commit is left out: it would look like damage.
 */
export async function copySegments(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const base = readBase(from)
  const starts = checked(base, findStarts(from, base))
  for (const { ordinal } of starts) {
    const file = SegmentFile.open(from, ordinal) ?? damaged(ordinal, 0)
    const { bytes, end } = file.whole()
    file.close()
    await writeFile(segmentPath(to, ordinal), bytes.fill(0, end), { flag: 'wx', flush: true })
  }
  await writeBase(to, base)
}
