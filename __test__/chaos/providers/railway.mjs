// Railway for the fault tests: its locations, its own faults, and what its fake server has.
import { graphqlError, startRailwayServer } from '../../servers/railway/index.mjs'
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { createPlainApi } from './railway-plain.mjs'

/** `effect`: a write; `flag`: answers true or false; `locations`: where a create uses it, default: everywhere. */
const OPERATIONS = {
  environments: { timeout: 'read' },
  serviceCreate: { timeout: 'create', effect: true },
  project: { timeout: 'read' },
  serviceInstance: { timeout: 'read', locations: ['shared'] },
  variableCollectionUpsert: { timeout: 'read', effect: true, flag: true, locations: ['shared'] },
  serviceInstanceUpdate: { timeout: 'read', effect: true, flag: true, locations: ['shared'] },
  serviceInstanceDeployV2: { timeout: 'create', effect: true, locations: ['shared'] },
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

/** Refusals that were seen although the service was made (docs/providers/railway.md). */
const MISLEADING = ['ServiceInstance not found', 'Not Authorized', 'Environment not found', 'Deployment not found']

/** Texts that the package's table does not list. */
const UNLISTED = ['The moon is in the wrong phase', 'Workspace is being migrated', '']

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  { name: 'drift', make: (random) => drift('railway', random) },
  {
    name: 'throttle as 200',
    fits: (operation) => Boolean(OPERATIONS[operation].effect),
    make: (random) => graphqlError(random.pick(THROTTLES)),
  },
  { name: 'generic problem', uninformative: true, make: () => generic(false) },
  { name: 'generic problem after effect', ambiguous: true, make: () => generic(true) },
  {
    name: 'internal error after effect',
    ambiguous: true,
    make: () => graphqlError('Something went wrong', { effect: true }),
  },
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
  /** The only environment of its project; a fork; an environment whose services appear in another one, too. */
  locations: [
    [4, 'sole'],
    [2, 'fork'],
    [5, 'shared'],
  ],
  plainApi: createPlainApi,
  /** A complete configuration, at whose address no server listens. */
  unreachable: { apiKey: 'none', projectId: NIL, environmentId: NIL, baseUrl: 'http://127.0.0.1:1', maxRetries: 0 },
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
  const locations = {
    sole: { projectId: alone.id, environmentId: alone.environments[0].id },
    fork: { projectId: busy.id, environmentId: busy.environments[2].id },
    shared: { projectId: busy.id, environmentId: busy.environments[0].id },
  }
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)
  world.uniqueNames = uniqueNames

  return {
    server,

    /** @returns {object} the configuration of a new caller in this location */
    configFor(location, token) {
      world.addToken({ kind: 'account', token })
      return { apiKey: token, ...locations[location], baseUrl: server.url }
    },

    describe: ({ headers, operation, variables }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: variables?.input?.name,
    }),

    /** Translates the faults that are Railway's own. */
    adapt(fault, { operation }) {
      if (fault.kind !== 'replace-flag') return fault
      const body = { data: { [operation]: false } }
      return { kind: 'respond', status: 200, effect: fault.effect, body }
    },

    /**
     * Returns the services that have an instance in a location of the callers, or that run in any. A deletion in one
     * environment may leave a service without either (docs/providers/railway.md).
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
          scenarioId: scenarioIdOf(service),
          createdAt: Date.parse(service.createdAt),
          isIn: (location) => Boolean(liveInstance(service, locations[location].environmentId)),
          runsOutside: (location) => (running.get(service.id) ?? []).some((id) => id !== locations[location].environmentId),
        }))
      })
    },

    problems: () => [
      ...server.errors.map((error) => `the fake server failed: ${error.stack}`),
      ...server.violations.map((violation) => `against Railway's schema: ${JSON.stringify(violation)}`),
    ],
  }

  function liveInstance(service, environmentId) {
    const instance = world.instance(service.id, environmentId)
    return instance && !instance.deletedAt ? instance : undefined
  }
}

/** The variable that names a resource's scenario, if its create chose no name. */
const SCENARIO_VARIABLE = 'CHAOS_SCENARIO'

function scenarioIdOf(service) {
  for (const { variables } of service.instances) if (variables[SCENARIO_VARIABLE]) return variables[SCENARIO_VARIABLE]
  return undefined
}
