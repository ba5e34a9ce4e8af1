import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { City } from '../../../src/model/city.ts'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import { LANGUAGES, type Language } from '../../../src/model/text.ts'
import { casesBoard } from './cases.ts'
import { deviceBoard } from './device.ts'
import { districtBoard } from './district.ts'
import { dutyBoard } from './duty.ts'
import { kindBoard } from './kind.ts'
import { pipelineBoard } from './pipeline.ts'

/** All boards of one language, in the order of a duty officer's day. */
export function boardsIn(
  language: Language,
  kinds: readonly DeviceKind[],
  city: City,
): Dashboard[] {
  const context = { language, kinds, city }
  return [
    dutyBoard(context),
    districtBoard(context),
    ...kinds.map((kind) => kindBoard(context, kind)),
    deviceBoard(context),
    casesBoard(context),
    pipelineBoard(context),
  ]
}

/** A file that the generator writes; the path is relative to `grafana/`. */
export interface Output {
  readonly path: string
  readonly content: string | Uint8Array
}

/** The boards of both languages as files; a file's name is its uid without the language. */
export function boards(kinds: readonly DeviceKind[], city: City): Output[] {
  return LANGUAGES.flatMap((language) =>
    boardsIn(language, kinds, city).map((board) => ({
      path: `dashboards/${language}/${String(board.uid).replace(/-(zh|en)$/, '')}.json`,
      content: `${JSON.stringify(board, null, 2)}\n`,
    })),
  )
}
