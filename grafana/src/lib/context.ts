import type { City } from '../../../src/model/city.ts'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import type { Language, Text } from '../../../src/model/text.ts'

/** What every board is made from: the language it speaks, the device kinds, the city. */
export interface Context {
  readonly language: Language
  readonly kinds: readonly DeviceKind[]
  readonly city: City
}

/** The text in the board's language, with `{name}` filled in. */
export function say(
  { language }: Context,
  text: Text,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return text[language].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
}

/** `-zh` or `-en`: what ends every uid and every tag. */
export function suffix(language: Language): 'zh' | 'en' {
  return language === 'zh-CN' ? 'zh' : 'en'
}

/** The uid of a board in this language: `city-duty-zh`. */
export function uidOf(context: Context, board: string): string {
  return `city-${board}-${suffix(context.language)}`
}

/**
 * The city's time zone by its offset, as Grafana knows zones. The sign of `Etc/GMT` is reversed
 * (POSIX). China's zone has a name that people know.
 */
export function timezoneOf({ city: { utcOffsetMinutes } }: Context): string {
  if (utcOffsetMinutes === 480) return 'Asia/Shanghai'
  const hours = -utcOffsetMinutes / 60
  if (!Number.isInteger(hours)) throw new Error(`no zone is known for ${utcOffsetMinutes} minutes`)
  return `Etc/GMT${hours < 0 ? hours : `+${hours}`}`
}

/** Districts as they are tagged, with their names; last the one of things that no district holds. */
export function districtsOf({ city }: Context, none: Text): readonly { id: string; name: Text }[] {
  return [...city.districts.map(({ id, name }) => ({ id, name })), { id: 'none', name: none }]
}
