// Namespace's errors: a Connect code, a text and details (docs/providers/namespace.md).
import { create, toBinary, toJson } from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { ConnectError } from '@connectrpc/connect'
import { codeFromString, codeToHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect'

import { message } from './schema.mjs'

/**
 * @param {string} code as on the wire, `not_found`
 * @param {string} [text]
 * @param {Detail[]} [details]
 */
export function failure(code, text = '', details = []) {
  const number = codeFromString(code)
  if (number === undefined) throw new TypeError(`unknown code ${JSON.stringify(code)}`)
  const error = new ConnectError(text, number)
  error.details.push(...details)
  return error
}

/** @typedef {{ type: string, value: Uint8Array, debug?: object }} Detail */

function detail(name, value) {
  const description = message(name)
  const written = create(description, value)
  return { type: description.typeName, value: toBinary(description, written), debug: toJson(description, written) }
}

/** The details of errors. */
export const details = {
  environmentDoesntExist: (id) => detail('nsl.clusters.v1.EnvironmentDoesntExist', { environmentId: id }),
  environmentDestroyed: (id) => detail('nsl.clusters.v1.EnvironmentDestroyed', { environmentId: id }),
  userMessage: (text, requestId = '') => detail('nsl.clusters.v1.UserMessage', { message: text, requestId }),

  /** @param {{ requested?: object, used?: object, limits?: object, kind?: 1 | 2, description?: string }} limits */
  resourceLimits: (limits) => detail('ResourceLimitsError', limits),

  usageLimits: ({ used = 0, limits = 0 }) =>
    detail('UsageLimitsError', {
      used: { computeUnitMinutes: BigInt(used) },
      limits: { computeUnitMinutes: BigInt(limits) },
    }),

  platformNotAllowed: (requestedPlatform, allowedPlatforms) =>
    detail('PlatformNotAllowedError', { requestedPlatform, allowedPlatforms }),

  /** Its type is on record, its fields are not. So no client may depend on them. */
  permissionDenied: () => ({
    type: 'namespace.cloud.iam.v1beta.PermissionDeniedError',
    value: new TextEncoder().encode('\n\rinstance/what'),
  }),
}

// Every text below is invented: no source has Namespace's own.

export const unauthenticated = (text) => failure('unauthenticated', text)

export const permissionDenied = (action) =>
  failure('permission_denied', `not allowed to ${action} resource "instance"`, [details.permissionDenied()])

export const notFound = (id) => failure('not_found', `no instance ${id}`, [details.environmentDoesntExist(id)])

/** The code and the detail of an instance that no longer runs. */
export const destroyed = (id) =>
  failure('failed_precondition', 'the instance is no longer running', [details.environmentDestroyed(id)])

export const invalidArgument = (text) => failure('invalid_argument', text)

/**
 * The form of errors. Clients have to understand all forms.
 *
 * @typedef {object} ErrorForm
 * @property {'string' | 'number' | 'upper'} [code]
 * @property {boolean} [message] false: left out
 * @property {boolean} [details] false: left out
 * @property {boolean} [debug] false: left out of the details
 * @property {boolean} [padded] base64 with padding
 *
 * @param {ConnectError} error
 * @param {ErrorForm} [form]
 */
function errorBody(error, form = {}) {
  const name = codeToString(error.code)
  const codes = { string: name, number: error.code, upper: name.toUpperCase() }
  const entries = error.details.map(({ type, value, debug }) => ({
    type,
    value: base64Encode(value, form.padded ? 'std' : 'std_raw'),
    ...(debug && form.debug !== false && { debug }),
  }))
  return {
    code: codes[form.code ?? 'string'],
    ...(error.rawMessage && form.message !== false && { message: error.rawMessage }),
    ...(entries.length > 0 && form.details !== false && { details: entries }),
  }
}

/** Returns the answer with an error. @returns {import('../shared/http.mjs').Answer} */
export function errorAnswer(error, form) {
  return {
    status: codeToHttpStatus(error.code),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(errorBody(error, form)),
  }
}

/**
 * Returns a fault: an answer with this code.
 *
 * @param {string} code
 * @param {object} [extra]
 * @param {string} [extra.message]
 * @param {Detail[]} [extra.details]
 * @param {ErrorForm} [extra.form]
 * @param {number} [extra.status] another one than the code's, as from a proxy
 * @param {Record<string, string>} [extra.headers]
 * @param {boolean} [extra.effect] the method has its effect nevertheless
 * @returns {import('../shared/faults.mjs').Fault}
 */
export function connectError(code, { message: text, details: list, form, status, headers, effect } = {}) {
  const answer = errorAnswer(failure(code, text, list), form)
  return { kind: 'respond', ...answer, ...(status && { status }), headers: { ...answer.headers, ...headers }, effect }
}

/**
 * Returns the answer of the global host, and of any other wrong host, to a path of the Compute API: no Connect error.
 */
export const wrongPlace = () => ({
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
})
