// Refuses what the real server ignores (docs/providers/namespace.md). There, a misspelt field gives a 200 with the
// wrong instance.
import { fromJson } from '@bufbuild/protobuf'

import { isJson } from '../shared/http.mjs'

/** Connect's timeout header has at most ten digits (Connect's protocol, `Timeout-Milliseconds`). */
const TIMEOUT = /^[1-9]\d{0,9}$/

/**
 * @typedef {object} Complaint
 * @property {string} kind `query`, `method`, `content-type`, `header` or `body`
 * @property {string} message
 *
 * @param {import('../shared/http.mjs').RequestRecord} request
 * @param {import('@bufbuild/protobuf').DescMethod} method
 * @param {import('@bufbuild/protobuf').FileRegistry} [fullSchema]
 * @returns {Complaint | undefined} the first complaint
 */
export function complain(request, method, fullSchema) {
  const { headers } = request
  if (request.url.includes('?')) return { kind: 'query', message: 'a query where none is known' }
  if (request.method !== 'POST') return { kind: 'method', message: `${request.method} instead of POST` }
  if (!isJson(headers['content-type'])) return { kind: 'content-type', message: `${headers['content-type']}` }
  if (headers['connect-protocol-version'] !== '1') {
    return { kind: 'header', message: `Connect-Protocol-Version: ${headers['connect-protocol-version']}` }
  }
  if (headers['connect-timeout-ms'] !== undefined && !TIMEOUT.test(headers['connect-timeout-ms'])) {
    return { kind: 'header', message: `Connect-Timeout-Ms: ${headers['connect-timeout-ms']}` }
  }
  if (headers['content-encoding'] !== undefined) {
    return { kind: 'header', message: `Content-Encoding: ${headers['content-encoding']}` }
  }
  const complaint = complainOfBody(request, method, fullSchema)
  return complaint && { kind: 'body', message: complaint }
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
