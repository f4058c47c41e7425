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
  const optional: (string | undefined)[] = [
    caught.providerCode,
    caught.requestId,
    caught.instanceId,
    caught.resourceName,
  ]
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
export function advice(code: GatewayErrorCode): string {
  switch (code) {
    case 'INVALID_CONFIG':
    case 'INVALID_ARGUMENT':
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
    case 'NOT_FOUND':
    case 'ALREADY_EXISTS':
      return 'mend the call'
    case 'QUOTA_EXCEEDED':
    case 'PAYMENT_REQUIRED':
      return 'mend the account'
    case 'RATE_LIMITED':
    case 'TIMEOUT':
    case 'NETWORK':
    case 'UNAVAILABLE':
      return 'try again'
    case 'OUTCOME_UNKNOWN':
      return 'look first'
    case 'PROVISION_FAILED':
    case 'ABORTED':
    case 'PROTOCOL':
    case 'INTERNAL':
      return 'give up'
    default: {
      const none: never = code
      return none
    }
  }
}

export function operations(operation: GatewayError['operation']): number {
  switch (operation) {
    case 'configure':
    case 'create':
    case 'getById':
    case 'list':
    case 'destroy':
      return 1
    default: {
      const none: never = operation
      return none
    }
  }
}

export function wrong(error: GatewayError) {
  // @ts-expect-error no such code
  if (error.code === 'NO_SUCH_CODE') return
  // @ts-expect-error what an error tells is not to be changed
  error.code = 'INTERNAL'
  // @ts-expect-error no such property
  void error.statusCode
}
