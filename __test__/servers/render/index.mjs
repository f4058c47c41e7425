import { startFakeServer } from '../shared/fake-server.mjs'
import { BASE_PATH, createEndpoint } from './endpoint.mjs'
import { loadOpenApi } from './openapi.mjs'
import { LIMITS } from './rate.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { renderError } from './errors.mjs'
export { LIMITS, UNLIMITED } from './rate.mjs'

/**
 * Options decide what the sources leave open. The defaults are the likeliest or strictest behaviour. A test may change
 * `server.settings` while the server runs, except for those of every fake server.
 *
 * @typedef {import('../shared/fake-server.mjs').ServerOptions & OwnOptions} RenderOptions
 *
 * @typedef {object} OwnOptions
 * @property {boolean} [slugSuffix] every slug gets a suffix; seen at workers and crons, and once at a web service
 * @property {Partial<typeof LIMITS>} [limits] requests per window; `UNLIMITED` for none
 * @property {'delay' | 'epoch-seconds'} [resetFormat] of `Ratelimit-Reset`: as recorded, or as documented
 * @property {boolean} [retryAfter] whether a 429 carries `Retry-After`
 * @property {number} [pageSizeDefault]
 * @property {number} [pageSizeMaximum]
 * @property {boolean} [newestFirst] order of services, which no source has
 * @property {boolean} [newestDeployFirst] order of deploys, which is not guaranteed
 * @property {'exact' | 'partial'} [nameFilter] not known which
 * @property {boolean} [uniqueNames] whether a second service of a name is refused
 * @property {400 | 409} [nameTakenStatus] not known which
 * @property {404 | 410} [goneStatus] for what was deleted
 * @property {404 | 403} [foreignServiceStatus] a service of a workspace that the key does not reach
 * @property {number} [foreignOwnerStatus] a create in such a workspace; not known
 * @property {'empty' | number} [foreignOwnerInList] a listing of such a workspace; not known
 * @property {boolean | 'even free'} [paymentRequired] without a card: paid plans answer 402, or all plans
 * @property {string} [defaultPlan] of a service without one
 * @property {(plan: string) => string} [showPlan] the spelling of plans in answers
 * @property {boolean} [errorIds] errors carry an `id` beside their message
 */

const DEFAULTS = {
  slugSuffix: false,
  resetFormat: 'delay',
  retryAfter: true,
  pageSizeDefault: 20,
  pageSizeMaximum: 100,
  newestFirst: false,
  newestDeployFirst: false, // so that a client fails that takes the first deploy for the newest
  nameFilter: 'exact',
  uniqueNames: true,
  nameTakenStatus: 400,
  goneStatus: 404,
  foreignServiceStatus: 404,
  foreignOwnerStatus: 404,
  foreignOwnerInList: 'empty',
  paymentRequired: false,
  defaultPlan: 'starter',
  showPlan: (plan) => plan,
  errorIds: false,
}

/**
 * Starts a server on the loopback interface that behaves as Render's public API (docs/providers/render.md).
 *
 * @param {RenderOptions} [options]
 */
export async function startRenderServer(options) {
  const settings = { ...DEFAULTS, ...options, limits: { ...LIMITS, ...options?.limits } }
  const server = await startFakeServer({ World, createEndpoint, loadFullSchema: loadOpenApi }, settings)
  return Object.assign(server, { endpoint: `${server.url}${BASE_PATH}` })
}
