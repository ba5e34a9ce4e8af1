import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../model/errors.ts'
import { fail, ok, type Result } from '../model/result.ts'
import { type Duration, type Instant, MINUTE } from '../model/time.ts'

/**
 * Checks that a request comes from who knows the secret, and that it is not an old one sent
 * again. The form is Grafana's (grafana/alerting, http/hmac.go): hex HMAC-SHA256 of
 * `<unix seconds>:<body>`, with the seconds in a header of their own.
 */
export const SIGNATURE_HEADER = 'X-Grafana-Alerting-Signature'
export const TIMESTAMP_HEADER = 'X-Grafana-Alerting-Timestamp'

/** How far the two clocks may be apart, transport included. Unsourced default. */
const TOLERANCE: Duration = 5 * MINUTE

/** `now` is the real time: the sender knows nothing of an accelerated clock. */
export function checkSignature(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  secret: string,
  now: Instant,
): Result<null, ErrorCode> {
  const given = headers[SIGNATURE_HEADER.toLowerCase()]
  const timestamp = headers[TIMESTAMP_HEADER.toLowerCase()]
  if (typeof given !== 'string' || typeof timestamp !== 'string') return fail('SIGNATURE_WRONG')
  if (!/^[0-9a-f]{64}$/i.test(given) || !/^\d{1,12}$/.test(timestamp)) {
    return fail('SIGNATURE_WRONG')
  }
  const expected = createHmac('sha256', secret).update(`${timestamp}:`).update(body).digest()
  if (!timingSafeEqual(Buffer.from(given, 'hex'), expected)) return fail('SIGNATURE_WRONG')
  // After the signature: who cannot sign learns nothing about the clock.
  return Math.abs(now - Number(timestamp) * 1000) <= TOLERANCE ? ok(null) : fail('SIGNATURE_STALE')
}
