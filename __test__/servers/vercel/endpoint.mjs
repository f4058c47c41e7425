// Finds the operation of a request, and turns refusals into answers.
import { Readable } from 'node:stream'

import { isJson, matchesPattern } from '../shared/http.mjs'
import { authorizeTeam, identify } from './access.mjs'
import { NAME_PATTERN } from './bodies.mjs'
import { errorAnswer, routeNotFound, violation } from './errors.mjs'
import { createOperations } from './operations.mjs'
import { createRateLimits } from './rate.mjs'
import { findRoute, ROUTES } from './routes.mjs'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * Passes an HTTP request to its operation after all checks: route, rate, token, type, team, query, body. It refuses and
 * records what Vercel may ignore.
 *
 * @param {import('../shared/fake-server.mjs').EndpointOptions} options
 */
export function createEndpoint({ world, settings, fullSchema, onInternalError }) {
  const { basePath } = settings
  const operations = createOperations(world, settings)
  const rateLimits = createRateLimits(settings.rateLimit, world.now)

  const below = (path) => (path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined)

  /** Returns fields for the request log. */
  function describe(request) {
    const { route, params } = findRoute(request.method, below(request.path) ?? '') ?? {}
    return route ? { operation: route.operation, params } : {}
  }

  async function answerTo(request, left) {
    world.passTime()
    const route = routeOf(request)
    if (!route) throw routeNotFound(`no such route: ${request.method} ${request.path}`)
    rateLimits.take(route.bucket, request.query.teamId)
    const caller = identify(request.headers, world, settings)
    // A client reports that a stop without it is refused. The SDK sends it with every request
    // (docs/providers/vercel.md).
    if (!isJson(request.headers['content-type'])) throw violation('content-type', 'content-type must be JSON')
    const query = route.query(request.url)
    const parts = Object.entries(request.params)
    const params = Object.fromEntries(parts.map(([name, part]) => [name, readPart(part, name)]))
    const team = authorizeTeam(caller, query, route.right, world)
    checkBody(request, route)
    checkByFullSchema(request, route, Object.keys(query))
    return operations[route.operation]({ caller, team, query, params, body: request.json, left })
  }

  function checkByFullSchema({ json }, { operation, body }, queryNames) {
    if (!fullSchema) return
    const complaints = [
      ...fullSchema.checkQuery(operation, queryNames),
      ...(body ? fullSchema.checkRequest(operation, json) : []),
    ]
    if (complaints.length > 0) throw violation('schema', `${complaints.join('; ')} (refused by the full schema)`)
  }

  /** Returns an answer. If it does not have its shape, this is an error of this server. */
  function checked({ operation }, answer) {
    const { status = 200, body } = answer
    if (!fullSchema || !operation || body instanceof Readable) return answer
    const complaints = fullSchema.checkAnswer(operation, status, JSON.parse(JSON.stringify(body)))
    if (complaints.length > 0) onInternalError(new Error(`answer to ${operation}: ${complaints.join('; ')}`))
    return answer
  }

  return {
    describe,
    handle: async (request, left) => checked(request, await answerTo(request, left)),
    refuse: (error, request) => checked(request, errorAnswer(error)),
    /** Matches a fault's `when`: an operation, or method and path below the base path. */
    matches: (request, pattern) =>
      matchesPattern({ ...request, path: below(request.path) ?? request.path }, pattern),
    answerHeaders: (request) => ({
      ...rateLimits.headers(routeOf(request)?.bucket ?? 'other', request.query.teamId),
      'x-vercel-id': `iad1::${world.random.text(LETTERS, 5)}-${world.now()}-${world.random.text(LETTERS, 12)}`,
    }),
  }
}

const routeOf = ({ operation }) => ROUTES.find((route) => route.operation === operation)

/** Reads a part of a path. A client may not put an unchecked id into a path. */
function readPart(part, name) {
  let value
  try {
    value = decodeURIComponent(part)
  } catch {
    throw violation('path', `${name} is not URL-encoded`)
  }
  if (!NAME_PATTERN.test(value)) throw violation('path', `${name} is not of the form of one`)
  return value
}

function checkBody({ body, json }, route) {
  if (!route.body) {
    if (body !== '') throw violation('body', 'a body where there must be none')
    return
  }
  if (json === undefined) throw violation('body', 'the body is not JSON')
  const complaint = route.body(json, 'body')
  if (complaint) throw violation('body', complaint)
}
