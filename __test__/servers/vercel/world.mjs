// The state behind the API, with methods for tests that set it up and read it.
import { idOf, World as FakeWorld } from '../shared/world.mjs'
import { Commands } from './commands.mjs'
import { nameTaken, snapshotNotFound, tooManySandboxes } from './errors.mjs'
import { Images } from './images.mjs'
import { HOME } from './machine.mjs'
import { encodeOidcToken } from './oidc.mjs'
import { isOver, Sessions } from './sessions.mjs'

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'
const MEGABYTES_PER_VCPU = 2048

/**
 * The state of the fake Vercel: teams, projects, tokens, images, sandboxes with their sessions and commands. The
 * methods see the actual state; only the API (operations.mjs) applies `lag` and `stale`.
 *
 * A *sandbox* is a durable record with a name, a *session* one virtual machine of it (docs/providers/vercel.md).
 */
export class World extends FakeWorld {
  teams = new Map()
  projects = new Map()
  /** @type {Map<string, import('./access.mjs').Caller>} */
  tokens = new Map()
  sessions = new Map()

  /**
   * How long a new sandbox is hidden (no lag is recorded): for its first `reads` reads of each kind (`getSandbox`,
   * `listSandboxes`, `listSandboxes.tags`), or so many milliseconds of the server's clock. Sessions are found at once;
   * a deletion by name lags only with `deletes`: it answers 404 and does nothing.
   */
  lag = { reads: 0, milliseconds: 0, deletes: false }

  /**
   * How long a newly deleted sandbox is still returned: as it was before, or stopped (`showStopped`, the default).
   */
  stale = { reads: 0, milliseconds: 0, showStopped: true }

  /** How long a new command is hidden from `listCommands` and `getCommand`; not recorded. */
  commandLag = { reads: 0, milliseconds: 0 }

  /** How long the name of a newly deleted sandbox stays taken: milliseconds of the server's clock; not recorded. */
  nameHeldMilliseconds = 0

  /** Plans of the next commands. @type {import('./commands.mjs').CommandPlan[]} */
  plannedCommands = []

  images = new Images(this)
  commands = new Commands(this)
  lives = new Sessions(this)
  courses = this.lives

  #stops = new Set()

  // --- Set-up --------------------------------------------------------------------------------------------------

  /**
   * Creates a team with a project, an access token and an OIDC token for them.
   * @returns {{ token: string, oidcToken: string, teamId: string, projectId: string }}
   */
  seed() {
    const team = this.createTeam({ slug: 'acme' })
    const project = this.createProject(team, { slug: 'sandboxes' })
    return {
      token: this.addToken({ teams: [team] }),
      oidcToken: this.mintOidcToken(project),
      teamId: team.id,
      projectId: project.id,
    }
  }

  /** `paymentMissing` of a team may be set at any time: creating and reading then answer 402. */
  createTeam({ slug = `team-${this.teams.size + 1}` } = {}) {
    const team = { id: `team_${this.random.text(ALPHANUMERIC, 24)}`, slug, paymentMissing: false }
    this.teams.set(team.id, team)
    return team
  }

  createProject(teamOrId, { slug = `project-${this.projects.size + 1}` } = {}) {
    const id = `prj_${this.random.text(ALPHANUMERIC, 28)}`
    const sandboxes = { all: [], live: new Map(), latest: new Map() }
    const project = { id, slug, teamId: idOf(teamOrId), heldNames: new Map(), sandboxes }
    this.projects.set(id, project)
    return project
  }

  /**
   * Creates an access token.
   *
   * @param {object} [options]
   * @param {string} [options.token] for a test that has to recognise it; default: random
   * @param {(object | string)[]} [options.teams] default: every team
   * @param {(object | string)[]} [options.projects] default: every project of its teams
   * @param {('create' | 'read' | 'delete' | 'command')[]} [options.may] default: all
   * @param {number} [options.expiresAt] milliseconds
   * @returns {string}
   */
  addToken({ token = this.random.text(ALPHANUMERIC, 24), teams, projects, may, expiresAt } = {}) {
    const set = (list) => list && new Set(list.map(idOf))
    this.tokens.set(token, { kind: 'access', teams: set(teams), projects: set(projects), may: set(may), expiresAt })
    return token
  }

