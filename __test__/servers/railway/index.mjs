import { startFakeServer } from '../shared/fake-server.mjs'
import { createEndpoint, PATH } from './endpoint.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { graphqlError } from './errors.mjs'

/**
 * @typedef {import('../shared/fake-server.mjs').ServerOptions & OwnOptions} RailwayOptions
 *
 * @typedef {object} OwnOptions
 * @property {number} [pageSizeDefault] Railway's is not known; with 20 a client fails early that reads only one page
 * @property {number} [pageSizeMaximum]
 * @property {'instance' | 'schema'} [scopedDelete] serviceDelete with the id of an environment that is no fork: as
 *   observed (that instance only) or as the schema says (all environments that are no forks): docs/providers/railway.md
 * @property {string} [doubleDelete] `Service not found`, `Not Authorized` or `Problem processing request`
 * @property {string} [environmentProjectMismatch] the error text, or `ignore`
 * @property {number} [unauthenticatedStatus] HTTP status for a missing or unknown token; not in any source
 * @property {Parameters<typeof import('./rate.mjs').createRateLimit>[0]} [rateLimit]
 * @property {number} [edgeLimit] how many requests a second the edge admits. It refuses the others with 429 and the
 *   text `error code: 1015`, without `Retry-After`
 */

const DEFAULTS = {
  pageSizeDefault: 20,
  pageSizeMaximum: 5000, // the largest page that Railway's own client asks for
  scopedDelete: 'instance',
  doubleDelete: 'Service not found',
  environmentProjectMismatch: 'Environment not found',
  unauthenticatedStatus: 200,
}

/**
 * Starts a server on the loopback interface that behaves as Railway's public API does.
 *
 * @param {RailwayOptions} [options]
 */
export async function startRailwayServer(options) {
  const server = await startFakeServer({ World, createEndpoint, loadFullSchema }, { ...DEFAULTS, ...options })
  return Object.assign(server, { endpoint: `${server.url}${PATH}` })
}
