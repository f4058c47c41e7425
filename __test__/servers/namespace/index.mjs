// A server that behaves as Namespace's Compute API does, on the loopback interface.
import { startFakeServer } from '../shared/fake-server.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { ENDING, PLANS } from './plans.mjs'
import { createEndpoint } from './wire.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { connectError, details, wrongPlace } from './errors.mjs'
export { PLANS } from './plans.mjs'
export { SECRETS } from './present.mjs'

const HOUR = 3_600_000

/**
 * A test may change `server.settings` while the server runs, `plan` (see PLANS) and the options below.
 *
 * @typedef {import('./plans.mjs').Step} Step
 *
 * @typedef {import('../shared/fake-server.mjs').ServerOptions & OwnOptions} NamespaceOptions instances move with each
 *   DescribeInstance, or by the server's clock
 *
 * @typedef {object} OwnOptions
 * @property {Step[]} [ending] the steps after DestroyInstance and the deadline
 * @property {number} [endingMilliseconds] `stepMilliseconds` of their ending only
 * @property {number} [lifetimeMilliseconds] of an instance without a deadline; Namespace's default is not published
 * @property {'documented' | 'any'} [shapes] which machine shapes are accepted; the schema sets no bounds
 * @property {boolean} [uniqueTags] whether a second create with a tag gives the first one's instance
 * @property {'reuse' | 'new' | 'refuse'} [destroyingHolder] a create whose tag belongs to a DESTROYING instance
 *   gets that instance, a new one, or failed_precondition; not published
 * @property {'reuse' | 'refuse'} [otherBody] a create whose tag belongs to an instance of another request gets that
 *   instance, or already_exists; not published; requests differ in any field, the deadline too
 * @property {'failed_precondition' | 'not_found'} [destroyDead] DestroyInstance of an instance in state DESTROYED
 * @property {'accept' | 'refuse'} [destroyDying] the same for DESTROYING; not on record
 * @property {boolean} [forgetDestroyed] a DESTROYED instance is not_found, and in no list
 * @property {number} [pageSizeDefault] about 100
 * @property {number} [pageSizeMaximum]
 * @property {'oldest' | 'newest'} [listOrder] first; not on record
 * @property {boolean} [sparsePages] pages are filtered after they were cut, so a short or empty page may not be the
 *   last
 * @property {string[]} [statesOfList] which states ListInstances shows by default
 * @property {string[]} [statesOfCompleteList] with includeCompleteRuns; whether DESTROYING, SUSPENDING and SUSPENDED
 *   are among them is not on record: the schema names none of them
 * @property {boolean} [listAllRegions] one project says that a list shows all regions from any endpoint
 * @property {string} [region] of the endpoint without a prefix
 * @property {boolean} [wrongHost] behaves as a host that does not serve the Compute API
 * @property {import('./errors.mjs').ErrorForm} [errorForm] how errors are written
 */

const DEFAULTS = {
  plan: PLANS.runs,
  ending: ENDING,
  lifetimeMilliseconds: HOUR,
  shapes: 'documented',
  uniqueTags: true,
  destroyingHolder: 'reuse',
  otherBody: 'reuse',
  destroyDead: 'failed_precondition',
  destroyDying: 'accept',
  forgetDestroyed: false,
  pageSizeDefault: 100,
  pageSizeMaximum: 100,
  listOrder: 'newest',
  sparsePages: false,
  statesOfList: ['PENDING', 'CREATING', 'RUNNING'],
  statesOfCompleteList: ['PENDING', 'CREATING', 'RUNNING', 'DESTROYED', 'ERROR'],
  listAllRegions: false,
  region: 'us',
  wrongHost: false,
}

/** @param {NamespaceOptions} [options] */
export async function startNamespaceServer(options) {
  const server = await startFakeServer({ World, createEndpoint, loadFullSchema }, { ...DEFAULTS, ...options })
  const { url, settings } = server
  return Object.assign(server, {
    /** Returns the base URL of a region's endpoint. They are on one host here, and differ by path. */
    endpoint: (region = settings.region) => (region === settings.region ? url : `${url}/${region}`),
  })
}
