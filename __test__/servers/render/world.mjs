import { Names } from '../shared/names.mjs'
import { Processes } from '../shared/processes.mjs'
import { idOf, World as FakeWorld } from '../shared/world.mjs'
import { Deploys, isAlive } from './deploys.mjs'
import { normaliseImage } from './image.mjs'

/** The types of service, with their ids, slugs and addresses in the dashboard (docs/providers/render.md). */
export const TYPES = {
  web_service: { prefix: 'srv', dashboard: 'web' },
  private_service: { prefix: 'srv', dashboard: 'pserv' },
  background_worker: { prefix: 'srv', hasSuffix: true, dashboard: 'worker' },
  cron_job: { prefix: 'crn', hasSuffix: true, dashboard: 'cron' },
  static_site: { prefix: 'srv', dashboard: 'static' },
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * The state of the fake Render: workspaces, services, deploys, keys. The methods see the actual
 * state; only the API (routes.mjs) applies `lag` and `stale`.
 */
export class World extends FakeWorld {
  owners = new Map()
  services = new Map()
  environments = new Map()
  registryCredentials = new Map()
  /** @type {Map<string, import('./access.mjs').Caller>} */
  apiKeys = new Map()

  /**
   * How long new resources are hidden (no lag is recorded): for their first `reads` reads of a kind, or for so many
   * milliseconds of the server's clock. A listing always lags; a read by id, its deploys and its
   * variables only with `serviceById` (recorded clients read a new service at once); a deletion only with `deletes`.
   * `deployReads`: how often the first deploy is missing; `envVarReads`: how often the variables are.
   */
  lag = { reads: 0, milliseconds: 0, serviceById: false, deletes: false, deployReads: 0, envVarReads: 0 }

  /** How long newly deleted resources are still returned as if they existed (not recorded). */
  stale = { reads: 0, milliseconds: 0 }

  deploys = new Deploys(this)
  courses = this.deploys
  processes = new Processes(this.settings.runCommand)

  #slugs = new Set()
  #microseconds = 0

  // --- Set-up --------------------------------------------------------------------------------------------------

  /**
   * Creates a key that reaches two workspaces: an empty one, and one with services of others.
   * @returns {{ apiKey: string, ownerId: string, otherOwnerId: string }}
   */
  seed() {
    const owner = this.createOwner({ name: 'sandboxes' })
    const other = this.createOwner({ name: 'website' })
    this.addService(other, { name: 'shop' })
    return { apiKey: this.addApiKey({ owners: [owner, other] }), ownerId: owner.id, otherOwnerId: other.id }
  }

  /** @param {{ name?: string, type?: 'team' | 'user', email?: string }} [options] */
  createOwner({ name = 'workspace', type = 'team', email = 'somebody@example.com' } = {}) {
    const id = this.#id(type === 'user' ? 'usr' : 'tea')
    const owner = { ...this.record(id), name, email, type, services: [], names: new Names() }
    this.owners.set(id, owner)
    return owner
  }

  /**
   * @param {object} options
   * @param {(object | string)[]} options.owners every workspace that the key's user belongs to
   * @param {string} [options.userId] keys of one user share their rate limits; default: a new user
   * @param {string} [options.key] for a test that has to recognise it; default: random
   * @returns {string}
   */
  addApiKey({ owners, userId = this.#id('usr'), key = `rnd_${this.random.text(LETTERS, 28)}` }) {
    this.apiKeys.set(key, { userId, ownerIds: new Set(owners.map(idOf)) })
    return key
  }

  /** Creates an environment of a project of the workspace. */
  createEnvironment(owner, { name = 'production' } = {}) {
    const environment = { ...this.record(this.#id('evm')), ownerId: idOf(owner), name }
    this.environments.set(environment.id, environment)
    return environment
  }

  addRegistryCredential(owner, { name = 'registry' } = {}) {
    const credential = { ...this.record(this.#id('rgc')), ownerId: idOf(owner), name }
    this.registryCredentials.set(credential.id, credential)
    return credential
  }

  /**
   * Adds a service of others: without lag, its deploy on the last step of `plan`, also of types that this server does
   * not create. It runs no command.
   *
   * @param {object | string} owner
   * @param {object} [options]
   * @param {string} [options.name]
   * @param {keyof typeof TYPES} [options.type]
   * @param {string} [options.image]
   * @param {Record<string, string>} [options.variables]
   * @param {object} [options.details] plan, region, numInstances, …
   * @param {object} [options.parent] the service that this is a preview of
   * @param {string[]} [options.suspendedBy]
   * @param {string} [options.environmentId]
   * @param {import('./deploys.mjs').Step[]} [options.plan] of its deploy
   * @param {true} [options.deleted] deleted, and still returned by every read
   */
  addService(owner, { type = 'web_service', image = 'nginx', plan = ['live'], suspendedBy = [], ...options } = {}) {
    const name = options.name ?? `${type.replaceAll('_', '-')}-${this.random.text(LETTERS, 6)}`
    const isGit = type === 'static_site'
    const details = { ...options, name, type, ownerId: idOf(owner), image: isGit ? undefined : image }
    const service = this.#add({ ...details, hasProcess: false })
    this.deploy(service, { trigger: isGit ? 'new_commit' : 'api', plan: plan.slice(-1), lag: {} })
    for (const by of suspendedBy) this.suspend(service, by)
    if (options.deleted) this.deleteService(service, { reads: Infinity })
    return service
  }

  // --- Actual state --------------------------------------------------------------------------------------------

  /**
   * Returns all services, also deleted ones, in the order of creation. @param {object | string} [owner] default: of all
   */
  allServices(owner) {
    return owner === undefined ? [...this.services.values()] : [...this.owners.get(idOf(owner)).services]
  }

  /** @param {object | string} [owner] */
  liveServices(owner) {
    return this.allServices(owner).filter((service) => !service.deletedAt)
  }

  /** Returns the services that run or start. @param {object | string} [owner] */
  runningServices(owner) {
    const runs = ({ suspenders, deploys }) => suspenders.size === 0 && deploys.some(isAlive)
    return this.liveServices(owner).filter(runs)
  }

  /** Returns the service with this name in the workspace. */
  holderOf(ownerId, name) {
    return this.owners.get(ownerId).names.holderOf(name)
  }

  /** Returns the variables that the service was created with. */
  variablesOf(serviceOrId) {
    return { ...this.services.get(idOf(serviceOrId)).variables }
  }

  /** Returns the address: a web service's URL, a private service's host and port (docs/providers/render.md). */
  urlOf({ type, slug }) {
    if (type === 'web_service' || type === 'static_site') return `https://${slug}.onrender.com`
    return type === 'private_service' ? `${slug}:10000` : undefined
  }

  /** Returns what Render adds to a container's environment (`platform-variables.md` of Render's skills). */
  platformVariables(service) {
    const variables = {
      PORT: '10000',
      RENDER: 'true',
      RENDER_SERVICE_ID: service.id,
      RENDER_SERVICE_NAME: service.name,
      RENDER_INSTANCE_ID: `${service.id}-${this.random.text(LETTERS, 5)}`,
    }
    if (service.type !== 'web_service') return variables
    const url = this.urlOf(service)
    return { ...variables, RENDER_EXTERNAL_URL: url, RENDER_EXTERNAL_HOSTNAME: new URL(url).hostname }
  }

  // --- The API's effects --------------------------------------------------------------------------------------

  /**
   * @param {object} request ownerId, type, name, image, variables, details, …
   * @returns {{ service: object, deploy: object }}
   */
  createService(request) {
    const service = this.#add({ ...request, lag: this.lag })
    return { service, deploy: this.deploy(service, { trigger: 'api', lag: this.lag }) }
  }

  deploy(service, { trigger = 'manual', plan, lag = {} } = {}) {
    const id = this.#id('dep')
    const image = service.image && { ref: service.image, sha: `sha256:${this.random.text('0123456789abcdef', 64)}` }
    const delay = this.createLag({ reads: lag.deployReads })
    const deploy = { ...this.record(id), service, trigger, image, lag: delay }
    return this.deploys.start(deploy, plan)
  }

  /** @param {object} [stale] */
  deleteService(service, stale = this.stale) {
    // The name of a deleted service is free at once (docs/providers/render.md).
    this.#slugs.delete(service.slug)
    this.markDeleted(service, { ...stale, serviceById: true })
    this.owners.get(service.ownerId).names.delete(service)
    this.#stop(service)
  }

  /** @param {string} [by] `user`, `billing`, `stuck_crashlooping`, … (docs/providers/render.md) */
  suspend(service, by = 'user') {
    service.suspenders.add(by)
    service.updatedAt = this.timestamp()
    this.#stop(service)
  }

  /** Ends a user's suspension. Other suspensions stay. */
  resume(service) {
    if (!service.suspenders.delete('user')) return
    service.updatedAt = this.timestamp()
    if (service.suspenders.size === 0) this.deploy(service, { trigger: 'service_resumed' })
  }

  /** Starts the process of a deploy that is live. */
  onUp({ id, service }) {
    if (!service.hasProcess) return
    const variables = { ...this.platformVariables(service), ...service.variables }
    const labels = { serviceId: service.id, serviceName: service.name, ownerId: service.ownerId }
    // Render restarts a container, and suspends a service that keeps crashing. Here the first end suspends it.
    const onExit = () => this.suspend(service, 'stuck_crashlooping')
    this.processes.start({ id, subject: service, labels }, variables, onExit)
  }

  #stop(service) {
    for (const { id } of service.deploys) this.processes.stop(id)
  }

  #add({ ownerId, type, name, image, variables = {}, details = {}, parent, lag = {}, ...rest }) {
    const { registryCredentialId, environmentId, autoDeploy = 'yes', secretFiles = [], hasProcess = true } = rest
    const service = {
      ...this.record(this.#id(TYPES[type].prefix)),
      ownerId,
      type,
      name,
      slug: this.#slug(type, name),
      image: image && normaliseImage(image),
      registryCredentialId,
      environmentId,
      autoDeploy,
      secretFiles,
      hasProcess,
      variables: { ...variables },
      details: { ...details },
      parent: parent && { id: parent.id, name: parent.name },
      suspenders: new Set(),
      deploys: [],
      lag: this.createLag(lag),
      deletionLag: lag.deletes ? { deletedAt: null, lag: this.createLag(lag) } : undefined,
      variablesLag: { deletedAt: null, lag: this.createLag({ reads: lag.envVarReads }) },
    }
    const owner = this.owners.get(ownerId)
    this.services.set(service.id, service)
    owner.services.push(service)
    owner.names.add(service)
    return service
  }

  /** Returns a slug: in all recordings the name, or the name and four characters (docs/providers/render.md). */
  #slug(type, name) {
    const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'service'
    const wantsSuffix = this.settings.slugSuffix || TYPES[type].hasSuffix
    let slug = wantsSuffix ? undefined : plain
    while (slug === undefined || this.#slugs.has(slug)) slug = `${plain}-${this.random.text(LETTERS, 4)}`
    this.#slugs.add(slug)
    return slug
  }

  #id(prefix) {
    return `${prefix}-${this.random.text(LETTERS, 20)}`
  }

  /** Returns a time with six decimals, as recorded. No two are equal, so that they can be ordered. */
  timestamp() {
    this.#microseconds = Math.max(this.now() * 1000, this.#microseconds + 1)
    const milliseconds = Math.floor(this.#microseconds / 1000)
    const rest = String(Math.floor(this.#microseconds % 1000)).padStart(3, '0')
    return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`)
  }
}
