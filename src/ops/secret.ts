import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * Secrets are 192 random bits, so a plain SHA-256 keeps them safe at rest: there is no dictionary
 * to try, and a reconnecting city is not held up by a slow hash.
 */

/** A new secret, 32 characters of base64url. */
export function createSecret(): string {
  return randomBytes(24).toString('base64url')
}

/** What is kept of a secret: hex SHA-256. */
export function hashSecret(secret: string | Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares in constant time. */
export function secretMatches(given: string | Uint8Array, hash: string): boolean {
  const expected = Buffer.from(hash, 'hex')
  const actual = Buffer.from(hashSecret(given), 'hex')
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}
