import { execute, getOperationAST, GraphQLError, Kind, parse, validate } from 'graphql'

import { isJson, refusal } from '../shared/http.mjs'
import { identify } from './access.mjs'
import { edgePage, errorEntry, problem, RailwayError } from './errors.mjs'
import { createEdgeLimit, createRateLimit } from './rate.mjs'
import { createResolvers } from './resolvers.mjs'
import { schema } from './schema.mjs'

export const PATH = '/graphql/v2'

/** `edge`: without the headers of Railway itself. */
const EDGE_REFUSAL = { status: 429, body: 'error code: 1015', edge: true }

const KNOWN_KEYS = new Set(['query', 'variables', 'operationName', 'extensions'])
const CACHE_SIZE = 500

/**
 * The endpoint, which turns HTTP requests into GraphQL answers. Each text of a document is parsed and checked once.
 *
 * @param {import('../shared/fake-server.mjs').EndpointOptions} options
 */
export function createEndpoint({ world, settings, fullSchema, violate, onInternalError }) {
  const resolvers = createResolvers(world, settings)
  const rateLimit = createRateLimit(settings.rateLimit, world.now)
  const edgeLimit = createEdgeLimit(settings.edgeLimit, world.now)
  const cache = new Map()

  const prepare = (query) => {
    if (cache.size >= CACHE_SIZE) cache.clear()
    if (!cache.has(query)) cache.set(query, prepareDocument(query, fullSchema))
    return cache.get(query)
  }

  const entries = (errors, details = {}) =>
    errors.map((error) => errorEntry(error, { ...details, traceId: `5${world.random.text('0123456789', 18)}` }))

  const invalid = (errors, code, note) => ({ status: 400, body: { errors: entries(errors, { code, note }) } })

  /** Returns fields for the request log. It has no effect. */
  function describe(request) {
    const { query, operationName, variables } = request.json ?? {}
    if (request.path !== PATH || typeof query !== 'string') return {}
    const { document } = prepare(query)
    const operation = document && getOperationAST(document, operationName)
    const fields = operation?.selectionSet.selections.filter(({ kind }) => kind === Kind.FIELD) ?? []
    const operations = fields.map(({ name }) => name.value)
    const name = operationName ?? operation?.name?.value
    return { operation: operations[0], operations, operationName: name, variables }
  }

  function handle(request) {
    if (!edgeLimit.take()) return EDGE_REFUSAL
    if (request.path !== PATH) return refusal(404, 'Not Found')
    if (request.method !== 'POST') return refusal(405, 'Method Not Allowed', { allow: 'POST' })
    if (!isJson(request.headers['content-type'])) return refusal(415, 'Unsupported Media Type')
    if (!rateLimit.take()) {
      // The body of Railway's 429 is not known; `Retry-After` is always there, in seconds.
      const headers = { 'retry-after': rateLimit.state().retryAfter }
      return refusal(429, 'Too Many Requests', headers)
    }
    const complaint = checkEnvelope(request.json)
    if (complaint) return invalid([new GraphQLError(complaint)], 'BAD_REQUEST')

    const { query, variables, operationName } = request.json
    const { document, code, errors, note, violations } = prepare(query)
    for (const [kind, message] of violations) violate(request, kind, message, { query })
    if (errors.length > 0) return invalid(errors, code, note)

    const operation = getOperationAST(document, operationName)
    if (operation && fullSchema) {
      const faulty = fullSchema.checkVariables(operation, variables ?? {})
      for (const { message } of faulty) violate(request, 'variables', message, { query })
      if (faulty.length > 0) return invalid(faulty, 'BAD_USER_INPUT', FULL_SCHEMA_NOTE)
    }
    return run(request, document, variables, operationName)
  }

  function run(request, document, variables, operationName) {
    const caller = identify(request.headers, world.tokens)
    if (caller.blank) {
      const errors = entries([new GraphQLError(caller.refusal.message, { originalError: caller.refusal })])
      return { status: settings.unauthenticatedStatus, body: { data: null, errors } }
    }
    const result = execute({
      schema,
      document,
      rootValue: resolvers,
      contextValue: { caller, deploymentsRead: new Map() },
      variableValues: variables ?? undefined,
      operationName: operationName ?? undefined,
    })
    const errors = (result.errors ?? []).map((error) => asRailwayError(error))
    if (!('data' in result)) return invalid(errors, 'BAD_USER_INPUT')
    if (errors.length === 0) return { status: 200, body: { data: result.data } }
    const refused = errors.some(({ originalError }) => originalError.unauthenticated)
    const status = refused ? settings.unauthenticatedStatus : 200
    return { status, body: { data: result.data, errors: entries(errors) } }
  }

  /** Records an exception of a resolver as an error of this server, and answers as Railway would. */
  function asRailwayError(error) {
    if (!error.path || error.originalError instanceof RailwayError) return error
    onInternalError(error.originalError ?? error)
    return new GraphQLError(error.message, { path: error.path, originalError: problem() })
  }

  return {
    describe,
    handle,
    matches: (request, pattern) => request.operations?.includes(pattern) ?? false,
    answerHeaders: () => rateLimit.headers(),
    edgePage,
  }
}

const FULL_SCHEMA_NOTE = "refused by Railway's full schema"

/** Checks a body, perhaps more strictly than Railway, so that a wrong body fails here. */
function checkEnvelope(json) {
  if (json === undefined) return 'The request body is not valid JSON.'
  if (json === null || typeof json !== 'object') return 'The request body must be a JSON object.'
  if (Array.isArray(json)) return 'Batched operations are not supported.'
  const unknown = Object.keys(json).find((key) => !KNOWN_KEYS.has(key))
  if (unknown !== undefined) return `Unknown key "${unknown}" in the request body.`
  const { query, variables, operationName } = json
  if (typeof query !== 'string' || query.trim() === '') return 'The request body has no "query".'
  if (variables != null && (typeof variables !== 'object' || Array.isArray(variables))) {
    return '"variables" must be an object.'
  }
  if (operationName != null && typeof operationName !== 'string') return '"operationName" must be a string.'
  return undefined
}

/**
 * Parses a document, and checks it with our schema and, if it is present, with Railway's. The note says which of them
 * refuses it: then the client is wrong, or this server lacks the field.
 */
function prepareDocument(query, fullSchema) {
  let document
  try {
    document = parse(query)
  } catch (error) {
    const violations = fullSchema ? [['document', error.message]] : []
    return { code: 'GRAPHQL_PARSE_FAILED', errors: [error], violations }
  }
  const own = validate(schema, document)
  const { errors = [], deprecations = [] } = fullSchema?.check(document) ?? {}
  const records = (kind, found) => found.map(({ message }) => [kind, message])
  const violations = [...records('deprecated', deprecations), ...records('document', errors)]
  const code = 'GRAPHQL_VALIDATION_FAILED'
  if (errors.length > 0) return { document, code, errors, note: FULL_SCHEMA_NOTE, violations }
  const note = fullSchema && own.length > 0 ? 'valid for Railway; this fake server does not model it' : undefined
  return { document, code, errors: own, note, violations }
}
