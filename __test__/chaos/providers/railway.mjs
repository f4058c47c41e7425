// Railway for the fault tests: its locations, its own faults, and what its fake server has.
import { graphqlError, startRailwayServer } from '../../servers/railway/index.mjs'
import { EDGE_PAGE, withAndWithoutEffect } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { defineProvider, SCENARIO_VARIABLE } from './fake-server.mjs'

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

const generic = (_random, effect) => ({ ...graphqlError('Problem processing request', { code: null }), effect })

/** Refusals that were seen although the service was made (docs/providers/railway.md). */
const MISLEADING = ['ServiceInstance not found', 'Not Authorized', 'Environment not found', 'Deployment not found']

/** Texts that the package's table does not list. */
const UNLISTED = ['The moon is in the wrong phase', 'Workspace is being migrated', '']

const DEPLOYMENTS = {
  well: ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS'],
  failed: ['QUEUED', 'DEPLOYING', 'FAILED'],
  crashed: ['INITIALIZING', 'DEPLOYING', 'CRASHED'],
  never: ['QUEUED', 'WAITING'],
}

export const railway = defineProvider({
  name: 'railway',
  title: 'Railway',
  operations: OPERATIONS,
  creating: 'serviceCreate',
  chosenName: ({ variables }) => variables?.input?.name,
  waits: { lag: 60_000, absence: 90_000 },
  kinds: [
    {
      name: 'throttle as 200',
      fits: (operation) => Boolean(OPERATIONS[operation].effect),
      make: (random) => graphqlError(random.pick(THROTTLES)),
    },
    ...withAndWithoutEffect('generic problem', generic),
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
    EDGE_PAGE,
    {
      name: 'answered false',
      fits: (operation) => Boolean(OPERATIONS[operation].flag),
      make: (random) => ({ kind: 'replace-flag', effect: chance(random, 0.5) }),
    },
  ],
  /** The only environment of its project; a fork; an environment whose services appear in another one, too. */
  locations: [
    [4, 'sole'],
    [2, 'fork'],
    [5, 'shared'],
  ],
  unreachable: { apiKey: 'none', projectId: NIL, environmentId: NIL, baseUrl: 'http://127.0.0.1:1' },

  async open({ seed, uniqueNames, deploymentOf }) {
    const server = await startRailwayServer({
      seed,
      rateLimit: { limit: 1_000_000_000 },
      plan: ({ name }) => DEPLOYMENTS[deploymentOf(name)],
    })
    const { world } = server
    world.uniqueNames = uniqueNames
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

    return {
      server,
      configFor(location, token) {
        world.addToken({ kind: 'account', token })
        return { apiKey: token, ...locations[location], baseUrl: server.url }
      },
      adapt(fault, { operation }) {
        if (fault.kind !== 'replace-flag') return fault
        return { kind: 'respond', status: 200, effect: fault.effect, body: { data: { [operation]: false } } }
      },
      live: () =>
        [alone, busy].flatMap(({ id, environments }) => {
          const running = environments.flatMap((environment) => world.runningInstances(environment.id))
          return world.liveServices(id).map((service) => {
            const own = running.filter(({ serviceId }) => serviceId === service.id)
            return { service, runsIn: own.map(({ environmentId }) => environmentId) }
          })
        }),
      /** A deletion in one environment may leave a service that is in none (docs/providers/railway.md). */
      show: ({ service, runsIn }) => ({
        id: service.id,
        name: service.name,
        scenarioId: service.instances.map(({ variables }) => variables[SCENARIO_VARIABLE]).find(Boolean),
        isIn: (location) => world.instance(service.id, locations[location].environmentId)?.deletedAt === null,
        runsOutside: (location) => runsIn.some((id) => id !== locations[location].environmentId),
      }),
    }
  },
})
