import { choicesOf, framesOf } from './board-choices.ts'
import type { BoardJson, PanelJson } from './boards.ts'
import type { GrafanaCity } from './grafana-city.ts'
import type { Frame, Variables } from './grafana-frames.ts'
import { complaints } from './panel-needs.ts'

/** Panels of a board that may be empty when it is looked at in some way; in another they are not. */
export interface MayBeEmpty {
  readonly board: string
  readonly panels: readonly number[]
  readonly why: string
}

/** What is wrong with a board, looked at in every way; `twin` is the same in the other language. */
export async function lookAt(
  board: BoardJson,
  twin: BoardJson,
  city: GrafanaCity,
  exceptions: readonly MayBeEmpty[],
): Promise<string[]> {
  const seen = new Seen()
  const excused = exceptions.filter((one) => one.board === board.uid).flatMap((one) => one.panels)
  if (board.annotations.list?.length) seen.say('the tests know no annotations')
  for (const choice of await choicesOf(board, city)) {
    for (const [i, panel] of board.panels.entries()) {
      // Grafana's own list of alerts has no query.
      if (panel.type === 'alertlist') continue
      const found = await framesOf(board, panel, choice, city)
      const frames = [...found.values()].flat()
      const mayBeEmpty = excused.includes(panel.id)
      for (const [{ refId }, own] of found) seen.answer(panel, refId, own, choice, mayBeEmpty)
      for (const language of [panel, twin.panels[i] as PanelJson]) {
        for (const one of complaints(language, mayBeEmpty ? frames.filter(hasValues) : frames)) {
          seen.say(`${panel.id} "${language.title}" with ${JSON.stringify(choice)}: ${one}`)
        }
      }
    }
  }
  for (const panel of board.panels) seen.wantAll(panel)
  return seen.said()
}

class Seen {
  readonly #said = new Set<string>()
  readonly #filled = new Set<string>()
  readonly #named = new Set<string>()

  say(complaint: string): void {
    this.#said.add(complaint)
  }

  answer(
    { id }: PanelJson,
    refId: string,
    frames: readonly Frame[],
    choice: Variables,
    mayBeEmpty: boolean,
  ): void {
    const filled = frames.filter(hasValues)
    if (filled.length > 0) this.#filled.add(`${id} ${refId}`)
    else if (!mayBeEmpty) this.say(`${id} ${refId}: empty for ${JSON.stringify(choice)}`)
    for (const { fields } of filled) for (const { name } of fields) this.#named.add(`${id} ${name}`)
  }

  /** What no choice has shown. */
  wantAll({ id, type, targets = [], fieldConfig }: PanelJson): void {
    for (const { refId } of targets) {
      if (!this.#filled.has(`${id} ${refId}`)) this.say(`${id} ${refId}: empty in every way`)
    }
    // Tables share their columns' looks; what names a series is there for that series.
    if (type === 'table' || type === 'geomap') return
    for (const { matcher } of fieldConfig.overrides) {
      const { options } = matcher
      if (!this.#named.has(`${id} ${options}`)) this.say(`${id}: never there: ${options}`)
    }
  }

  said(): string[] {
    return [...this.#said]
  }
}

function hasValues({ fields }: Frame): boolean {
  return fields.slice(1).some(({ values }) => values.some((value) => value !== null))
}
