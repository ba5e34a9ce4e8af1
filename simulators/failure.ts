/**
 * Something the person who started the simulation can put right: a wrong argument, a service that
 * is not there, a file of another format. The command line shows message and hint, and exits 1.
 */
export class SimulationError extends Error {
  readonly hint: string

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SimulationError'
    this.hint = hint
  }
}
