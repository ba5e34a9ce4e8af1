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

function mix(text: string): readonly [high: number, low: number] {
  let h1 = 0xdeadbeef
  let h2 = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    h1 = Math.imul(h1 ^ code, 2654435761)
    h2 = Math.imul(h2 ^ code, 1597334677)
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909)
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909)
  return [h2 >>> 0, h1 >>> 0]
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
