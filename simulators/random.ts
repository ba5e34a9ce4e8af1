import type { Random } from '../src/model/simulation.ts'

/**
 * Seeded randomness. One stream per purpose, named by the seed and a path such as
 * `(7, 'wl-0003', 'physics')`: streams are independent, so a device more in the fleet, or one more
 * draw in a placement, changes nothing for the others.
 *
 * Generator: sfc32 (128 bits of state, passes PractRand); its state is hashed from seed and path.
 */
export function createRandom(seed: number, ...path: readonly (string | number)[]): Random {
  return new Sfc32([seed, ...path].join('/'))
}

class Sfc32 implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    this.#a = hash32(name, 0x9e3779b9)
    this.#b = hash32(name, 0x243f6a88)
    this.#c = hash32(name, 0xb7e15162)
    // The first outputs still show the seed: twelve rounds are what the author asks for.
    for (let i = 0; i < 12; i++) this.#next32()
  }

  next(): number {
    return this.#next32() / 0x1_0000_0000
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  normal(): number {
    // Box-Muller; 1 − u lies in (0, 1], so the logarithm is finite.
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick: there is nothing to pick from')
    return items[Math.floor(this.next() * items.length)] as T
  }

  #next32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/** FNV-1a over the text, then the avalanche of MurmurHash3 so that near names lie far apart. */
function hash32(text: string, basis: number): number {
  let hash = basis
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
