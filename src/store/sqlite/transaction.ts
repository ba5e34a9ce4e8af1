import type { DatabaseSync } from 'node:sqlite'

/** Does the work in one transaction: all of it is on disk when this returns, or none of it. */
export function transaction(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    work()
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
