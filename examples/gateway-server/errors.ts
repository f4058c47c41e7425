// What the client is told when something fails. The published client puts words of its own in the place of a 401 and a
// 403, takes any 404 for "there is none", and shows the body of all others as it is.
import { type GatewayErrorCode, isGatewayError } from '@computesdk/gateway'

/** A failure that the gateway itself has decided on. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message)
  }
}

// 401 is the ComputeSDK key's alone: of a provider's credential the client would say that the ComputeSDK key is wrong.
// 404 is a sandbox's alone: that a project does not exist must not read as "no such sandbox", least of all to a delete.
const STATUSES: Record<GatewayErrorCode, number> = {
  INVALID_CONFIG: 400, INVALID_ARGUMENT: 400, NOT_FOUND: 400, PAYMENT_REQUIRED: 402,
  UNAUTHENTICATED: 403, PERMISSION_DENIED: 403, ALREADY_EXISTS: 409, QUOTA_EXCEEDED: 409, RATE_LIMITED: 429,
  NETWORK: 502, OUTCOME_UNKNOWN: 502, PROTOCOL: 502, PROVISION_FAILED: 502, UNAVAILABLE: 502,
  INTERNAL: 500, ABORTED: 503, TIMEOUT: 504,
}

export function answerTo(error: unknown): { status: number; headers: Record<string, string>; body: object } {
  if (isGatewayError(error)) {
    if (error.cause instanceof Refusal) return answerTo(error.cause) // aborted by the gateway, which knows why
    const { code, message, provider, retryable, requestId, retryAfterMs = 1000 } = error
    const headers = code === 'RATE_LIMITED' ? { 'retry-after': `${Math.ceil(retryAfterMs / 1000)}` } : {}
    return { status: STATUSES[code], headers, body: { error: message, code, provider, retryable, requestId } }
  }
  const { statusCode = 500, status = statusCode, code, message } = error as Partial<Refusal> & { statusCode?: number }
  const isTold = error instanceof Refusal || status < 500 // of Fastify's own, those are the client's doing
  return { status, headers: {}, body: isTold ? { error: message, code } : { error: 'The gateway has failed.' } }
}
