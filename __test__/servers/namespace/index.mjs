// A server that behaves as Namespace's Compute API does, on the loopback interface.
import { startFakeServer } from '../shared/fake-server.mjs'
import { Processes } from '../shared/processes.mjs'
import { createRandom } from '../shared/random.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { ENDING, PLANS } from './plans.mjs'
import { createWire } from './wire.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { connectError, details, wrongPlace } from './errors.mjs'
export { PLANS } from './plans.mjs'
export { SECRETS } from './present.mjs'

const HOUR = 3_600_000

/**
 * A test may change `server.settings` while the server runs, except for `port`, `seed`, `now`, `stepMilliseconds`,
 * `runCommand`.
 *
 * @typedef {import('./plans.mjs').Step} Step
 *
 * @typedef {object} NamespaceOptions
 * @property {number} [port] 0 (default): any free one
 * @property {number} [seed] of ids and tokens; default: random
 * @property {() => number} [now] clock in milliseconds
 * @property {Step[] | ((instance: import('./world.mjs').Instance) => Step[])} [plan] the steps of every instance
 *   that is created; see PLANS
 * @property {Step[]} [ending] the steps after DestroyInstance and the deadline
 * @property {number} [stepMilliseconds] instances move by the server's clock instead of with each DescribeInstance
 * @property {number} [endingMilliseconds] the same for their ending only
 * @property {ConstructorParameters<typeof Processes>[0]} [runCommand] the process of a container that is up
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
 * @property {(request: import('../shared/http.mjs').RequestRecord) => void} [onDone] gets every request at its end
 */

/** @param {NamespaceOptions} [options] */
export async function startNamespaceServer(options = {}) {
  const settings = {
    port: 0,
    now: Date.now,
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
    ...options,
  }
  const { now } = settings
  const violations = []
  const processes = new Processes(settings.runCommand)
  const random = createRandom(settings.seed)
  const world = new World({ now, settings, random, onUp: startProcesses, onDown: stopProcesses })
  const fullSchema = await loadFullSchema()
  const wire = createWire({
    world,
    settings,
    fullSchema,
    onViolation: (violation) => violations.push(violation),
    onInternalError: (error) => server.errors.push(error),
  })
  const server = await startFakeServer({ ...wire, settings, world, processes, violations, fullSchema })

  function startProcesses(instance) {
    for (const container of instance.containers) {
      const subject = { instance, container }
      const labels = { instanceId: instance.id, containerName: container.name }
      processes.start({ id: container.id, subject, labels }, container.environment, (exitCode) => {
        world.containerEnded(instance, container, exitCode)
      })
    }
  }

  function stopProcesses(instance) {
    for (const { id } of instance.containers) processes.stop(id)
  }

  return Object.assign(server, {
    /** Returns the base URL of a region's endpoint. They are on one host here, and differ by path. */
    endpoint: (region = settings.region) => (region === settings.region ? server.url : `${server.url}/${region}`),
  })
}
