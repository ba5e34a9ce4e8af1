import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
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
    const copy = await open(segmentPath(to, ordinal), 'wx')
    await copy.writeFile(bytes.fill(0, end))
    await copy.sync()
    await copy.close()
  }
  await writeBase(to, base)
}
