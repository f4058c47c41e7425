/**
 * Railway's errors. One code, `INTERNAL_SERVER_ERROR`, stands for not found, not authorised, name clash and throttle
 * alike; only the message tells them apart (docs/providers/railway.md).
 */
export class RailwayError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: string, plain?: boolean, unauthenticated?: boolean }} [options]
   *   plain: neither code nor path; unauthenticated: the token is missing or unknown
   */
  constructor(message, { code = 'INTERNAL_SERVER_ERROR', plain = false, unauthenticated = false } = {}) {
    super(message)
    Object.assign(this, { code, plain, unauthenticated })
  }
}

const GENERIC = 'Problem processing request'

/** @param {string} kind `Project`, `Environment`, `Service`, `ServiceInstance`, `Deployment`; no space */
export const notFound = (kind) => new RailwayError(`${kind} not found`)
export const notAuthorized = () => new RailwayError('Not Authorized')
/** Observed without code and path. */
export const problem = () => new RailwayError(GENERIC, { plain: true })
export const nameTaken = (name) => new RailwayError(`A service named "${name}" already exists in this project`)
/** The code is observed, the text is not. */
export const unauthenticated = () =>
  new RailwayError('Not Authorized', { code: 'UNAUTHENTICATED', unauthenticated: true })
/** The same text as for a forbidden object, so a client cannot distinguish a wrong token from a foreign id. */
export const unknownToken = () => new RailwayError('Not Authorized', { unauthenticated: true })
/** The case of the letters is not known; Railway's own client ignores it. */
export const unknownProjectToken = () => new RailwayError('Project Token not found', { unauthenticated: true })

/** Returns the error with a configured text. */
export const fromText = (text) => (text === GENERIC ? problem() : new RailwayError(text))

/**
 * Returns an entry of `errors` as Railway writes it.
 *
 * @param {import('graphql').GraphQLError} error
 * @param {{ code?: string, traceId: string, note?: string }} options code: for an error that is not a RailwayError
 */
export function errorEntry(error, { code, traceId, note }) {
  const cause = error.originalError
  if (cause instanceof RailwayError) {
    if (cause.plain) return { message: cause.message, traceId }
    return { message: cause.message, path: error.path, extensions: { code: cause.code }, traceId }
  }
  // JSON leaves out what is undefined.
  return { message: error.message, locations: error.locations, path: error.path, extensions: { code, note }, traceId }
}

/**
 * Returns a fault: HTTP 200 with an `errors` list, as for Railway's throttles, clashes and refusals.
 *
 * @param {string} message
 * @param {object} [extra]
 * @param {string | null} [extra.code] `null` leaves it out
 * @param {object} [extra.extensions] besides the code
 * @param {string[]} [extra.path]
 * @param {string} [extra.traceId]
 * @param {number} [extra.status] HTTP status; default: 200
 * @param {object} [extra.headers]
 * @param {boolean} [extra.effect] the operation has its effect nevertheless
 * @returns {import('../shared/faults.mjs').Fault}
 */
export function graphqlError(message, extra = {}) {
  const { code = 'INTERNAL_SERVER_ERROR', path, traceId = '5527782523421805956', status = 200, effect, headers } = extra
  const entry = {
    message,
    ...(path && { path }),
    ...((code !== null || extra.extensions) && { extensions: { ...(code !== null && { code }), ...extra.extensions } }),
    traceId,
  }
  return { kind: 'respond', status, headers, effect, body: { data: null, errors: [entry] } }
}

/** The page of the edge in front of Railway for refused requests. No source has its status. */
export function edgePage(status) {
  const title = 'Access denied | backboard.railway.com used Cloudflare to restrict access'
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' },
    body: `<!DOCTYPE html>
<html lang="en-US">
<head><title>${title}</title></head>
<body><h1>Error 1015</h1><p>You are being rate limited</p></body>
</html>
`,
  }
}
