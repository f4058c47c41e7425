// Render for the fault harness: where things run, what can go wrong there, and what the server truly has.
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

/** Texts that no source tells; the statuses are those of the schema (docs/providers/render.md). */
const trouble = (random, effect) => {
  const id = chance(random, 0.5) ? random.uuid() : undefined
  return renderError(random.pick([500, 503]), 'internal server error', { id, effect })
}

/** What the proxy in front of Render says when it gets no answer from behind. */
const edge = (random, effect) => ({ kind: 'html', status: random.pick([502, 504, 520, 522, 524]), effect })

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  { name: 'drift', make: (random) => drift('render', random) },
  { name: 'error of its own', blind: true, make: (random) => trouble(random, false) },
  { name: 'error of its own after effect', ambiguous: true, make: (random) => trouble(random, true) },
  { name: 'edge page', blind: true, make: (random) => edge(random, false) },
  { name: 'edge page after effect', ambiguous: true, make: (random) => edge(random, true) },
  {
    name: 'answer without id',
    ambiguous: true,
    fits: (operation) => operation === 'createService',
    // Neither of its two fields is a required one (docs/providers/render.md).
    make: () => ({ kind: 'replace', map: ({ service, ...rest }) => rest }),
  },
]

const DEPLOYS = {
  well: ['created', 'update_in_progress', 'live'],
  failed: ['created', 'update_in_progress', 'update_failed'],
  crashed: ['update_in_progress', { status: 'update_in_progress', suspendedBy: 'stuck_crashlooping' }],
  never: ['created', 'queued', 'a_status_of_tomorrow'],
}

/** What the shared faults call a window is written without `X-` here. */
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
  /** A workspace by itself; one of two that the key reaches, both with services of somebody else. */
  places: [
    [2, 'sole'],
    [3, 'shared'],
  ],
  plainApi: createPlainApi,
  /** Complete, and nobody listens there. */
  nowhere: {
    apiKey: 'nobody',
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
  const furniture = new Set([shared, neighbour].flatMap(furnish))
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)

  function furnish(owner) {
    const site = world.addService(owner, { name: 'site' })
    const preview = world.addService(owner, { name: 'site PR #1', parent: site })
    const others = ['static_site', 'cron_job'].map((type) => world.addService(owner, { type }))
    return [site, preview, ...others]
  }

  return {
    server,

    /** @returns {object} the configuration of a caller of its own at this place */
    configFor(place, token) {
      world.addApiKey({ owners: reach[place], key: token })
      return { apiKey: token, ownerId: owners[place].id, baseUrl: server.endpoint }
    },

    describe: ({ headers, operation, json }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: operation === 'createService' ? json?.name : undefined,
    }),

    /** The shared faults, told as Render tells them. */
    adapt(fault) {
      if (!fault.headers) return fault
      const headers = Object.entries(fault.headers).map(([name, value]) => [HEADERS[name] ?? name, value])
      return { ...fault, headers: Object.fromEntries(headers) }
    },

    /**
     * What exists of what callers made; `runsOutside`: in another workspace than the caller's.
     */
    live() {
      return world
        .liveServices()
        .filter((service) => !furniture.has(service))
        .map((service) => ({
          id: service.id,
          name: service.name,
          mark: service.variables[MARK],
          createdAt: Date.parse(service.createdAt),
          isIn: (place) => service.ownerId === owners[place].id,
          runsOutside: (place) => service.ownerId !== owners[place].id,
        }))
    },

    problems: () => [
      ...server.errors.map((error) => `the test server failed: ${error.stack}`),
      ...server.violations.map((violation) => `not for Render: ${JSON.stringify(violation)}`),
      ...[...furniture]
        .filter(({ deletedAt }) => deletedAt)
        .map(({ name, ownerId }) => `${name} of ${ownerId} was deleted, which no caller has made`),
    ],
  }
}

/** The variable by which the harness knows whose a resource is that nobody has named. */
const MARK = 'CHAOS_STORY'
