/**
 * The one dictionary of the boards: every text in both languages. A text is a `Text`, so one that
 * lacks a language does not compile.
 */
export { DEVICE, KIND } from './devices.ts'
export { DISTRICT, DUTY } from './duty.ts'
export { CASES, LINES, PIPELINE } from './service.ts'
export { COMMON, type Words } from './words.ts'
