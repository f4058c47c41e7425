// The operations of the API, one function each.
import { once } from 'node:events'

import { authorizeProject } from './access.mjs'
import {
  commandNotFound,
  inTransition,
  invalidRequest,
  paymentRequired,
  sandboxNotFound,
  sandboxStopped,
  sessionNotFound,
} from './errors.mjs'
import { paginate } from './pages.mjs'
import { presentCommand, presentRoutes, presentSandbox, presentSession, presentSnapshot } from './present.mjs'
import { checkListing } from './query.mjs'
import { isOver } from './sessions.mjs'

/** As of the Pro plan. */
const VCPUS_MAXIMUM = 8

const NDJSON = { 'content-type': 'application/x-ndjson' }

/**
 * The operations, after the general checks (endpoint.mjs). Each gets
 * `{ caller, team, query, params, body, left }`.
 *
 * @param {import('./world.mjs').World} world
 * @param {import('./index.mjs').VercelOptions} settings
 */
export function createOperations(world, settings) {
  const { commands, lives } = world

  return {
    createSandbox({ caller, team, body }) {
      const project = authorizeProject(caller, body.projectId, team, world, settings)
      if (team.paymentMissing) throw paymentRequired()
      checkLimits(body)
      const image = world.images.resolve(project.id, body.image)
      const sandbox = world.createSandbox(project, { ...body, image }, settings)
      const { expiresAt, ...created } = presentSandbox(sandbox)
      return answerAndAdvance({ sandbox: created, ...sessionOf(sandbox.session) }, sandbox.session)
    },

    listSandboxes({ caller, team, query }) {
      checkListing(query)
      const project = authorizeProject(caller, query.project, team, world, settings)
      const kind = query.tags ? 'listSandboxes.tags' : 'listSandboxes'
      const visible = world
        .allSandboxes(project)
        .map((sandbox) => ({ sandbox, view: world.observe(sandbox, kind) }))
        .filter(({ view }) => view !== 'gone')
      const { page, pagination } = paginate(visible, query, fits(query), settings)
      return ok({ sandboxes: page.map(({ sandbox, view }) => presentSandbox(sandbox, view)), pagination })
    },

    getSandbox({ caller, team, query, params }) {
      const project = authorizeProject(caller, query.projectId, team, world, settings)
      if (team.paymentMissing) throw paymentRequired()
      const sandbox = world.sandbox(params.name, project)
      const view = sandbox ? world.observe(sandbox, 'getSandbox') : 'gone'
      if (view === 'gone') throw sandboxNotFound(params.name)
      const resumed = query.resume === true && isOver(sandbox.session)
      if (resumed) world.resume(sandbox)
      const body = { sandbox: presentSandbox(sandbox, view), ...sessionOf(sandbox.session, view), resumed }
      return answerAndAdvance(body, sandbox.session)
    },

    deleteSandbox({ caller, team, query, params }) {
      const project = authorizeProject(caller, query.projectId, team, world, settings)
      const sandbox = world.sandbox(params.name, project)
      const hidden = sandbox && world.lag.deletes && world.observe(sandbox, 'deleteSandbox') === 'gone'
      if (!sandbox || sandbox.deletedAt !== null || hidden) throw sandboxNotFound(params.name)
      world.deleteSandbox(sandbox)
      return ok({ sandbox: presentSandbox(sandbox) })
    },

    getSession({ caller, team, params }) {
      const session = findSession(caller, team, params)
      return answerAndAdvance(sessionOf(session), session)
    },

    stopSession({ caller, team, params }) {
      const session = findSession(caller, team, params)
      const snapshot = world.stopSession(session)
      return ok({
        session: presentSession(session),
        sandbox: presentSandbox(session.sandbox),
        ...(snapshot && { snapshot: presentSnapshot(snapshot) }),
      })
    },

    extendTimeout({ caller, team, params, body }) {
      const session = findSession(caller, team, params)
      requireRunning(session)
      const timeout = session.timeout + body.duration
      if (timeout > settings.timeoutMaximum) throw invalidRequest(`timeout must be at most ${settings.timeoutMaximum}`)
      world.extendTimeout(session, body.duration)
      return ok({ session: presentSession(session) })
    },

    async runCommand({ caller, team, params, body }) {
      const session = findSession(caller, team, params)
      requireRunning(session)
      const command = await commands.start(session, body)
      if (body.wait) return { headers: NDJSON, body: commands.follow(command, { output: body.logs ?? false }) }
      // A detached command is answered as running, whatever its state is by now (docs/providers/vercel.md).
      return ok({ command: { ...presentCommand(command), exitCode: null, durationMs: undefined } })
    },

    listCommands({ caller, team, params }) {
      const session = findSession(caller, team, params)
      requireReadable(session)
      const visible = commandsOf(session).filter((command) => world.observe(command, 'listCommands') !== 'gone')
      return ok({ commands: visible.map((command) => commands.look(command)).toReversed() })
    },

    async getCommand({ caller, team, params, query, left }) {
      const command = findCommand(caller, team, params)
      if (query.wait && !left.aborted) await Promise.race([commands.waitFor(command), once(left, 'abort')])
      return ok({ command: commands.read(command) })
    },

    commandLogs({ caller, team, params }) {
      return { headers: NDJSON, body: commands.logs(findCommand(caller, team, params)) }
    },

    async killCommand({ caller, team, params, body }) {
      const command = findCommand(caller, team, params)
      commands.kill(command, body.signal)
      return ok({ command: commands.look(command) })
    },
  }

  /** Checks what the shape does not. */
  function checkLimits({ timeout = 0, resources: { vcpus = 2, memory = vcpus * 2048 } = {}, region, failoverRegions }) {
    if (timeout > settings.timeoutMaximum) throw invalidRequest(`timeout must be at most ${settings.timeoutMaximum}`)
    if (vcpus !== 1 && vcpus % 2 !== 0) throw invalidRequest('resources.vcpus must be 1 or even')
    if (vcpus > VCPUS_MAXIMUM) throw invalidRequest(`resources.vcpus must be at most ${VCPUS_MAXIMUM}`)
    if (memory !== vcpus * 2048) throw invalidRequest('resources.memory must be vcpus times 2048')
    if (failoverRegions?.includes(region ?? 'iad1')) throw invalidRequest('failoverRegions must not hold the region')
  }

  function findSession(caller, team, { sessionId }) {
    const session = world.sessions.get(sessionId)
    const project = session && world.projects.get(session.sandbox.projectId)
    if (!session || project.teamId !== team.id) throw sessionNotFound()
    if (caller.projects && !caller.projects.has(project.id)) throw sessionNotFound()
    if (session.sandbox.deletedAt !== null) {
      throw settings.deletedSession === 'sandbox_stopped' ? sandboxStopped() : sessionNotFound()
    }
    return session
  }

  function findCommand(caller, team, params) {
    const session = findSession(caller, team, params)
    requireReadable(session)
    const command = commandsOf(session).find(({ id }) => id === params.commandId)
    if (!command || world.observe(command, 'getCommand') === 'gone') throw commandNotFound()
    return command
  }

  function requireReadable(session) {
    if (settings.commandsOfStopped === 'sandbox_stopped') requireRunning(session)
  }

  function answerAndAdvance(body, session) {
    lives.advance(session)
    return ok(body)
  }
}

const commandsOf = ({ id, sandbox }) => sandbox.commands.filter(({ sessionId }) => sessionId === id)

const sessionOf = (session, view) => ({
  session: presentSession(session, view),
  routes: presentRoutes(session.sandbox),
})

/** The answer of a session that is about to run is a guess: that of one that is about to stop. */
function requireRunning(session) {
  if (isOver(session)) throw sandboxStopped()
  if (session.status !== 'running') throw inTransition(session.status)
}

const fits =
  ({ tags = '', status, namePrefix = '' }) =>
  ({ sandbox }) => {
    const [, key, value] = /^([^:]+):(.*)$/s.exec(tags) ?? []
    const hasTag = key === undefined || sandbox.tags?.[key] === value
    const hasStatus = status === undefined || status === sandbox.session.status
    return hasTag && hasStatus && sandbox.name.startsWith(namePrefix)
  }

const ok = (body) => ({ status: 200, body })
