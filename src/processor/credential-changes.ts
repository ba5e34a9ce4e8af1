import type { Committed } from './processor.ts'
import type { CredentialChange } from './protocol.ts'

/** What a commit means for the door list: who may come in, and who must go. */
export function credentialChanges({ edits }: Committed): CredentialChange[] {
  const set = [...edits.devices.values()].map(
    ({ id, kind, secretHash, enabled }): CredentialChange => ({
      type: 'set',
      credential: { id, kind, secretHash, enabled },
      rotated: edits.lockedOut.has(id),
    }),
  )
  const removed = [...edits.deletedDevices].map(
    (deviceId): CredentialChange => ({ type: 'removed', deviceId }),
  )
  return [...set, ...removed]
}
