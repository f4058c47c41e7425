import { isGatewayError } from '@computesdk/gateway'
import type { GatewayError, GatewayErrorCode } from '@computesdk/gateway'

// A caught value becomes an error of ours, and keeps being an Error.
export function narrowed(caught: unknown): string {
  // @ts-expect-error not before it was looked at
  void caught.code
  if (!isGatewayError(caught)) return 'someone else’s'
  const asError: Error = caught
  const name: 'GatewayError' = caught.name
  const retryable: boolean = caught.retryable
  const wait: number = caught.retryAfterMs ?? 1000
  const { providerCode, requestId, instanceId, resourceName } = caught
  const optional: (string | undefined)[] = [providerCode, requestId, instanceId, resourceName]
  const status: number | undefined = caught.httpStatus
  void [asError, name, retryable, wait, optional, status, caught.provider]
  return caught.message
}

// A value of a narrower type keeps what is known of it.
export function kept(caught: Error & { mine: number }) {
  if (isGatewayError(caught)) return [caught.code, caught.mine]
  return caught.mine
}

// Every code, and none besides: a new one that is not added here fails to compile, as does one that is taken away.
export const advice: Record<GatewayErrorCode, string> = {
  INVALID_CONFIG: 'mend the call',
  INVALID_ARGUMENT: 'mend the call',
  UNAUTHENTICATED: 'mend the call',
  PERMISSION_DENIED: 'mend the call',
  NOT_FOUND: 'mend the call',
  ALREADY_EXISTS: 'mend the call',
  QUOTA_EXCEEDED: 'mend the account',
  PAYMENT_REQUIRED: 'mend the account',
  RATE_LIMITED: 'try again',
  TIMEOUT: 'try again',
  NETWORK: 'try again',
  UNAVAILABLE: 'try again',
  OUTCOME_UNKNOWN: 'look first',
  PROVISION_FAILED: 'give up',
  ABORTED: 'give up',
  PROTOCOL: 'give up',
  INTERNAL: 'give up',
}

export const operations: Record<GatewayError['operation'], number> = {
  configure: 1,
  create: 1,
  getById: 1,
  list: 1,
  destroy: 1,
}

export function wrong(error: GatewayError) {
  // @ts-expect-error no such code
  if (error.code === 'NO_SUCH_CODE') return
  // @ts-expect-error what an error tells is not to be changed
  error.code = 'INTERNAL'
  // @ts-expect-error no such property
  void error.statusCode
}
