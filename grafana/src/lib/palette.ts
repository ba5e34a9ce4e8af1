import type { Severity } from '../../../src/model/case-terms.ts'
import type { AlertLevel } from '../../../src/model/rule.ts'

/**
 * One palette for how bad something is, the console's own (src/console/theme.css). A colour never
 * stands alone: a word, a number or a shape says the same.
 */
export const FINE = '#24964f'
export const UNKNOWN = '#8391a3'
/** A line that judges nothing. */
export const PLAIN = '#3274d9'

export const SEVERITY_COLOURS: Readonly<Record<Severity, string>> = {
  minor: '#f0c419',
  major: '#ee7a12',
  critical: '#cc2222',
}

/** Levels below a case are paler than the weakest case. */
export const LEVEL_COLOURS: Readonly<Record<AlertLevel, string>> = {
  attention: '#f9ecb4',
  warning: '#f5d96a',
  ...SEVERITY_COLOURS,
}

/** Shapes of the map's markers, for eyes that tell colours badly. */
export const SEVERITY_SHAPES: Readonly<Record<Severity, string>> = {
  minor: 'img/icons/marker/circle.svg',
  major: 'img/icons/marker/square.svg',
  critical: 'img/icons/marker/triangle.svg',
}
