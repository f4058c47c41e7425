// Vercel's refusals: a status and `{ error: { code, message, … } }` (docs/providers/vercel.md). Codes and texts that
// no source tells are marked as such.

import { ProviderError } from '../shared/provider-error.mjs'

export class VercelError extends ProviderError {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{ extra?: object, headers?: Record<string, string>, violation?: string, kind?: string }} [details]
   *   extra: further keys beside code and message
   */
  constructor(status, code, message, details) {
    super(status, message, { code, ...details })
  }
}

const notFound = (message, options) => new VercelError(404, 'not_found', message, options)

/** Recorded. */
export const sandboxNotFound = (name) => notFound(`Named sandbox '${name}' not found for this project.`)
/** These texts are not known. */
export const sessionNotFound = () => notFound('Sandbox session not found.')
export const commandNotFound = () => notFound('Command not found.')
export const projectNotFound = () => notFound('Project not found.')
export const routeNotFound = (violation) =>
  notFound('The page could not be found', { violation, kind: 'route' })

/** A refusal by validation. The beginning of the text is recorded. */
export const badRequest = (message, options) => new VercelError(400, 'bad_request', message, options)
export const invalidRequest = (what) => badRequest(`Invalid request: ${what}.`)
/** The same, for what a client of ours may not send. */
export const violation = (kind, what) => badRequest(`Invalid request: ${what}.`, { violation: what, kind })

/** Recorded with 400, except for the end of the text. 409 is in the list of statuses, too. */
export const nameTaken = (name, status) =>
  new VercelError(
    status,
    'bad_request',
    `A sandbox with the name '${name}' already exists for this project. Use GET /sandboxes/:name to retrieve it.`,
  )

/** Status and code of a request without a token are not known. 401 is documented as not authorised. */
export const missingToken = () =>
  new VercelError(401, 'unauthorized', 'The request is missing an authentication token', {
    extra: { missingToken: true },
    violation: 'no bearer token',
    kind: 'authorization',
  })
/** Vercel's other endpoints answer 403. 401 is documented as not authorised. */
export const invalidToken = (status) =>
  new VercelError(status, 'forbidden', 'Not authorized', { extra: { invalidToken: true } })
/** The text is not known. */
export const forbidden = () =>
  new VercelError(403, 'forbidden', "You don't have permission to access this resource.")

/** The code is not known. */
export const paymentRequired = () =>
  new VercelError(402, 'payment_required', 'A payment method is required to use Vercel Sandbox.')
/** The codes of 429 are not known. */
export const rateLimited = (extra, headers) =>
  new VercelError(429, 'rate_limited', 'Rate limit exceeded', { extra, headers })
export const tooManySandboxes = (limit) =>
  new VercelError(429, 'rate_limited', `Concurrent sandbox limit of ${limit} reached.`)

/** The codes are recorded, the texts are not. */
export const sandboxStopped = () =>
  new VercelError(410, 'sandbox_stopped', 'Sandbox has stopped execution and is no longer available.')
export const inTransition = (status) =>
  new VercelError(422, `sandbox_${status}`, `Sandbox is ${status}; try again later.`)
export const executableNotFound = (name) =>
  new VercelError(400, 'executable_not_found', `Executable '${name}' not found in $PATH.`)
export const snapshotNotFound = () => new VercelError(400, 'snapshot_not_found', 'Snapshot not found.')

/** The status is not known. */
export const imageNotReady = (image) =>
  new VercelError(422, 'image_not_ready', `Image '${image}' is not ready yet.`)
/** Status and text are not known. Every other wrong value is refused with 400. */
export const imageNotFound = (image) =>
  badRequest(`Image '${image}' was not found in Vercel Container Registry for this project.`)

/** @returns {import('../shared/http.mjs').Answer} */
export function errorAnswer({ status, code, message, extra, headers }) {
  return { status, headers, body: { error: { code, message, ...extra } } }
}

/**
 * Returns a fault: an error answer of Vercel's.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} [message]
 * @param {object} [options]
 * @param {object} [options.extra] further keys, `{ invalidToken: true }`
 * @param {Record<string, string | null>} [options.headers]
 * @param {boolean} [options.effect] the operation has its effect nevertheless
 * @returns {import('../shared/faults.mjs').Fault}
 */
export function apiError(status, code, message = 'An unexpected error occurred.', { extra, headers, effect } = {}) {
  return { kind: 'respond', ...errorAnswer({ status, code, message, extra, headers }), effect }
}
