// The server, and everything that other files import.
import { startFakeServer } from '../shared/fake-server.mjs'
import { createRandom } from '../shared/random.mjs'
import { createEndpoint } from './endpoint.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { createOperations } from './operations.mjs'
import { createRateLimits } from './rate.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { asksForDaemon, COMMAND_PLANS, planDaemon } from './commands.mjs'
export { apiError } from './errors.mjs'
export { encodeOidcToken } from './oidc.mjs'

const DAY = 86_400_000

/**
 * @typedef {object} VercelOptions
 * @property {number} [port] 0 (default): any free one
 * @property {string} [basePath] `/api` as at vercel.com; empty as at api.vercel.com (docs/providers/vercel.md)
 * @property {number} [seed] of ids, names and tokens; default: random
 * @property {() => number} [now] clock in milliseconds; with a test's own clock time passes only on a request, or on
 *   `world.passTime()`
 * @property {number} [pageSizeDefault]
 * @property {number} [pageSizeMaximum] of pages, whatever `limit` says; `limit` itself ends at 50
 * @property {boolean} [emptyLastPage] the last page with entries has a cursor, too; not known
 * @property {boolean} [filterPages] filters are applied to pages, which may then be short or empty; not known
 * @property {import('../shared/courses.mjs').Plan} [plan] states of every session: a list, a function of the sandbox,
 *   or a list of `{ name, plan }`; default: `running` at once
 * @property {number} [stepMilliseconds] sessions move by themselves instead of with each read
 * @property {ConstructorParameters<typeof import('./commands.mjs').Commands>[0]['plan']} [commandPlan] the course of
 *   commands; default: THEY REALLY RUN, on this machine
 * @property {ConstructorParameters<typeof import('./commands.mjs').Commands>[0]['runCommand']} [runCommand] the
 *   process in place of every command
 * @property {number} [timeoutMaximum] of a session: 24 h, as of the Pro plan
 * @property {number} [concurrencyLimit] sandboxes that run at once
 * @property {number} [nameTakenStatus] 400 is recorded; 409 is in the list of statuses too
 * @property {number} [invalidTokenStatus] 403 by other endpoints of Vercel's; 401 is documented too
 * @property {'not_found' | 'forbidden'} [foreignProject] how a project of another team is refused; not known
 * @property {'sandbox_stopped' | 'kept'} [commandsOfStopped] whether commands of a stopped session can still be read;
 *   410 is in the list of statuses
 * @property {'not_found' | 'sandbox_stopped'} [deletedSession] how a session of a deleted sandbox is refused; not known
 * @property {Parameters<typeof createRateLimits>[0]} [rateLimit]
 * @property {(request: import('../shared/http.mjs').RequestRecord) => void} [onDone] gets every request at its end
 */

/**
 * Starts a server on the loopback interface that behaves as Vercel's Sandbox API does. Its `url` is a client's base
 * URL, with the base path; `origin` is the same without.
 *
 * @param {VercelOptions} [options]
 */
export async function startVercelServer(options = {}) {
  const settings = {
    port: 0,
    basePath: '/api',
    now: Date.now,
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
    ...options,
  }
  const { now } = settings
  const violations = []
  const world = new World({
    now,
    realTime: now === Date.now,
    random: createRandom(settings.seed),
    settings,
  })
  const fullSchema = await loadFullSchema()
  const endpoint = createEndpoint({
    world,
    operations: createOperations(world, settings),
    fullSchema,
    rateLimits: createRateLimits(settings.rateLimit, now),
    settings,
    onViolation: (violation) => violations.push(violation),
    onInternalError: (error) => server.errors.push(error),
  })
  const server = await startFakeServer({ ...endpoint, settings, world, violations, fullSchema })
  return Object.assign(server, { origin: server.url, url: `${server.url}${settings.basePath}` })
}
