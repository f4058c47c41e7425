import { startHttpServer } from './http.mjs'
import { ProviderError } from './provider-error.mjs'
import { createRandom } from './random.mjs'

/**
 * @typedef {object} ServerOptions options of every fake server
 * @property {number} [port] 0 (default): any free one
 * @property {number} [seed] of ids, names and tokens; default: random
 * @property {() => number} [now] clock in milliseconds
 * @property {import('./courses.mjs').Plan} [plan] states of every new object; a function of its subject; or a list of
 *   `{ name, plan }`
 * @property {number} [stepMilliseconds] objects move by themselves instead of with each read
 * @property {ConstructorParameters<typeof import('./processes.mjs').Processes>[0]} [runCommand] the process of what is
 *   up
 * @property {(violation: Violation) => void} [onViolation] gets each at once
 * @property {(request: import('./http.mjs').RequestRecord) => void} [onDone] gets every request at its end
 *
 * @typedef {object} Violation a request that a client of ours may not send; the real server may accept it
 * @property {string} kind
 * @property {string} message
 * @property {string} method
 * @property {string} path
 * @property {string} [operation]
 * @property {number} at server clock, milliseconds
 *
 * @typedef {object} EndpointOptions
 * @property {import('./world.mjs').World} world
 * @property {object} settings of the server, read at each request, so that a test may change them
 * @property {any} [fullSchema] the provider's own document to check requests against, if it is present
 * @property {(request: import('./http.mjs').RequestRecord, kind: string, message: string, details?: object) => void}
 *   violate records a violation
 * @property {(error: Error) => void} onInternalError records an error of this server
 *
 * @typedef {Parameters<typeof startHttpServer>[0] & { refuse?: (error: ProviderError, request:
 *   import('./http.mjs').RequestRecord) => import('./http.mjs').Answer }} Endpoint `refuse` writes a refusal
 */

/**
 * Starts the server of a fake provider on the loopback interface, with its world and its records.
 *
 * @param {object} provider
 * @param {new (options: import('./world.mjs').WorldOptions) => import('./world.mjs').World} provider.World
 * @param {(options: EndpointOptions) => Endpoint} provider.createEndpoint
 * @param {() => Promise<object> | undefined} provider.loadFullSchema
 * @param {ServerOptions} options
 */
export async function startFakeServer({ World, createEndpoint, loadFullSchema }, options) {
  const settings = { port: 0, now: Date.now, ...options }
  const { port, now, seed, onDone } = settings
  const world = new World({ now, random: createRandom(seed), settings })
  const violations = []
  const fullSchema = await loadFullSchema()

  function violate(request, kind, message, details) {
    const { method, path, operation, at } = request
    const violation = { kind, message, method, path, operation, at, ...details }
    violations.push(violation)
    settings.onViolation?.(violation)
  }

  const onInternalError = (error) => server.errors.push(error)
  const { handle, refuse, ...endpoint } = createEndpoint({ world, settings, fullSchema, violate, onInternalError })

  async function answer(request, left) {
    try {
      return await handle(request, left)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      if (error.violation) violate(request, error.kind, error.violation)
      return refuse(error, request)
    }
  }

  const server = await startHttpServer({ port, now, onDone, ...endpoint, handle: answer })
  const closeServer = server.close
  return Object.assign(server, {
    world,
    settings,
    processes: world.processes?.all,
    violations,
    fullSchema: fullSchema !== undefined,
    async close() {
      await closeServer()
      await world.close()
    },
  })
}
