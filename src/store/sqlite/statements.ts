import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Statements, each prepared when it is first asked for. */
export class Statements {
  readonly #db: DatabaseSync
  readonly #known = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get(sql: string): StatementSync {
    let statement = this.#known.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#known.set(sql, statement)
    }
    return statement
  }
}
