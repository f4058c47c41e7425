import { isJson } from '../shared/http.mjs'
import { compilePath } from '../shared/paths.mjs'
import { ProviderError } from '../shared/provider-error.mjs'
import { createRandom } from '../shared/random.mjs'
import { checkAccept, identify } from './access.mjs'
import { badBody, jsonAnswer } from './errors.mjs'
import { createRateLimits } from './rate.mjs'
import { createOperations, ROUTES } from './routes.mjs'
import { checkCreateBody, checkCreateValues } from './validation.mjs'

export const BASE_PATH = '/v1'

const MATCHERS = ROUTES.map((route) => ({ route, match: compilePath(`${BASE_PATH}${route.path}`) }))

/**
 * Turns an HTTP request into Render's answer, with the headers of every answer. It refuses what a client of ours may
 * not send, and records it. The real server often ignores it.
 *
 * @param {import('../shared/fake-server.mjs').EndpointOptions} options
 */
export function createEndpoint({ world, settings, fullSchema, violate }) {
  // Separate from the world's generator, so that a repeated request does not change later ids.
  const requestIds = createRandom(settings.seed)
  const rates = createRateLimits(settings, world.now)
  const operations = createOperations(world, settings)

  /** Returns the rate window of a request: one per user, or per service (docs/providers/render.md). */
  function bucketOf(request) {
    const { route, params } = routeOf(request)
    const name = route?.bucket ?? (request.method === 'GET' ? 'read' : 'write')
    return [name, name === 'service' ? params.id : userOf(request)]
  }

  function userOf({ headers }) {
    try {
      return identify(headers, world.apiKeys).userId
    } catch {
      return 'nobody'
    }
  }

  function refuse({ status, message, headers }) {
    return jsonAnswer(status, { ...(settings.errorIds && { id: requestIds.uuid() }), message }, headers)
  }

  function handle(request) {
    const { route, params, allow } = routeOf(request)
    if (!route) throw noRoute(request, allow)
    const caller = identify(request.headers, world.apiKeys)
    const bucket = bucketOf(request)
    if (!rates.take(...bucket)) {
      // The body of a 429 is not known; `Retry-After` was observed by others, and is in no recording.
      const headers = settings.retryAfter ? { 'retry-after': rates.state(...bucket).retryAfter } : {}
      throw new ProviderError(429, 'Too Many Requests', { headers })
    }
    checkAccept(request.headers)
    const parameters = route.query(request.url)
    if (route.operation === 'createService') checkBody(request)
    else if (request.body !== '') throw badBody('invalid JSON', 'a body where none belongs')
    return operations[route.operation]({ caller, parameters, params, body: request.json })
  }

  function checkBody(request) {
    const { headers, json } = request
    if (!isJson(headers['content-type'])) throw badBody('invalid JSON', `content-type: ${headers['content-type']}`)
    for (const field of checkCreateBody(json)) violate(request, 'deprecated', `${field} is deprecated`)
    checkCreateValues(json)
    const complaints = fullSchema?.checkCreate(json) ?? []
    if (complaints.length === 0) return
    throw new ProviderError(400, 'invalid JSON', { kind: 'openapi', violation: complaints.join('; ') })
  }

  return {
    handle,
    refuse,

    /** Returns fields for the request log. It has no effect. */
    describe: (request) => ({ operation: routeOf(request).route?.operation }),

    /** On every recorded answer, errors and empty ones too. */
    answerHeaders(request) {
      request.requestId = requestIds.uuid()
      return { ...rates.headers(...bucketOf(request)), 'Render-Request-Id': request.requestId, Vary: 'Origin' }
    },
  }
}

/** Returns the route of a request, with the part of the path for each `:word`; without one, the allowed methods. */
function routeOf({ method, url }) {
  // The path as sent: Node's URL removes `/../`, and a proxy may not.
  const [path] = url.split('?')
  const isStep = (part) => /^(?:\.|%2e){1,2}$/i.test(part) // to another folder, in any encoding
  const found = MATCHERS.map(({ route, match }) => ({ route, params: match(path) })).filter(
    ({ params }) => params && !Object.values(params).some(isStep),
  )
  const { route, params } = found.find((candidate) => candidate.route.method === method) ?? {}
  if (!route) return { allow: found.map((candidate) => candidate.route.method) }
  return { route, params: Object.fromEntries(Object.entries(params).map(([name, part]) => [name, decode(part)])) }
}

function decode(segment) {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function noRoute({ method, url }, allow) {
  const violation = `${method} ${url.split('?')[0]} is no route of this fake server`
  if (allow.length === 0) return new ProviderError(404, 'Not Found', { violation, kind: 'route' })
  const headers = { allow: allow.join(', ') }
  return new ProviderError(405, 'Method Not Allowed', { violation, kind: 'route', headers })
}
