// Vercel for the fault tests: its locations, its own faults, and what its fake server has.
import { apiError, asksForDaemon, COMMAND_PLANS, startVercelServer } from '../../servers/vercel/index.mjs'
import { drift } from '../../support/drift.mjs'
import { KINDS } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { createPlainApi } from './vercel-plain.mjs'

/** `effect`: it changes something. */
const OPERATIONS = {
  createSandbox: { timeout: 'create', effect: true },
  getSandbox: { timeout: 'read' },
  listSandboxes: { timeout: 'read' },
  deleteSandbox: { timeout: 'read', effect: true },
  runCommand: { timeout: 'create', effect: true },
  listCommands: { timeout: 'read' },
  getCommand: { timeout: 'read' },
  commandLogs: { timeout: 'read' },
}

const NIL = '000000000000000000000000'

/** Errors with listed statuses. No source has their codes (docs/providers/vercel.md). */
const trouble = (random, effect) =>
  apiError(...random.pick([[500, 'internal_server_error'], [502, 'bad_gateway']]), undefined, { effect })

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  // Logs are a stream, not JSON.
  { name: 'drift', fits: (operation) => operation !== 'commandLogs', make: (random) => drift('vercel', random) },
  {
    name: 'throttle of its own',
    make: (random) => {
      const reset = Math.ceil(Date.now() / 1000) + 1 + random.integer(3)
      const headers = { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) }
      return apiError(429, 'rate_limited', 'Rate limit exceeded', { headers })
    },
  },
  { name: 'error of its own', uninformative: true, make: (random) => trouble(random, false) },
  {
    name: 'error of its own after effect',
    ambiguous: true,
    make: (random) => trouble(random, true),
  },
  {
    // Listed for these two operations. No source says what it means, so it may come with an effect.
    name: 'conflict',
    fits: (operation) => ['createSandbox', 'getSandbox'].includes(operation),
    make: (random) => apiError(409, 'conflict', undefined, { effect: chance(random, 0.5) }),
  },
  {
    name: 'in transition',
    fits: (operation) => ['runCommand', 'getCommand'].includes(operation),
    make: (random) => {
      const status = random.pick(['stopping', 'snapshotting'])
      return apiError(422, `sandbox_${status}`, `Sandbox is ${status}; try again later.`)
    },
  },
  { name: 'edge page', make: (random) => ({ kind: 'html', status: random.pick([200, 403, 429, 503]) }) },
]

const SANDBOXES = {
  well: ['pending', 'running'],
  failed: ['pending', 'failed'],
  crashed: ['running'],
  never: ['pending'],
}

/** The daemon's command by the sandbox's course, and the command that waits for the daemon. */
const COMMANDS = { well: COMMAND_PLANS.stays, crashed: { ...COMMAND_PLANS.fails, reads: 1 } }
const READY = { ...COMMAND_PLANS.succeeds, reads: 1 }

/** @type {import('../harness.mjs').ChaosProvider} */
export const vercel = {
  name: 'vercel',
  title: 'Vercel',
  factory: 'vercel',
  operations: OPERATIONS,
  creating: 'createSandbox',
  namesAreIds: true,
  starting: 'runCommand',
  /** The addon's defaults. */
  timeouts: { read: 30_000, create: 60_000 },
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [...KINDS, ...OWN_KINDS],
  /** The only project of its team; a project beside another one, with more sandboxes than a page holds. */
  locations: [
    [1, 'sole'],
    [1, 'busy'],
  ],
  /**
   * Vercel accepts no image of Docker Hub. The command that starts the daemon is a part of the create.
   */
  createDefaults: { image: undefined, daemonConfig: { accessToken: 'chaos' }, installCommand: 'compute start' },
  plainApi: createPlainApi,
  /** A complete configuration, at whose address no server listens. */
  unreachable: {
    token: 'none',
    teamId: `team_${NIL}`,
    projectId: `prj_${NIL}0000`,
    baseUrl: 'http://127.0.0.1:1',
    maxRetries: 0,
  },
  start,
}

/** How many sandboxes of others a project has: more than a page of 50 holds. */
const FOREIGN = 60

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {object} options.lag in real milliseconds, as are all times here
 * @param {object} options.stale
 * @param {(name: string) => string} options.deploymentOf how the sandbox of this name goes
 */
async function start({ seed, lag, stale, deploymentOf }) {
  const server = await startVercelServer({
    seed,
    rateLimit: { limit: 1_000_000_000 },
    sandboxPlan: ({ name }) => SANDBOXES[deploymentOf(name)] ?? SANDBOXES.well,
    commandPlan: (command, { name }) =>
      asksForDaemon(command) ? READY : (COMMANDS[deploymentOf(name)] ?? COMMANDS.well),
  })
  const { world } = server
  const alone = world.createTeam({ slug: 'alone' })
  const crowded = world.createTeam({ slug: 'crowded' })
  const projects = {
    sole: world.createProject(alone, { slug: 'sole' }),
    busy: world.createProject(crowded, { slug: 'busy' }),
    beside: world.createProject(crowded, { slug: 'beside' }),
  }
  const others = new Set()
  for (const project of [projects.busy, projects.beside]) {
    for (let index = 0; index < FOREIGN; index += 1) {
      // Some of them have the package's tag: another gateway may share the project.
      const tags = index % 2 === 0 ? { computesdk: 'managed' } : undefined
      others.add(world.addSandbox(project, { name: `other-${index}`, tags, timeout: 86_400_000 }))
    }
  }
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)
  Object.assign(world.commandLag, lag)

  return {
    server,

    /** @returns {object} the configuration of a new caller in this location */
    configFor(location, token) {
      world.addToken({ token })
      const { id, teamId } = projects[location]
      return { token, teamId, projectId: id, baseUrl: server.url }
    },

    describe: ({ headers, operation, json }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: operation === 'createSandbox' ? json?.name : undefined,
    }),

    adapt: (fault) => fault,

    /** Returns all records: also that of an ended sandbox holds a name and has to be deleted. */
    live() {
      return Object.values(projects).flatMap((project) =>
        world
          .liveSandboxes(project)
          .filter((sandbox) => !others.has(sandbox))
          .map((sandbox) => ({
            id: sandbox.name,
            name: sandbox.name,
            scenarioId: sandbox.env[SCENARIO_VARIABLE],
            createdAt: sandbox.createdAt,
            starts: sandbox.commands.filter((command) => !asksForDaemon(command)).length,
            isIn: (location) => project === projects[location],
            runsOutside: (location) => project !== projects[location],
          })),
      )
    },

    problems: () => [
      ...server.errors.map((error) => `the fake server failed: ${error.stack}`),
      ...server.violations.map((violation) => `against Vercel's API: ${JSON.stringify(violation)}`),
      ...[...others]
        .filter(({ deletedAt }) => deletedAt !== null)
        .map(({ name }) => `a sandbox of others was deleted: ${name}`),
    ],
  }
}

/** The variable that names a resource's scenario, if its create chose no name. */
const SCENARIO_VARIABLE = 'CHAOS_SCENARIO'
