import { type Text, text } from '../../../model/text.ts'

/** What one check saw: fine, wrong with a hint what to do, or not tried for want of another. */
export interface Finding {
  readonly id: string
  readonly state: 'fine' | 'wrong' | 'not-tried'
  readonly title: Text
  readonly detail: Text
  readonly hint: Text | null
}

/** A name and a number read the same in both languages. */
export function same(words: string): Text {
  return text(words, words)
}

/** One check, before it is known how it ends. */
export class Check {
  readonly #id: string
  readonly #title: Text

  constructor(id: string, title: Text) {
    this.#id = id
    this.#title = title
  }

  fine(detail: Text): Finding {
    return { id: this.#id, state: 'fine', title: this.#title, detail, hint: null }
  }

  wrong(detail: Text, hint: Text): Finding {
    return { id: this.#id, state: 'wrong', title: this.#title, detail, hint }
  }

  notTried(detail: Text): Finding {
    return { id: this.#id, state: 'not-tried', title: this.#title, detail, hint: null }
  }
}
