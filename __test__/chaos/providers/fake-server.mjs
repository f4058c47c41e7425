// Holds the common parts of the providers that have a fake server.
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'

/** The variable that names a resource's scenario, if its create chose no name. */
export const SCENARIO_VARIABLE = 'CHAOS_SCENARIO'

/**
 * @typedef {object} StartOptions
 * @property {number} seed
 * @property {object} lag in real milliseconds, as are all times here
 * @property {object} stale
 * @property {boolean} uniqueNames
 * @property {(name: string) => string} deploymentOf what becomes of a resource of this name
 *
 * @typedef {object} Resource
 * @property {string} id
 * @property {string} name
 * @property {string} [scenarioId]
 * @property {number} [starts] how often its process was started
 * @property {(location: string) => boolean} isIn
 * @property {(location: string) => boolean} runsOutside
 *
 * @typedef {object} Backend what `open` returns
 * @property {object} server
 * @property {(location: string, token: string) => object} configFor the configuration of a new caller in this location
 * @property {() => object[]} live what the server has
 * @property {(record: object) => Partial<Resource>} show without `runsOutside`: outside is where it is not
 * @property {Set<object>} [foreign] resources of others
 * @property {(record: object) => boolean} [isIntact] whether a resource of others is as it was
 * @property {(fault: object, request: { operation: string }) => object} [adapt] translates a fault
 *
 * @param {object} entry see `ChaosProvider` in ../harness.mjs
 * @param {import('../faults.mjs').Kind[]} entry.kinds the provider's own
 * @param {(json: object) => string | undefined} entry.chosenName the name in the body of a request that creates
 * @param {(options: StartOptions) => Promise<Backend>} entry.open
 * @returns {import('../harness.mjs').ChaosProvider}
 */
export function defineProvider({ kinds, unreachable, chosenName, open, ...entry }) {
  // Logs are a stream, not JSON.
  const drifting = {
    name: 'drift',
    fits: (operation) => operation !== 'commandLogs',
    make: (random) => drift(entry.name, random),
  }

  async function start(options) {
    const backend = await open(options)
    const { server, configFor, live, show, foreign = new Set(), isIntact, adapt = (fault) => fault } = backend
    Object.assign(server.world.lag, options.lag)
    Object.assign(server.world.stale, options.stale)
    const isGone = (record) => !isIntact(record)
    return {
      server,
      configFor,
      adapt,
      describe: ({ headers, operation, json }) => ({
        operation,
        token: headers.authorization?.replace(/^Bearer /, ''),
        name: operation === entry.creating ? chosenName(json ?? {}) : undefined,
      }),
      live: () => {
        const resources = live().filter((record) => !foreign.has(record)).map(show)
        return resources.map((resource) => ({ runsOutside: (location) => !resource.isIn(location), ...resource }))
      },
      problems: () => [
        ...server.errors.map((error) => `the fake server failed: ${error.stack}`),
        ...server.violations.map((violation) => `against the API of ${entry.title}: ${JSON.stringify(violation)}`),
        ...[...foreign].filter(isGone).map((record) => `no caller made ${show(record).id}, and it is gone`),
      ],
    }
  }

  return {
    ...entry,
    factory: entry.name,
    kinds: [...KINDS, drifting, ...kinds],
    unreachable: { ...unreachable, maxRetries: 0 },
    start,
  }
}
