import { deliveryId } from '../model/delivery.ts'
import { AppError } from '../model/errors.ts'
import { cellOf } from '../model/partition.ts'
import { fail } from '../model/result.ts'
import { sumPages } from '../processor/ledger.ts'
import type { DeviceOutcome, OperationName, Operations, Outcome } from '../processor/protocol.ts'
import type { StateReader } from '../store/state-reader-port.ts'
import type { AskCell } from './protocol.ts'
import { RuleBook } from './rule-book.ts'

/**
 * Operators' requests, each brought to the cells that it concerns: what is about a device goes to
 * the device's cell, rules to all of them, lists are split and their answers put in order again.
 */
export class Router {
  readonly rules: RuleBook
  readonly #ask: AskCell
  readonly #cells: number
  readonly #state: Pick<StateReader, 'case'>

  constructor(ask: AskCell, cells: number, state: Pick<StateReader, 'case'>) {
    this.#ask = ask
    this.#cells = cells
    this.#state = state
    this.rules = new RuleBook(ask, cells)
  }

  async ask<N extends OperationName>(
    name: N,
    input: Operations[N]['input'],
  ): Promise<Operations[N]['output']> {
    const given = <M extends OperationName>(_name: M) => input as Operations[M]['input']
    const work = (): Promise<unknown> => {
      switch (name) {
        case 'device.create':
          return this.#createDevices(given('device.create').devices)
        case 'device.update':
        case 'device.delete':
          return this.#ask(this.#ownerOf(given('device.delete').id), name, input)
        case 'command.send':
          return this.#ask(this.#ownerOf(given('command.send').command.deviceId), name, input)
        case 'case.act':
          return this.#actOnCase(given('case.act'))
        case 'delivery.record':
          return this.#recordDeliveries(given('delivery.record').deliveries)
        case 'rule.create':
        case 'rule.put':
        case 'rule.delete':
          return this.rules.change(() => this.#ask(0, name, input) as Promise<Outcome<unknown>>)
        case 'rules.all':
          return this.#ask(0, name, input)
        case 'ledger.page':
          return this.#ledgerPage(given('ledger.page').day)
        default:
          throw new Error(`${name} is a cell's own`)
      }
    }
    return (await work()) as Operations[N]['output']
  }

  #ownerOf(deviceId: string): number {
    return cellOf(deviceId, this.#cells)
  }

  /** What a cell that fails was asked may be asked again; the others' devices have their answers. */
  async #createDevices(
    devices: Operations['device.create']['input']['devices'],
  ): Promise<Operations['device.create']['output']> {
    return this.#split(
      devices,
      ({ id }) => this.#ownerOf(id),
      (cell, part) =>
        this.#ask(cell, 'device.create', { devices: part }).catch((error: unknown) => {
          if (!(error instanceof AppError)) throw error
          return part.map((): DeviceOutcome => fail({ code: error.code }))
        }),
    )
  }

  async #actOnCase(
    request: Operations['case.act']['input'],
  ): Promise<Operations['case.act']['output']> {
    const found = await this.#state.case(request.caseId)
    if (found === null) return fail({ code: 'CASE_NOT_FOUND' })
    return this.#ask(this.#ownerOf(found.case.deviceId), 'case.act', request)
  }

  /** By its own id, so that a repetition comes to the cell that knows it, whatever it is about. */
  async #recordDeliveries(
    deliveries: Operations['delivery.record']['input']['deliveries'],
  ): Promise<Operations['delivery.record']['output']> {
    const groups = Map.groupBy(deliveries, (one) => this.#ownerOf(deliveryId(one)))
    const answers = await Promise.all(
      [...groups].map(([cell, part]) => this.#ask(cell, 'delivery.record', { deliveries: part })),
    )
    return {
      recorded: answers.flatMap(({ recorded }) => recorded),
      repeated: answers.reduce((sum, { repeated }) => sum + repeated, 0),
    }
  }

  async #ledgerPage(day: string): Promise<Operations['ledger.page']['output']> {
    const cells = Array.from({ length: this.#cells }, (_, cell) => cell)
    return sumPages(
      day,
      await Promise.all(cells.map((cell) => this.#ask(cell, 'ledger.page', { day }))),
    )
  }

  /** Gives each cell its part of a list; the answers come back in the order of the list. */
  async #split<T, U>(
    items: readonly T[],
    owner: (item: T) => number,
    ask: (cell: number, part: T[]) => Promise<U[]>,
  ): Promise<U[]> {
    const places = Map.groupBy(items.keys(), (i) => owner(items[i] as T))
    const answers: U[] = []
    await Promise.all(
      [...places].map(async ([cell, at]) => {
        const part = await ask(
          cell,
          at.map((i) => items[i] as T),
        )
        at.forEach((i, n) => {
          answers[i] = part[n] as U
        })
      }),
    )
    return answers
  }
}