  /**
   * Mints an OIDC token of a project.
   *
   * @param {object | string} projectOrId
   * @param {object} [options]
   * @param {string} [options.environment]
   * @param {number} [options.lifetimeSeconds] default: 12 h, as tokens for development have (README of
   *   `@vercel/sandbox`); negative: expired
   * @param {object} [options.claims] in place of the default ones
   * @param {string} [options.signature] for a test that has to recognise the token
   * @returns {string}
   */
  mintOidcToken(projectOrId, { environment = 'development', lifetimeSeconds = 43_200, claims, signature } = {}) {
    const project = this.projects.get(idOf(projectOrId))
    const team = this.teams.get(project.teamId)
    const issuedAt = Math.floor(this.now() / 1000)
    const payload = {
      iss: `https://oidc.vercel.com/${team.slug}`,
      aud: `https://vercel.com/${team.slug}`,
      sub: `owner:${team.slug}:project:${project.slug}:environment:${environment}`,
      owner_id: team.id,
      project_id: project.id,
      environment,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      ...claims,
    }
    const token = encodeOidcToken(payload, { signature })
    this.tokens.set(token, {
      kind: 'oidc',
      teams: new Set([team.id]),
      projects: new Set([project.id]),
      expiresAt: payload.exp && payload.exp * 1000,
    })
    return token
  }

  /** @param {object | string} projectOrId see Images */
  addImage(projectOrId, reference, options) {
    return this.images.add(idOf(projectOrId), reference, options)
  }

  /**
   * Adds an older sandbox: without lag, in the given state.
   *
   * @param {object | string} projectOrId
   * @param {object} [options] those of a create, and
   * @param {import('./sessions.mjs').Status} [options.status] default: `running`
   */
  addSandbox(projectOrId, { status = 'running', ...options } = {}) {
    return this.#create(this.projects.get(idOf(projectOrId)), options, { plan: [status], lag: {} })
  }

  /** Sets the plan of the next command. */
  planNextCommand(plan) {
    this.plannedCommands.push(plan)
  }

  /** Applies the time of the injected clock. Requests do so themselves. */
  passTime() {
    this.lives.passTime()
  }

  // --- Actual state --------------------------------------------------------------------------------------------

  /** Returns a team, by id or slug. */
  findTeam(reference) {
    return this.teams.get(reference) ?? [...this.teams.values()].find(({ slug }) => slug === reference)
  }

  /** Returns a team's project, by id or slug. */
  findProject(reference, team) {
    const projects = [...this.projects.values()].filter(({ teamId }) => teamId === team.id)
    return projects.find(({ id, slug }) => id === reference || slug === reference)
  }

  /** Returns all sandboxes of the project, also deleted ones, in the order of creation. */
  allSandboxes(projectOrId) {
    return [...this.projects.get(idOf(projectOrId)).sandboxes.all]
  }

  /** Returns the sandboxes that were not deleted, whether they run or not. */
  liveSandboxes(projectOrId) {
    return [...this.projects.get(idOf(projectOrId)).sandboxes.live.values()]
  }

  /** Returns the sandboxes that cost money: running, starting or stopping. */
  runningSandboxes(projectOrId) {
    this.passTime()
    return this.liveSandboxes(projectOrId).filter(({ session }) => !isOver(session))
  }

  /**
   * Returns the last sandbox with this name, deleted or not. Its `commands` are all that were started in it.
   * @param {object | string} [projectOrId] default: in any project
   */
  sandbox(name, projectOrId) {
    const projects = projectOrId ? [this.projects.get(idOf(projectOrId))] : [...this.projects.values()]
    const found = projects.map(({ sandboxes }) => sandboxes.latest.get(name)).filter(Boolean)
    return found.sort((one, other) => one.sequence - other.sequence).at(-1)
  }

  // --- The API's effects --------------------------------------------------------------------------------------

