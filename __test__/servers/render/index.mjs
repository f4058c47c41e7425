import { startFakeServer } from '../shared/fake-server.mjs'
import { Processes } from '../shared/processes.mjs'
import { createRandom } from '../shared/random.mjs'
import { BASE_PATH, createEndpoint } from './endpoint.mjs'
import { loadOpenApi } from './openapi.mjs'
import { LIMITS } from './rate.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { renderError } from './errors.mjs'
export { LIMITS, UNLIMITED } from './rate.mjs'

/**
 * Options decide what the sources leave open. The defaults are the likeliest or strictest behaviour. A test may change
 * `server.settings` while the server runs, except for the first seven.
 *
 * @typedef {object} RenderOptions
 * @property {number} [port] 0 (default): any free one
 * @property {number} [seed] of ids and keys; default: random
 * @property {() => number} [now] clock in milliseconds
 * @property {import('../shared/courses.mjs').Plan} [plan] statuses of every deploy; a function of the service; or a list
 *   of `{ name, plan }`
 * @property {number} [stepMilliseconds] deploys move by themselves instead of with each read
 * @property {ConstructorParameters<typeof Processes>[0]} [runCommand] what really runs for a deploy that is live
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
 * @property {(violation: object) => void} [onViolation] gets each at once
 * @property {(request: import('../shared/http.mjs').RequestRecord) => void} [onDone] gets every request at its end
 */

const DEFAULTS = {
  port: 0,
  now: Date.now,
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
  onViolation: () => {},
}

/**
 * Starts a server on the loopback interface that behaves as Render's public API (docs/providers/render.md).
 *
 * @param {RenderOptions} [options]
 */
export async function startRenderServer(options = {}) {
  const settings = { ...DEFAULTS, ...options, limits: { ...LIMITS, ...options.limits } }
  const { now, seed } = settings
  const violations = []
  const processes = new Processes(settings.runCommand)
  const world = new World({
    now,
    random: createRandom(seed),
    plan: settings.plan,
    stepMilliseconds: settings.stepMilliseconds,
    slugSuffix: settings.slugSuffix,
    onUp: startProcess,
    onDown: (deploy) => processes.stop(deploy.id),
  })
  // Separate from the world's generator, so that a repeated request does not change later ids.
  const requestIds = createRandom(seed)
  const fullSchema = await loadOpenApi()
  const endpoint = createEndpoint({
    world,
    settings,
    fullSchema,
    now,
    requestId: () => requestIds.uuid(),
    onViolation(violation) {
      violations.push(violation)
      settings.onViolation(violation)
    },
  })
  const server = await startFakeServer({ ...endpoint, settings, world, processes, violations, fullSchema })

  function startProcess(deploy) {
    const { service } = deploy
    if (!service.hasProcess) return
    const variables = { ...world.platformVariables(service), ...service.variables }
    const labels = { serviceId: service.id, serviceName: service.name, ownerId: service.ownerId }
    // Render restarts a container, and suspends a service that keeps crashing. Here the first end suspends it.
    processes.start({ id: deploy.id, subject: service, labels }, variables, () => {
      world.suspend(service, 'stuck_crashlooping')
    })
  }

  return Object.assign(server, { endpoint: `${server.url}${BASE_PATH}` })
}
