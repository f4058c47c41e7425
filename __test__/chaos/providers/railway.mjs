// Railway for the fault harness: where things run, what can go wrong there, and what the server truly has.
import { graphqlError, startRailwayServer } from '../../servers/railway/index.mjs'
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { createPlainApi } from './railway-plain.mjs'

/** `effect`: it changes something; `flag`: it answers true or false; `places`: where a create comes by it; others: all. */
const OPERATIONS = {
  environments: { timeout: 'read' },
  serviceCreate: { timeout: 'create', effect: true },
  project: { timeout: 'read' },
  serviceInstance: { timeout: 'read', places: ['shared'] },
  variableCollectionUpsert: { timeout: 'read', effect: true, flag: true, places: ['shared'] },
  serviceInstanceUpdate: { timeout: 'read', effect: true, flag: true, places: ['shared'] },
  serviceInstanceDeployV2: { timeout: 'create', effect: true, places: ['shared'] },
  serviceDelete: { timeout: 'read', effect: true, flag: true },
  service: { timeout: 'read' },
  environment: { timeout: 'read' },
}

/** Resolver throttles, as HTTP 200 (docs/providers/railway.md). */
const THROTTLES = [
  'You are creating projects too quickly. This workspace allows 1 project per 30 seconds. Try again shortly.',
  'You are creating environments too quickly; one environment can be created per user every 30s',
  'Whoa there pal! You are creating volumes too quickly. Try again in a sec',
]

const NIL = '00000000-0000-4000-8000-000000000000'

const generic = (effect) => ({ ...graphqlError('Problem processing request', { code: null }), effect })

/** Refusals that were seen after the service had been made. */
const MISLEADING = ['ServiceInstance not found', 'Not Authorized', 'Environment not found', 'Deployment not found']

/** Texts that no table of the package can know. */
const UNLISTED = ['The moon is in the wrong phase', 'Workspace is being migrated', '']

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  { name: 'drift', make: (random) => drift('railway', random) },
  {
    name: 'throttle as 200',
    fits: (operation) => Boolean(OPERATIONS[operation].effect),
    make: (random) => graphqlError(random.pick(THROTTLES)),
  },
  { name: 'generic problem', blind: true, make: () => generic(false) },
  { name: 'generic problem after effect', ambiguous: true, make: () => generic(true) },
  {
    name: 'internal error after effect',
    ambiguous: true,
    make: () => graphqlError('Something went wrong', { effect: true }),
  },
  // Recorded in projects with environments of pull requests, and of tokens whose rights were about to change.
  {
    name: 'refusal with effect',
    fits: (operation) => operation === 'serviceCreate',
    make: (random) => graphqlError(random.pick(MISLEADING), { effect: true }),
  },
  {
    name: 'unlisted refusal',
    fits: (operation) => operation === 'serviceCreate',
    make: (random) => graphqlError(random.pick(UNLISTED)),
  },
  { name: 'edge page', make: (random) => ({ kind: 'html', status: random.pick([200, 403, 429, 503]) }) },
  {
    name: 'answered false',
    fits: (operation) => Boolean(OPERATIONS[operation].flag),
    make: (random) => ({ kind: 'replace-flag', effect: chance(random, 0.5) }),
  },
]

const DEPLOYMENTS = {
  well: ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS'],
  failed: ['QUEUED', 'DEPLOYING', 'FAILED'],
  crashed: ['INITIALIZING', 'DEPLOYING', 'CRASHED'],
  never: ['QUEUED', 'WAITING'],
}

/** @type {import('../harness.mjs').ChaosProvider} */
export const railway = {
  name: 'railway',
  title: 'Railway',
  factory: 'railway',
  operations: OPERATIONS,
  creating: 'serviceCreate',
  /** The addon's defaults. */
  timeouts: { read: 30_000, create: 60_000 },
  waits: { lag: 60_000, absence: 90_000 },
  kinds: [...KINDS, ...OWN_KINDS],
  /** The only environment of its project; a fork; one whose services appear in another as well. */
  places: [
    [4, 'sole'],
    [2, 'fork'],
    [5, 'shared'],
  ],
  plainApi: createPlainApi,
  /** Complete, and nobody listens there. */
  nowhere: { apiKey: 'nobody', projectId: NIL, environmentId: NIL, baseUrl: 'http://127.0.0.1:1', maxRetries: 0 },
  start,
}

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {object} options.lag in real milliseconds, as are all times here
 * @param {object} options.stale
 * @param {boolean} options.uniqueNames
 * @param {(name: string) => string} options.deploymentOf how the deployments of a resource of this name go
 */
async function start({ seed, lag, stale, uniqueNames, deploymentOf }) {
  const server = await startRailwayServer({
    seed,
    rateLimit: { limit: 1_000_000_000 },
    deploymentPlan: ({ name }) => DEPLOYMENTS[deploymentOf(name)] ?? DEPLOYMENTS.well,
  })
  const { world } = server
  const alone = world.createProject({ name: 'alone', environments: ['production'] })
  const busy = world.createProject({
    name: 'busy',
    environments: ['production', 'staging', { name: 'pr-1', forkOf: 'production' }],
  })
  const places = {
    sole: { projectId: alone.id, environmentId: alone.environments[0].id },
    fork: { projectId: busy.id, environmentId: busy.environments[2].id },
    shared: { projectId: busy.id, environmentId: busy.environments[0].id },
  }
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)
  world.uniqueNames = uniqueNames

  return {
    server,

    /** @returns {object} the configuration of a caller of its own at this place */
    configFor(place, token) {
      world.addToken({ kind: 'account', token })
      return { apiKey: token, ...places[place], baseUrl: server.url }
    },

    describe: ({ headers, operation, variables }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: variables?.input?.name,
    }),

    /** Faults that take more than the shared ones know. */
    adapt(fault, { operation }) {
      if (fault.kind !== 'replace-flag') return fault
      const body = { data: { [operation]: false } }
      return { kind: 'respond', status: 200, effect: fault.effect, body }
    },

    /**
     * What exists and costs, or keeps, something: a service with an instance in a place of ours, or one that runs
     * anywhere. A scoped deletion may leave a service without either, an empty shell (docs/providers/railway.md).
     */
    live() {
      return [alone, busy].flatMap((project) => {
        const running = new Map()
        for (const { id } of project.environments) {
          for (const { serviceId } of world.runningInstances(id)) {
            running.set(serviceId, [...(running.get(serviceId) ?? []), id])
          }
        }
        return world.liveServices(project.id).map((service) => ({
          id: service.id,
          name: service.name,
          mark: markOf(service),
          createdAt: Date.parse(service.createdAt),
          isIn: (place) => Boolean(liveInstance(service, places[place].environmentId)),
          runsOutside: (place) => (running.get(service.id) ?? []).some((id) => id !== places[place].environmentId),
        }))
      })
    },

    problems: () => [
      ...server.errors.map((error) => `the test server failed: ${error.stack}`),
      ...server.schemaViolations.map((violation) => `against Railway's schema: ${JSON.stringify(violation)}`),
    ],
  }

  function liveInstance(service, environmentId) {
    const instance = world.instance(service.id, environmentId)
    return instance && !instance.deletedAt ? instance : undefined
  }
}

/** The variable by which the harness knows whose a resource is that nobody has named. */
export const MARK = 'CHAOS_STORY'

function markOf(service) {
  for (const { variables } of service.instances) if (variables[MARK]) return variables[MARK]
  return undefined
}
