// Render for the fault tests: its locations, its own faults, and what its fake server has.
import { renderError, startRenderServer, UNLIMITED } from '../../servers/render/index.mjs'
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { createPlainApi } from './render-plain.mjs'

/** `effect`: it changes something. */
const OPERATIONS = {
  createService: { timeout: 'create', effect: true },
  listServices: { timeout: 'read' },
  retrieveService: { timeout: 'read' },
  retrieveDeploy: { timeout: 'read' },
  listDeploys: { timeout: 'read' },
  retrieveEnvVar: { timeout: 'read' },
  deleteService: { timeout: 'read', effect: true },
}

/** Errors with the statuses of Render's schema. No source has their texts (docs/providers/render.md). */
const trouble = (random, effect) => {
  const id = chance(random, 0.5) ? random.uuid() : undefined
  return renderError(random.pick([500, 503]), 'internal server error', { id, effect })
}

/** Responses of the proxy in front of Render. */
const edge = (random, effect) => ({ kind: 'html', status: random.pick([502, 504, 520, 522, 524]), effect })

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  { name: 'drift', make: (random) => drift('render', random) },
  { name: 'error of its own', uninformative: true, make: (random) => trouble(random, false) },
  { name: 'error of its own after effect', ambiguous: true, make: (random) => trouble(random, true) },
  { name: 'edge page', uninformative: true, make: (random) => edge(random, false) },
  { name: 'edge page after effect', ambiguous: true, make: (random) => edge(random, true) },
  {
    name: 'answer without id',
    ambiguous: true,
    fits: (operation) => operation === 'createService',
    // Render's schema requires neither of the response's two fields.
    make: () => ({ kind: 'replace', map: ({ service, ...rest }) => rest }),
  },
]

const DEPLOYS = {
  well: ['created', 'update_in_progress', 'live'],
  failed: ['created', 'update_in_progress', 'update_failed'],
  crashed: ['update_in_progress', { status: 'update_in_progress', suspendedBy: 'stuck_crashlooping' }],
  never: ['created', 'queued', 'a_status_of_tomorrow'],
}

/** The names that Render gives to the headers of the shared faults. */
const HEADERS = {
  'x-ratelimit-limit': 'ratelimit-limit',
  'x-ratelimit-remaining': 'ratelimit-remaining',
  'x-ratelimit-reset': 'ratelimit-reset',
}

/** @type {import('../harness.mjs').ChaosProvider} */
export const render = {
  name: 'render',
  title: 'Render',
  factory: 'render',
  operations: OPERATIONS,
  creating: 'createService',
  /** The addon's defaults. */
  timeouts: { read: 30_000, create: 60_000 },
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [...KINDS, ...OWN_KINDS],
  /** The key's only workspace; one of two that the key reaches, both with services of others. */
  locations: [
    [2, 'sole'],
    [3, 'shared'],
  ],
  plainApi: createPlainApi,
  /** A complete configuration, at whose address no server listens. */
  unreachable: {
    apiKey: 'none',
    ownerId: 'tea-00000000000000000000',
    baseUrl: 'http://127.0.0.1:1/v1',
    maxRetries: 0,
  },
  start,
}

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {object} options.lag in real milliseconds, as are all times here
 * @param {object} options.stale
 * @param {boolean} options.uniqueNames
 * @param {(name: string) => string} options.deploymentOf how the deploys of a resource of this name go
 */
async function start({ seed, lag, stale, uniqueNames, deploymentOf }) {
  const server = await startRenderServer({
    seed,
    limits: UNLIMITED,
    uniqueNames,
    deployPlan: ({ name }) => DEPLOYS[deploymentOf(name)] ?? DEPLOYS.well,
  })
  const { world } = server
  const [sole, shared, neighbour] = ['sole', 'shared', 'neighbour'].map((name) => world.createOwner({ name }))
  const owners = { sole, shared }
  const reach = { sole: [sole], shared: [shared, neighbour] }
  const foreign = new Set([shared, neighbour].flatMap(addForeignServices))
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)

  function addForeignServices(owner) {
    const site = world.addService(owner, { name: 'site' })
    const preview = world.addService(owner, { name: 'site PR #1', parent: site })
    const others = ['static_site', 'cron_job'].map((type) => world.addService(owner, { type }))
    return [site, preview, ...others]
  }

  return {
    server,

    /** @returns {object} the configuration of a new caller in this location */
    configFor(location, token) {
      world.addApiKey({ owners: reach[location], key: token })
      return { apiKey: token, ownerId: owners[location].id, baseUrl: server.endpoint }
    },

    describe: ({ headers, operation, json }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: operation === 'createService' ? json?.name : undefined,
    }),

    /** Renames the headers of the shared faults. */
    adapt(fault) {
      if (!fault.headers) return fault
      const headers = Object.entries(fault.headers).map(([name, value]) => [HEADERS[name] ?? name, value])
      return { ...fault, headers: Object.fromEntries(headers) }
    },

    /** Returns what callers made; `runsOutside`: in another workspace than the caller's. */
    live() {
      return world
        .liveServices()
        .filter((service) => !foreign.has(service))
        .map((service) => ({
          id: service.id,
          name: service.name,
          scenarioId: service.variables[SCENARIO_VARIABLE],
          createdAt: Date.parse(service.createdAt),
          isIn: (location) => service.ownerId === owners[location].id,
          runsOutside: (location) => service.ownerId !== owners[location].id,
        }))
    },

    problems: () => [
      ...server.errors.map((error) => `the fake server failed: ${error.stack}`),
      ...server.violations.map((violation) => `against Render's API: ${JSON.stringify(violation)}`),
      ...[...foreign]
        .filter(({ deletedAt }) => deletedAt)
        .map(({ name, ownerId }) => `${name} of ${ownerId} was deleted, although no caller made it`),
    ],
  }
}

/** The variable that names a resource's scenario, if its create chose no name. */
const SCENARIO_VARIABLE = 'CHAOS_SCENARIO'
