import { startFakeServer } from '../shared/fake-server.mjs'
import { Processes } from '../shared/processes.mjs'
import { createRandom } from '../shared/random.mjs'
import { createEndpoint, PATH } from './endpoint.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { createEdgeLimit, createRateLimit } from './rate.mjs'
import { createResolvers } from './resolvers.mjs'
import { World } from './world.mjs'

export { tooManyRequests } from '../shared/http.mjs'
export { graphqlError } from './errors.mjs'

/**
 * @typedef {object} RailwayOptions
 * @property {number} [port] 0 (default): any free one
 * @property {number} [seed] of ids, names and tokens; default: random
 * @property {() => number} [now] clock in milliseconds
 * @property {number} [pageSizeDefault] Railway's is not known; with 20 a client fails early that reads only one page
 * @property {number} [pageSizeMaximum]
 * @property {ConstructorParameters<typeof import('./deployments.mjs').Deployments>[0]['plan']} [plan]
 *   states of every deployment; a function of the service; or a list of `{ name, plan }`
 * @property {number} [stepMilliseconds] deployments move by themselves instead of with each read
 * @property {ConstructorParameters<typeof Processes>[0]} [runCommand] the process of a deployment that is up
 * @property {'instance' | 'schema'} [scopedDelete] serviceDelete with the id of an environment that is no fork: as
 *   observed (that instance only) or as the schema says (all environments that are no forks): docs/providers/railway.md
 * @property {string} [doubleDelete] `Service not found`, `Not Authorized` or `Problem processing request`
 * @property {string} [environmentProjectMismatch] the error text, or `ignore`
 * @property {number} [unauthenticatedStatus] HTTP status for a missing or unknown token; not in any source
 * @property {Parameters<typeof createRateLimit>[0]} [rateLimit]
 * @property {number} [edgeLimit] how many requests a second the edge admits. It refuses the others with 429 and the
 *   text `error code: 1015`, without `Retry-After`
 * @property {(request: import('../shared/http.mjs').RequestRecord) => void} [onDone] gets every request at its end
 */

/**
 * Starts a server on the loopback interface that behaves as Railway's public API does.
 *
 * @param {RailwayOptions} [options]
 */
export async function startRailwayServer(options = {}) {
  const settings = {
    port: 0,
    now: Date.now,
    pageSizeDefault: 20,
    pageSizeMaximum: 5000, // the largest page that Railway's own client asks for
    scopedDelete: 'instance',
    doubleDelete: 'Service not found',
    environmentProjectMismatch: 'Environment not found',
    unauthenticatedStatus: 200,
    ...options,
  }
  const { now } = settings
  const violations = []
  const processes = new Processes(settings.runCommand)
  const world = new World({
    now,
    random: createRandom(settings.seed),
    plan: settings.plan,
    stepMilliseconds: settings.stepMilliseconds,
    onUp: startProcess,
    onOver: (deployment) => processes.stop(deployment.id),
  })
  const rateLimit = createRateLimit(settings.rateLimit, now)
  const fullSchema = await loadFullSchema()
  const endpoint = createEndpoint({
    world,
    resolvers: createResolvers(world, settings),
    fullSchema,
    unauthenticatedStatus: settings.unauthenticatedStatus,
    rateLimit,
    edgeLimit: createEdgeLimit(settings.edgeLimit, now),
    onViolation: (violation) => violations.push(violation),
    onInternalError: (error) => server.errors.push(error),
  })
  const server = await startFakeServer({
    ...endpoint,
    settings,
    world,
    processes,
    violations,
    fullSchema,
    matches: (request, pattern) => request.operations?.includes(pattern) ?? false,
    answerHeaders: () => rateLimit.headers(),
    edgePage,
  })

  function startProcess(deployment) {
    const { service, instance } = deployment
    const variables = {
      ...world.platformVariables(instance),
      ...world.resolvedVariables(service.id, instance.environmentId),
    }
    const { environmentId } = deployment
    const labels = { serviceId: service.id, serviceName: service.name, environmentId }
    processes.start({ id: deployment.id, subject: service, labels }, variables, (exitCode) => {
      // If the process ends with 0, the deployment has completed, not failed (docs/providers/railway.md).
      world.deployments.end(
        deployment,
        exitCode === 0 ? { status: 'SUCCESS', deploymentStopped: true } : { status: 'CRASHED' },
      )
    })
  }

  return Object.assign(server, { endpoint: `${server.url}${PATH}` })
}

/** The page of the edge in front of Railway for refused requests. No source has its status. */
function edgePage(status) {
  const title = 'Access denied | backboard.railway.com used Cloudflare to restrict access'
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' },
    body: `<!DOCTYPE html>
<html lang="en-US">
<head><title>${title}</title></head>
<body><h1>Error 1015</h1><p>You are being rate limited</p></body>
</html>
`,
  }
}
