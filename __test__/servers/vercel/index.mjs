// The server, and everything that other files import.
import { startFakeServer } from '../shared/fake-server.mjs'
import { createEndpoint } from './endpoint.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { asksForDaemon, COMMAND_PLANS, planDaemon } from './commands.mjs'
export { apiError } from './errors.mjs'
export { encodeOidcToken } from './oidc.mjs'

const DAY = 86_400_000

/**
 * @typedef {import('../shared/fake-server.mjs').ServerOptions & OwnOptions} VercelOptions with a test's own `now` time
 *   passes only on a request, or on `world.passTime()`; `runCommand`: the process in place of every command
 *
 * @typedef {import('./commands.mjs').CommandPlan} CommandPlan
 *
 * @typedef {object} OwnOptions
 * @property {string} [basePath] `/api` as at vercel.com; empty as at api.vercel.com (docs/providers/vercel.md)
 * @property {number} [pageSizeDefault]
 * @property {number} [pageSizeMaximum] of pages, whatever `limit` says; `limit` itself ends at 50
 * @property {boolean} [emptyLastPage] the last page with entries has a cursor, too; not known
 * @property {boolean} [filterPages] filters are applied to pages, which may then be short or empty; not known
 * @property {CommandPlan | ((command: import('./commands.mjs').CommandRecord, sandbox: object) => CommandPlan |
 *   undefined)} [commandPlan] the course of commands; default, or `undefined` for a command: THEY REALLY RUN, on this
 *   machine
 * @property {number} [timeoutMaximum] of a session: 24 h, as of the Pro plan
 * @property {number} [concurrencyLimit] sandboxes that run at once
 * @property {number} [nameTakenStatus] 400 is recorded; 409 is in the list of statuses too
 * @property {number} [invalidTokenStatus] 403 by other endpoints of Vercel's; 401 is documented too
 * @property {'not_found' | 'forbidden'} [foreignProject] how a project of another team is refused; not known
 * @property {'sandbox_stopped' | 'kept'} [commandsOfStopped] whether commands of a stopped session can still be read;
 *   410 is in the list of statuses
 * @property {'not_found' | 'sandbox_stopped'} [deletedSession] how a session of a deleted sandbox is refused; not known
 * @property {Parameters<typeof import('./rate.mjs').createRateLimits>[0]} [rateLimit]
 */

const DEFAULTS = {
  basePath: '/api',
  pageSizeDefault: 20,
  pageSizeMaximum: 50,
  emptyLastPage: false,
  filterPages: false,
  timeoutMaximum: DAY,
  concurrencyLimit: Infinity,
  nameTakenStatus: 400,
  invalidTokenStatus: 403,
  foreignProject: 'not_found',
  commandsOfStopped: 'sandbox_stopped',
  deletedSession: 'not_found',
}

/**
 * Starts a server on the loopback interface that behaves as Vercel's Sandbox API does. Its `url` is a client's base
 * URL, with the base path; `origin` is the same without.
 *
 * @param {VercelOptions} [options]
 */
export async function startVercelServer(options) {
  const server = await startFakeServer({ World, createEndpoint, loadFullSchema }, { ...DEFAULTS, ...options })
  return Object.assign(server, { origin: server.url, url: `${server.url}${server.settings.basePath}` })
}
