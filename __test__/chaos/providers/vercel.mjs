// Vercel for the fault harness: where things run, what can go wrong there, and what the server truly has.
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

/** The statuses are listed, their codes are not known (docs/providers/vercel.md). */
const trouble = (random, effect) =>
  apiError(...random.pick([[500, 'internal_server_error'], [502, 'bad_gateway']]), undefined, { effect })

/** @type {import('../faults.mjs').Kind[]} */
const OWN_KINDS = [
  // The logs are a stream.
  { name: 'drift', fits: (operation) => operation !== 'commandLogs', make: (random) => drift('vercel', random) },
  {
    name: 'throttle of its own',
    make: (random) => {
      const reset = Math.ceil(Date.now() / 1000) + 1 + random.integer(3)
      const headers = { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) }
      return apiError(429, 'rate_limited', 'Rate limit exceeded', { headers })
    },
  },
  { name: 'error of its own', blind: true, make: (random) => trouble(random, false) },
  {
    name: 'error of its own after effect',
    ambiguous: true,
    make: (random) => trouble(random, true),
  },
  {
    // Listed for these two. No source says what it stands for, so it may have had an effect.
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

/** Of a daemon whose sandbox is up; and of the command that waits for it. */
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
  /** A project of its own; one next to another in its team, with more in it than fits on a page. */
  places: [
    [1, 'sole'],
    [1, 'busy'],
  ],
  /**
   * Besides what every story asks for. No image of Docker Hub can be given, and what is wanted is the whole create: the
   * command that starts the daemon is part of it.
   */
  createDefaults: { image: undefined, daemonConfig: { accessToken: 'chaos' }, installCommand: 'compute start' },
  plainApi: createPlainApi,
  /** Complete, and nobody listens there. */
  nowhere: {
    token: 'nobody',
    teamId: `team_${NIL}`,
    projectId: `prj_${NIL}0000`,
    baseUrl: 'http://127.0.0.1:1',
    maxRetries: 0,
  },
  start,
}

/** More than a page of 50 holds. */
const CROWD = 60

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
    for (let index = 0; index < CROWD; index += 1) {
      // Of somebody else, some with our tag: a gateway may share its project.
      const tags = index % 2 === 0 ? { computesdk: 'managed' } : undefined
      others.add(world.addSandbox(project, { name: `other-${index}`, tags, timeout: 86_400_000 }))
    }
  }
  Object.assign(world.lag, lag)
  Object.assign(world.stale, stale)
  Object.assign(world.commandLag, lag)

  return {
    server,

    /** @returns {object} the configuration of a caller of its own at this place */
    configFor(place, token) {
      world.addToken({ token })
      const { id, teamId } = projects[place]
      return { token, teamId, projectId: id, baseUrl: server.url }
    },

    describe: ({ headers, operation, json }) => ({
      operation,
      token: headers.authorization?.replace(/^Bearer /, ''),
      name: operation === 'createSandbox' ? json?.name : undefined,
    }),

    adapt: (fault) => fault,

    /** What exists: a record, even of what does not run any more, holds its name and has to be deleted. */
    live() {
      return Object.values(projects).flatMap((project) =>
        world
          .liveSandboxes(project)
          .filter((sandbox) => !others.has(sandbox))
          .map((sandbox) => ({
            id: sandbox.name,
            name: sandbox.name,
            mark: sandbox.env[MARK],
            createdAt: sandbox.createdAt,
            starts: sandbox.commands.filter((command) => !asksForDaemon(command)).length,
            isIn: (place) => project === projects[place],
            runsOutside: (place) => project !== projects[place],
          })),
      )
    },

    problems: () => [
      ...server.errors.map((error) => `the test server failed: ${error.stack}`),
      ...server.violations.map((violation) => `what Vercel would not understand: ${JSON.stringify(violation)}`),
      ...[...others]
        .filter(({ deletedAt }) => deletedAt !== null)
        .map(({ name }) => `a sandbox of somebody else was deleted: ${name}`),
    ],
  }
}

/** The variable by which the harness knows whose a resource is that nobody has named. */
export const MARK = 'CHAOS_STORY'
