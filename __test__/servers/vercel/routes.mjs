// The routes.
import { compilePath } from '../shared/paths.mjs'
import { CREATE, EXTEND_TIMEOUT, KILL_COMMAND, NOTHING, RUN_COMMAND } from './bodies.mjs'
import { QUERIES } from './query.mjs'

const NAMED = '/v2/sandboxes/:name'
const SESSION = '/v2/sandboxes/sessions/:sessionId'
const COMMAND = `${SESSION}/cmd/:commandId`

/**
 * @typedef {object} Route
 * @property {string} operation as in the official OpenAPI document
 * @property {string} method
 * @property {string} path
 * @property {'create' | 'delete' | 'other'} bucket of the rate limit (docs/providers/vercel.md)
 * @property {string} right the right that a token needs
 * @property {(url: string) => object} query reads it
 * @property {(body: unknown, name: string) => string | undefined} [body] returns what is wrong; default: no body
 */

/** All that this server models of the named-sandbox API. @type {Route[]} */
export const ROUTES = [
  ['createSandbox', 'POST', '/v3/sandboxes', 'create', QUERIES.team, CREATE],
  ['listSandboxes', 'GET', '/v2/sandboxes', 'read', QUERIES.listSandboxes],
  ['getSandbox', 'GET', NAMED, 'read', QUERIES.getSandbox],
  ['deleteSandbox', 'DELETE', NAMED, 'delete', QUERIES.deleteSandbox],
  ['getSession', 'GET', SESSION, 'read', QUERIES.team],
  ['stopSession', 'POST', `${SESSION}/stop`, 'delete', QUERIES.team, NOTHING],
  ['extendTimeout', 'POST', `${SESSION}/extend-timeout`, 'create', QUERIES.team, EXTEND_TIMEOUT],
  ['runCommand', 'POST', `${SESSION}/cmd`, 'command', QUERIES.team, RUN_COMMAND],
  ['listCommands', 'GET', `${SESSION}/cmd`, 'read', QUERIES.team],
  ['getCommand', 'GET', COMMAND, 'read', QUERIES.getCommand],
  ['commandLogs', 'GET', `${COMMAND}/logs`, 'read', QUERIES.team],
  ['killCommand', 'POST', `${COMMAND}/kill`, 'command', QUERIES.team, KILL_COMMAND],
].map(([operation, method, path, right, query, body]) => {
  const bucket = { createSandbox: 'create', deleteSandbox: 'delete' }[operation] ?? 'other'
  return { operation, method, path, bucket, right, query, body, match: compilePath(path) }
})

/** Words in the place of a name. They are routes, which this server does not model. */
const RESERVED = new Set(['sessions', 'snapshots'])

/**
 * @param {string} method
 * @param {string} path below the base path
 * @returns {{ route: Route, params: Record<string, string> } | undefined}
 */
export function findRoute(method, path) {
  for (const route of ROUTES) {
    const params = route.method === method && route.match(path)
    if (params && !RESERVED.has(params.name)) return { route, params }
  }
  return undefined
}
