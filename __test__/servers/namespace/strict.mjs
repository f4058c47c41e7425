// Refuses what the real server ignores (docs/providers/namespace.md). There, a misspelt field gives a 200 with the
// wrong instance.
import { fromJson } from '@bufbuild/protobuf'

import { isJson } from '../shared/http.mjs'
import { ProviderError } from '../shared/provider-error.mjs'

/** What a header has to be. */
const HEADERS = {
  'connect-protocol-version': (value) => value === '1',
  // At most ten digits (Connect's protocol, `Timeout-Milliseconds`).
  'connect-timeout-ms': (value) => value === undefined || /^[1-9]\d{0,9}$/.test(value),
  'content-encoding': (value) => value === undefined,
}

const refusal = (kind, violation, status = 400, headers = {}) =>
  new ProviderError(status, violation, { kind, violation, headers })

/**
 * Throws for the first thing that is wrong with a request.
 *
 * @param {import('../shared/http.mjs').RequestRecord} request
 * @param {import('@bufbuild/protobuf').DescMethod} method
 * @param {import('@bufbuild/protobuf').FileRegistry} [fullSchema]
 */
export function checkRequest(request, method, fullSchema) {
  const { headers } = request
  if (request.url.includes('?')) throw refusal('query', 'a query where none is known')
  if (request.method !== 'POST') throw refusal('method', `${request.method} instead of POST`, 405, { allow: 'POST' })
  if (!isJson(headers['content-type'])) throw refusal('content-type', `${headers['content-type']}`, 415)
  for (const [name, isRight] of Object.entries(HEADERS)) {
    if (!isRight(headers[name])) throw refusal('header', `${name}: ${headers[name]}`)
  }
  const complaint = complainOfBody(request, method, fullSchema)
  if (complaint) throw refusal('body', complaint)
}

function complainOfBody({ body, json }, method, fullSchema) {
  if (json === undefined) return 'the body is not JSON'
  const repeated = repeatedKey(body)
  if (repeated !== undefined) return `the key ${JSON.stringify(repeated)} twice in one object`
  const full = fullSchema?.getMessage(method.input.typeName)
  return complainOfMessage(method.input, json) ?? (full && complainOfMessage(full, json, "by Namespace's schema: "))
}

function complainOfMessage(description, json, prefix = '') {
  try {
    fromJson(description, json, { ignoreUnknownFields: false })
    return undefined
  } catch (error) {
    return `${prefix}${error.message}`
  }
}

/**
 * Returns a key that an object of this text has twice: JSON.parse takes the last one, other parsers fail.
 * @param {string} text valid JSON
 */
export function repeatedKey(text) {
  const objects = []
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === '{') objects.push(new Set())
    else if (token === '[') objects.push(undefined)
    else if (token === '}' || token === ']') objects.pop()
    else if (token.endsWith(':')) {
      const key = JSON.parse(token.slice(0, -1))
      if (objects.at(-1).has(key)) return key
      objects.at(-1).add(key)
    }
  }
  return undefined
}
