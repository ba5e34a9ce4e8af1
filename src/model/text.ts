import { z } from 'zod'

/** The two languages that a duty officer reads. Every text that is shown exists in both. */
export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** A text in both languages. */
export type Text = { readonly [L in Language]: string }

export const textSchema: z.ZodType<Text> = z.strictObject({
  'zh-CN': z.string().min(1).max(500),
  en: z.string().min(1).max(500),
})

/** Short form for tables of texts: Chinese first, as the officers read it. */
export function text(zh: string, en: string): Text {
  return { 'zh-CN': zh, en }
}