  /** @param {object} options body of the create, checked */
  createSandbox(project, options, { concurrencyLimit, nameTakenStatus }) {
    const { name } = options
    if (name !== undefined && this.#isTaken(project, name)) throw nameTaken(name, nameTakenStatus)
    // No source has the code, or says what exactly counts. The text is on record (docs/providers/vercel.md).
    if (this.lives.aliveCount >= concurrencyLimit) throw tooManySandboxes(concurrencyLimit)
    return this.#create(project, options, { lag: this.lag })
  }

  /** Stops the session, then deletes the record. `stale` decides which reads still show it. */
  deleteSandbox(sandbox) {
    const project = this.projects.get(sandbox.projectId)
    sandbox.statusAtDeletion = sandbox.session.status
    this.lives.end(sandbox.session)
    project.sandboxes.live.delete(sandbox.name)
    this.markDeleted(sandbox, { ...this.stale, showDeletedAt: this.stale.showStopped })
    sandbox.updatedAt = this.now()
    if (this.nameHeldMilliseconds > 0) project.heldNames.set(sandbox.name, this.now() + this.nameHeldMilliseconds)
  }

  /** Stops a session. A persistent sandbox leaves a snapshot. @returns {object | undefined} the snapshot */
  stopSession(session) {
    if (isOver(session)) return undefined
    this.lives.end(session)
    const { sandbox } = session
    sandbox.updatedAt = this.now()
    if (!sandbox.persistent) return undefined
    sandbox.currentSnapshotId = `snap_${this.random.text(ALPHANUMERIC, 28)}`
    return { id: sandbox.currentSnapshotId, session, region: sandbox.region, createdAt: this.now() }
  }

  /** Starts a new session of a sandbox with a snapshot. */
  resume(sandbox) {
    if (!sandbox.currentSnapshotId) throw snapshotNotFound()
    sandbox.updatedAt = this.now()
    this.#startSession(sandbox)
  }

  extendTimeout(session, milliseconds) {
    this.lives.extend(session, milliseconds)
    session.sandbox.updatedAt = this.now()
  }

  /** Ends the commands of a session that is over. */
  switchOff(session) {
    const stopping = this.commands.stop(session).finally(() => this.#stops.delete(stopping))
    this.#stops.add(stopping)
  }

  /** Resolves when all processes and folders are gone. */
  async close() {
    for (const project of this.projects.keys()) {
      for (const { session } of this.allSandboxes(project)) if (!isOver(session)) this.switchOff(session)
    }
    await super.close()
    await Promise.all(this.#stops)
  }

  #create(project, options, { plan, lag }) {
    const name = options.name ?? this.#freeName(project)
    const vcpus = options.resources?.vcpus ?? 2
    const sandbox = {
      name,
      sequence: this.nextSequence(),
      projectId: project.id,
      persistent: options.persistent ?? true,
      region: options.region ?? 'iad1',
      failoverRegions: options.failoverRegions ?? [],
      vcpus,
      memory: vcpus * MEGABYTES_PER_VCPU,
      runtime: 'node24',
      image: options.image ?? this.images.resolve(project.id),
      timeout: options.timeout ?? 300_000,
      tags: options.tags,
      /** The variables of the create. The API does not show them. */
      env: { ...options.env },
      routes: (options.ports ?? []).map((port) => ({ port, subdomain: `sb-${this.random.text(LOWER, 12)}` })),
      createdAt: this.now(),
      updatedAt: this.now(),
      deletedAt: null,
      lag: this.createLag(lag),
      sessions: [],
      session: undefined,
      /** @type {import('./commands.mjs').CommandRecord[]} */
      commands: [],
    }
    const { all, live, latest } = project.sandboxes
    all.push(sandbox)
    live.set(name, sandbox)
    latest.set(name, sandbox)
    this.#startSession(sandbox, plan)
    return sandbox
  }

  #startSession(sandbox, plan) {
    const id = `sbx_${this.random.text(ALPHANUMERIC, 28)}`
    const session = this.lives.start({ id, sandbox, cwd: HOME, plan })
    this.sessions.set(id, session)
  }

  #isTaken(project, name) {
    return project.sandboxes.live.has(name) || project.heldNames.get(name) > this.now()
  }

  #freeName(project) {
    for (;;) {
      const words = [
        this.random.pick(['brisk', 'calm', 'fond', 'lucid', 'mellow', 'proud', 'quiet', 'swift']),
        this.random.pick(['amber', 'copper', 'ivory', 'jade', 'olive', 'ruby', 'silver', 'teal']),
        this.random.pick(['anchor', 'beacon', 'canyon', 'harbor', 'meadow', 'orchard', 'summit', 'valley']),
      ]
      const name = `${words.join('-')}-${this.random.text(LOWER, 6)}`
      if (!this.#isTaken(project, name)) return name
    }
  }
}
