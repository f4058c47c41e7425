// Namespace for the fault harness: where things run, what can go wrong there, and what the server truly has.
import { connectError, details, PLANS, startNamespaceServer, wrongPlace } from '../../servers/namespace/index.mjs'
import { createRandom } from '../../servers/shared/random.mjs'
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { createPlainApi } from './namespace-plain.mjs'

/** `effect`: it changes something. */
const OPERATIONS = {
  CreateInstance: { timeout: 'create', effect: true },
  DescribeInstance: { timeout: 'read' },
  ListInstances: { timeout: 'read' },
  DestroyInstance: { timeout: 'read', effect: true },
}

/** The variable by which the harness knows whose an instance is that has no name. */
const MARK = 'CHAOS_STORY'

/** The label that holds the handle. */
const NAME = 'computesdk.name'

/** Codes that tell nothing of whether it happened (docs/providers/namespace.md). */
const TROUBLES = ['unavailable', 'internal', 'unknown', 'deadline_exceeded', 'aborted', 'canceled', 'data_loss']

/** In any form that a client should understand. */
const anyForm = (random) => ({
  code: random.pick(['string', 'string', 'number', 'upper']),
  message: chance(random, 0.8),
  details: chance(random, 0.8),
})

const trouble = (random, effect) =>
  connectError(random.pick(TROUBLES), { message: 'trouble', form: anyForm(random), effect })

/** A wait helps against the first, not against the second. */
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

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  { name: 'drift', make: (random) => drift('namespace', random) },
  { name: 'Connect error', blind: true, make: (random) => trouble(random, false) },
  { name: 'Connect error after effect', ambiguous: true, make: (random) => trouble(random, true) },
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
  { name: 'edge page', make: (random) => ({ kind: 'html', status: random.pick([200, 403, 429, 503]) }) },
  { name: 'bare 404', make: () => ({ kind: 'respond', ...wrongPlace() }) },
]

const COURSES = { well: PLANS.runs, failed: PLANS.fails, crashed: PLANS.crashes, never: PLANS.never }

/** Others' instances in the crowded workspace. */
const CROWD = 25

/** @type {import('../harness.mjs').ChaosProvider} */
export const namespace = {
  name: 'namespace',
  title: 'Namespace',
  factory: 'namespace',
  operations: OPERATIONS,
  creating: 'CreateInstance',
  /** The addon's defaults. */
  timeouts: { read: 30_000, create: 60_000 },
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [...KINDS, ...OWN_KINDS],
  /** A workspace of one's own; the same in another region; one that others work in, with pages of ten. */
  places: [
    [4, 'own'],
    [2, 'elsewhere'],
    [3, 'crowded'],
  ],
  plainApi: createPlainApi,
  /** Complete, and nobody listens there. */
  nowhere: { token: 'nobody', baseUrl: 'http://127.0.0.1:1', maxRetries: 0 },
  start,
}

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {object} options.lag in real milliseconds, as are all times here
 * @param {object} options.stale
 * @param {boolean} options.uniqueNames
 * @param {(name: string) => string} options.deploymentOf what becomes of an instance of this name
 */
async function start({ seed, lag, stale, uniqueNames, deploymentOf }) {
  const random = createRandom(seed)
  const sparsePages = chance(random, 0.5)
  const server = await startNamespaceServer({
    seed,
    uniqueTags: uniqueNames,
    plan: (instance) => COURSES[deploymentOf(nameOf(instance))] ?? COURSES.well,
    // What no source tells: either may be true, so either happens.
    destroyingHolder: random.pick(['reuse', 'new']),
    otherBody: random.pick(['reuse', 'refuse']),
    destroyDead: random.pick(['failed_precondition', 'not_found']),
    destroyDying: random.pick(['accept', 'refuse']),
    forgetDestroyed: chance(random, 0.5),
    listOrder: random.pick(['oldest', 'newest']),
    sparsePages,
    // By the clock: nobody need look at what is on its way out, and its tag is held until it is gone.
    endingMilliseconds: random.pick([0, 20, 200, 1000]),
    // Where pages are filtered only after they were cut, a look takes all of them, and has to come to its end in time.
    pageSizeMaximum: sparsePages ? 50 : 10,
  })
  const { world } = server
  const own = world.createWorkspace({ name: 'own' })
  const crowded = world.createWorkspace({ name: 'crowded' })
  for (let index = 0; index < CROWD; index += 1) world.addInstance(crowded, { purpose: 'CI runner' })
  const foreign = new Set(world.allInstances(crowded))
  const places = {
    own: { workspace: own, region: 'us' },
    elsewhere: { workspace: own, region: 'eu' },
    crowded: { workspace: crowded, region: 'us' },
  }
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)

  return {
    server,

    /** @returns {object} the configuration of a caller of its own at this place */
    configFor(place, token) {
      const { workspace, region } = places[place]
      world.addToken({ workspace, token })
      return { token, baseUrl: server.endpoint(region) }
    },

    describe: ({ headers, operation, json }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: operation === 'CreateInstance' && Array.isArray(json?.labels) ? nameOf(json) : undefined,
    }),

    adapt: (fault) => fault,

    /** What costs money: neither gone nor on its way out. */
    live() {
      return [own, crowded].flatMap((workspace) =>
        world
          .liveInstances(workspace)
          .filter((instance) => !foreign.has(instance))
          .map((instance) => ({
            id: instance.id,
            name: nameOf(instance),
            mark: world.environmentOf(instance)?.[MARK],
            createdAt: instance.createdAt,
            isIn: (place) => isIn(instance, places[place]),
            runsOutside: (place) => !isIn(instance, places[place]),
          })),
      )
    },

    problems: () => [
      ...server.errors.map((error) => `the test server failed: ${error.stack}`),
      ...server.violations.map((violation) => `against Namespace's API: ${JSON.stringify(violation)}`),
      ...[...foreign].filter(({ status }) => status !== 'RUNNING').map(({ id }) => `somebody else's ${id} is gone`),
    ],
  }
}

const isIn = ({ workspaceId, region }, place) => workspaceId === place.workspace.id && region === place.region

const nameOf = ({ labels }) => labels.find(({ name }) => name === NAME)?.value
