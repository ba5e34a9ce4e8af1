/**
 * A small, fast, well mixed 64-bit hash (two lanes of cyrb53's mixing) for identity inside this
 * system: case ids, redelivery detection. Not for secrets: those use SHA-256 in `ops/secret.ts`.
 */

/** 16 hex digits for a text. */
export function hash64(text: string): string {
  const [high, low] = mix(text)
  return hex(high) + hex(low)
}

/** The same mixing as one 53-bit number, which a JSON number holds exactly. */
export function hash53(text: string): number {
  const [high, low] = mix(text)
  return (high & 0xfffff) * 2 ** 32 + low
}

/** The same for the bits of numbers: the first `count` words of them. */
export function hash53Of(words: Uint32Array, count: number): number {
  let h1 = SEED_1
  let h2 = SEED_2
  for (let i = 0; i < count; i++) {
    const word = words[i] as number
    h1 = Math.imul(h1 ^ word, 2654435761)
    h2 = Math.imul(h2 ^ word, 1597334677)
    // A word has 32 bits where a character has few: the high ones must come down.
    h1 ^= h1 >>> 15
    h2 ^= h2 >>> 13
  }
  const [high, low] = finish(h1, h2)
  return (high & 0xfffff) * 2 ** 32 + low
}

const SEED_1 = 0xdeadbeef
const SEED_2 = 0x41c6ce57

function mix(text: string): readonly [high: number, low: number] {
  let h1 = SEED_1
  let h2 = SEED_2
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    h1 = Math.imul(h1 ^ code, 2654435761)
    h2 = Math.imul(h2 ^ code, 1597334677)
  }
  return finish(h1, h2)
}

function finish(from1: number, from2: number): readonly [high: number, low: number] {
  let h1 = from1
  let h2 = from2
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909)
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909)
  return [h2 >>> 0, h1 >>> 0]
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
