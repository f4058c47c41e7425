// Vercel for the fault tests: its locations, its own faults, and what its fake server has.
import { apiError, asksForDaemon, COMMAND_PLANS, startVercelServer } from '../../servers/vercel/index.mjs'
import { EDGE_PAGE, withAndWithoutEffect } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { defineProvider, SCENARIO_VARIABLE } from './fake-server.mjs'

const NIL = '000000000000000000000000'

/** Errors with listed statuses. No source has their codes (docs/providers/vercel.md). */
const trouble = (random, effect) =>
  apiError(...random.pick([[500, 'internal_server_error'], [502, 'bad_gateway']]), undefined, { effect })

const SANDBOXES = {
  well: ['pending', 'running'],
  failed: ['pending', 'failed'],
  crashed: ['running'],
  never: ['pending'],
}

/** The daemon's command by the sandbox's course, and the command that waits for the daemon. */
const COMMANDS = { well: COMMAND_PLANS.stays, crashed: { ...COMMAND_PLANS.fails, reads: 1 } }
const READY = { ...COMMAND_PLANS.succeeds, reads: 1 }

/** How many sandboxes of others a project has: more than a page of 50 holds. */
const FOREIGN = 60

export const vercel = defineProvider({
  name: 'vercel',
  title: 'Vercel',
  operations: {
    createSandbox: { timeout: 'create', effect: true },
    getSandbox: { timeout: 'read' },
    listSandboxes: { timeout: 'read' },
    deleteSandbox: { timeout: 'read', effect: true },
    runCommand: { timeout: 'create', effect: true },
    listCommands: { timeout: 'read' },
    getCommand: { timeout: 'read' },
    commandLogs: { timeout: 'read' },
  },
  creating: 'createSandbox',
  chosenName: ({ name }) => name,
  namesAreIds: true,
  starting: 'runCommand',
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [
    {
      name: 'throttle of its own',
      make: (random) => {
        const reset = Math.ceil(Date.now() / 1000) + 1 + random.integer(3)
        const headers = { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) }
        return apiError(429, 'rate_limited', 'Rate limit exceeded', { headers })
      },
    },
    ...withAndWithoutEffect('error of its own', trouble),
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
    EDGE_PAGE,
  ],
  /** The only project of its team; a project beside another one, with more sandboxes than a page holds. */
  locations: [
    [1, 'sole'],
    [1, 'busy'],
  ],
  /** Vercel accepts no image of Docker Hub. The command that starts the daemon is a part of the create. */
  createDefaults: { image: undefined, daemonConfig: { accessToken: 'chaos' }, installCommand: 'compute start' },
  unreachable: { token: 'none', teamId: `team_${NIL}`, projectId: `prj_${NIL}0000`, baseUrl: 'http://127.0.0.1:1' },

  async open({ seed, lag, deploymentOf }) {
    const server = await startVercelServer({
      seed,
      rateLimit: { limit: 1_000_000_000 },
      plan: ({ name }) => SANDBOXES[deploymentOf(name)],
      commandPlan: (command, { name }) =>
        asksForDaemon(command) ? READY : (COMMANDS[deploymentOf(name)] ?? COMMANDS.well),
    })
    const { world } = server
    Object.assign(world.commandLag, lag)
    const alone = world.createTeam({ slug: 'alone' })
    const crowded = world.createTeam({ slug: 'crowded' })
    const projects = {
      sole: world.createProject(alone, { slug: 'sole' }),
      busy: world.createProject(crowded, { slug: 'busy' }),
      beside: world.createProject(crowded, { slug: 'beside' }),
    }
    const foreign = new Set()
    for (const project of [projects.busy, projects.beside]) {
      for (let index = 0; index < FOREIGN; index += 1) {
        // Some of them have the package's tag: another gateway may share the project.
        const tags = index % 2 === 0 ? { computesdk: 'managed' } : undefined
        foreign.add(world.addSandbox(project, { name: `other-${index}`, tags, timeout: 86_400_000 }))
      }
    }

    return {
      server,
      configFor(location, token) {
        world.addToken({ token })
        const { id, teamId } = projects[location]
        return { token, teamId, projectId: id, baseUrl: server.url }
      },
      /** All records: also that of an ended sandbox holds a name and has to be deleted. */
      live: () => Object.values(projects).flatMap((project) => world.liveSandboxes(project)),
      show: ({ name, env, commands, projectId }) => ({
        id: name,
        name,
        scenarioId: env[SCENARIO_VARIABLE],
        starts: commands.filter((command) => !asksForDaemon(command)).length,
        isIn: (location) => projectId === projects[location].id,
      }),
      foreign,
      isIntact: ({ deletedAt }) => deletedAt === null,
    }
  },
})
