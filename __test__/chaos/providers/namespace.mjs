// Namespace for the fault tests: its locations, its own faults, and what its fake server has.
import { connectError, details, PLANS, startNamespaceServer, wrongPlace } from '../../servers/namespace/index.mjs'
import { createRandom } from '../../servers/shared/random.mjs'
import { EDGE_PAGE, withAndWithoutEffect } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { defineProvider, SCENARIO_VARIABLE } from './fake-server.mjs'

/** The label that holds the handle. */
const NAME = 'computesdk.name'

/** Codes after which the outcome is unknown (docs/providers/namespace.md). */
const TROUBLES = ['unavailable', 'internal', 'unknown', 'deadline_exceeded', 'aborted', 'canceled', 'data_loss']

/** Chooses a form that a client should understand. */
const anyForm = (random) => ({
  code: random.pick(['string', 'string', 'number', 'upper']),
  message: chance(random, 0.8),
  details: chance(random, 0.8),
})

const trouble = (random, effect) =>
  connectError(random.pick(TROUBLES), { message: 'trouble', form: anyForm(random), effect })

/** The first limit ends with time, the second does not. */
const LIMITS = [
  details.resourceLimits({
    requested: { virtualCpu: 2, memoryMegabytes: 4096 },
    used: { virtualCpu: 32 },
    limits: { virtualCpu: 32, memoryMegabytes: 65_536 },
    kind: 1,
    description: 'cpu',
  }),
  details.usageLimits({ used: 1000, limits: 1000 }),
]

const COURSES = { well: PLANS.runs, failed: PLANS.fails, crashed: PLANS.crashes, never: PLANS.never }

/** How many instances of others are in the shared workspace. */
const FOREIGN = 25

const nameOf = ({ labels }) => labels.find(({ name }) => name === NAME)?.value

export const namespace = defineProvider({
  name: 'namespace',
  title: 'Namespace',
  operations: {
    CreateInstance: { timeout: 'create', effect: true },
    DescribeInstance: { timeout: 'read' },
    ListInstances: { timeout: 'read' },
    DestroyInstance: { timeout: 'read', effect: true },
  },
  creating: 'CreateInstance',
  chosenName: ({ labels }) => (Array.isArray(labels) ? nameOf({ labels }) : undefined),
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [
    ...withAndWithoutEffect('Connect error', trouble),
    {
      name: 'out of resources',
      fits: (operation) => operation === 'CreateInstance',
      make: (random) =>
        connectError('resource_exhausted', {
          message: 'workspace out of resources',
          details: chance(random, 0.7) ? [random.pick(LIMITS)] : [],
          form: anyForm(random),
        }),
    },
    EDGE_PAGE,
    { name: 'bare 404', make: () => ({ kind: 'respond', ...wrongPlace() }) },
  ],
  /** The callers' own workspace; the same in another region; a workspace with instances of others. */
  locations: [
    [4, 'own'],
    [2, 'elsewhere'],
    [3, 'crowded'],
  ],
  unreachable: { token: 'none', baseUrl: 'http://127.0.0.1:1' },

  async open({ seed, uniqueNames, deploymentOf }) {
    const random = createRandom(seed)
    const sparsePages = chance(random, 0.5)
    const server = await startNamespaceServer({
      seed,
      uniqueTags: uniqueNames,
      plan: (instance) => COURSES[deploymentOf(nameOf(instance))],
      // No source decides these. Each round draws one of the possibilities.
      destroyingHolder: random.pick(['reuse', 'new']),
      otherBody: random.pick(['reuse', 'refuse']),
      destroyDead: random.pick(['failed_precondition', 'not_found']),
      destroyDying: random.pick(['accept', 'refuse']),
      forgetDestroyed: chance(random, 0.5),
      listOrder: random.pick(['oldest', 'newest']),
      sparsePages,
      // A deletion proceeds by time, not by reads. The instance holds its tag until it is deleted.
      endingMilliseconds: random.pick([0, 20, 200, 1000]),
      // If pages are filtered after they were cut, a lookup reads all of them. Few large pages keep it short.
      pageSizeMaximum: sparsePages ? 50 : 10,
    })
    const { world } = server
    const own = world.createWorkspace({ name: 'own' })
    const crowded = world.createWorkspace({ name: 'crowded' })
    for (let index = 0; index < FOREIGN; index += 1) world.addInstance(crowded, { purpose: 'CI runner' })
    const locations = {
      own: { workspace: own, region: 'us' },
      elsewhere: { workspace: own, region: 'eu' },
      crowded: { workspace: crowded, region: 'us' },
    }

    return {
      server,
      configFor(location, token) {
        const { workspace, region } = locations[location]
        world.addToken({ workspace, token })
        return { token, baseUrl: server.endpoint(region) }
      },
      /** What costs money: instances that are neither deleted nor being deleted. */
      live: () => [own, crowded].flatMap((workspace) => world.liveInstances(workspace)),
      show: (instance) => ({
        id: instance.id,
        name: nameOf(instance),
        scenarioId: world.environmentOf(instance)?.[SCENARIO_VARIABLE],
        isIn(location) {
          const { workspace, region } = locations[location]
          return instance.workspaceId === workspace.id && instance.region === region
        },
      }),
      foreign: new Set(world.allInstances(crowded)),
      isIntact: ({ status }) => status === 'RUNNING',
    }
  },
})
