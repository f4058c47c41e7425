import { Deployments, isBilled } from './deployments.mjs'
import { nameTaken, problem } from './errors.mjs'
import { resolveReferences } from './variables.mjs'
import { Names } from '../shared/names.mjs'
import { Processes } from '../shared/processes.mjs'
import { idOf, World as FakeWorld } from '../shared/world.mjs'

const NAME_LENGTH_MAXIMUM = 32

/**
 * The state of the fake Railway: projects, environments, services, instances, deployments, tokens. The methods see the
 * actual state; only the API (resolvers.mjs) applies `lag` and `stale`.
 */
export class World extends FakeWorld {
  projects = new Map()
  environments = new Map()
  services = new Map()
  tokens = new Map()

  /**
   * How long new resources are hidden: for their first `reads` reads of each kind, or for so many milliseconds of the
   * server's clock. `deploymentReads`: how often `latestDeployment` is null at first. `serviceById`: whether
   * `service(id)` lags, too, which is not on record.
   */
  lag = { reads: 0, milliseconds: 0, deploymentReads: 0, serviceById: false }

  /**
   * How long newly deleted resources are still returned. With `showDeletedAt: false` they are shown as before.
   */
  stale = { reads: 0, milliseconds: 0, showDeletedAt: true }

  /** Whether a second service of a name in a project is refused. */
  uniqueNames = true

  deployments = new Deployments(this)
  courses = this.deployments
  processes = new Processes(this.settings.runCommand)

  #instances = new Map()

  // --- Set-up --------------------------------------------------------------------------------------------------

  /**
   * Creates a token, a project token, a project and its one environment.
   * @returns {{ token: string, projectToken: string, projectId: string, environmentId: string }}
   */
  seed() {
    const project = this.createProject({ name: 'sandboxes' })
    const [environment] = project.environments
    return {
      token: this.addToken({ kind: 'account' }),
      projectToken: this.addToken({ kind: 'project', projectId: project.id, environmentId: environment.id }),
      projectId: project.id,
      environmentId: environment.id,
    }
  }

  /**
   * @param {{ name?: string, environments?: (string | { name: string, forkOf?: string })[] }} [options]
   *   `forkOf`: name or id of an environment before it in the list
   */
  createProject({ name = 'project', environments = ['production'] } = {}) {
    const project = { ...this.#record(), name, environments: [], services: [], names: new Names() }
    this.projects.set(project.id, project)
    for (const entry of environments) {
      this.createEnvironment(project, typeof entry === 'string' ? { name: entry } : entry)
    }
    return project
  }

  createEnvironment(projectOrId, { name, forkOf } = {}) {
    const project = this.projects.get(idOf(projectOrId))
    const origin = forkOf && idOf(forkOf)
    const parent = origin && project.environments.find((entry) => entry.id === origin || entry.name === origin)
    if (forkOf && !parent) throw new Error(`no environment ${forkOf} to fork`)
    const environment = {
      ...this.#record(),
      name,
      projectId: project.id,
      sourceEnvironment: parent?.id ?? null,
      variables: {},
      instances: [],
    }
    this.environments.set(environment.id, environment)
    project.environments.push(environment)
    return environment
  }

  /**
   * Adds an older service: without lag, its deployment on the last step of `plan`.
   *
   * @param {object | string} projectOrId
   * @param {object} options
   * @param {string} [options.name]
   * @param {(object | string)[]} [options.environments] where it has instances; default as serviceCreate would do it
   * @param {string} [options.image]
   * @param {Record<string, string>} [options.variables]
   * @param {import('./deployments.mjs').Step[]} [options.plan]
   * @param {true} [options.deletedAt] deleted, and returned by every read with its deletedAt
   */
  addService(projectOrId, { name, environments, image, variables, plan = ['SUCCESS'], deletedAt } = {}) {
    const projectId = idOf(projectOrId)
    const scope = environments?.map((entry) => this.environments.get(idOf(entry))) ?? this.unforked(projectId)
    const service = this.#createRecord({ projectId, name, environments: scope, image, variables })
    if (image) {
      for (const instance of service.instances) {
        this.deployments.start({ id: this.random.uuid(), service, instance, plan: plan.slice(-1) })
      }
    }
    if (deletedAt) this.#delete(service, [service, ...service.instances], { reads: Infinity })
    return service
  }

  /**
   * @param {object} options
   * @param {'account' | 'workspace' | 'project'} options.kind
   * @param {string} [options.projectId] project: its scope
   * @param {string} [options.environmentId] project: its scope
   * @param {boolean} [options.canDelete] false: a workspace member, who may create services and not delete them
   *   (docs/providers/railway.md)
   * @param {string} [options.token] for a test that has to recognise it; default: random
   * @returns {string}
   */
  addToken({ kind, projectId, environmentId, canDelete = true, token = this.random.uuid() }) {
    this.tokens.set(token, { id: this.random.uuid(), kind, projectId, environmentId, canDelete })
    return token
  }

  deleteEnvironment(environmentOrId) {
    const environment = this.environments.get(idOf(environmentOrId))
    for (const instance of this.instances(environment.id)) this.deleteInstance(instance)
    this.#markDeleted(environment)
  }

  // --- Actual state --------------------------------------------------------------------------------------------

  /** Returns the environments that get a service which is not made for a fork (docs/providers/railway.md). */
  unforked(projectId) {
    return this.projects.get(projectId).environments.filter((entry) => !entry.deletedAt && !entry.sourceEnvironment)
  }

  /** Returns all services of the project, also deleted ones. */
  allServices(projectId) {
    return [...this.projects.get(projectId).services]
  }

  liveServices(projectId) {
    return this.allServices(projectId).filter((service) => !service.deletedAt)
  }

  /** Returns the instances in the environment that are not deleted. */
  instances(environmentId) {
    return this.allInstances(environmentId).filter((instance) => !instance.deletedAt)
  }

  allInstances(environmentId) {
    return [...this.environments.get(environmentId).instances]
  }

  /** Returns the instances that cost money: with an image and a deployment that is up or starts. */
  runningInstances(environmentId) {
    return this.instances(environmentId).filter(({ image, deployments }) => image && deployments.some(isBilled))
  }

  /** Returns the instance, deleted or not. */
  instance(serviceId, environmentId) {
    return this.#instances.get(`${serviceId}/${environmentId}`)
  }

  /** Returns the service's variables in the environment, with their references replaced. */
  resolvedVariables(serviceId, environmentId) {
    return this.resolve(this.instance(serviceId, environmentId).variables, environmentId)
  }

  /** Returns variables of a service or shared ones of the environment, with their references replaced. */
  resolve(variables, environmentId) {
    return resolveReferences(variables, (owner) => this.#variablesOf(owner, environmentId))
  }

  /** Returns what Railway adds to the container's environment (docs/providers/railway.md). */
  platformVariables(instance) {
    const { id, projectId } = this.services.get(instance.serviceId)
    return { RAILWAY_PROJECT_ID: projectId, RAILWAY_ENVIRONMENT_ID: instance.environmentId, RAILWAY_SERVICE_ID: id }
  }

  // --- The API's effects --------------------------------------------------------------------------------------

  /** @param {object} request projectId, name, image, variables, …; `environments`: in which it gets an instance */
  createService(request) {
    const service = this.#createRecord({ ...request, lag: this.lag })
    // An image starts at once, without a deploy call (docs/providers/railway.md).
    if (request.image) for (const instance of service.instances) this.deploy(instance)
    return service
  }

  /** @returns {object} the deployment */
  deploy(instance) {
    if (!instance.image) throw problem() // without an image; Railway's text is not known
    return this.deployments.start({
      id: this.random.uuid(),
      service: this.services.get(instance.serviceId),
      instance,
      lag: this.createLag({ reads: this.lag.deploymentReads }),
    })
  }

  updateInstance(instance, input) {
    for (const [name, value] of Object.entries(input)) {
      if (name === 'source') Object.assign(instance, { image: value?.image ?? null, repo: value?.repo ?? null })
      else instance.settings[name] = value
    }
    // An update without `numReplicas` resets it (docs/providers/railway.md).
    if (input.numReplicas == null) instance.settings.numReplicas = 1
  }

  /** Deletes a service with its instances in every environment, also forks (docs/providers/railway.md). */
  deleteService(service) {
    const instances = service.instances.filter((instance) => !instance.deletedAt)
    this.#delete(service, [service, ...instances])
  }

  /** Deletes one instance. The service stays, even without instances (docs/providers/railway.md). */
  deleteInstance(instance) {
    this.#delete(this.services.get(instance.serviceId), [instance])
  }

  /** Starts the process of a deployment that is up. */
  onUp(deployment) {
    const { id, service, instance, environmentId } = deployment
    const variables = { ...this.platformVariables(instance), ...this.resolvedVariables(service.id, environmentId) }
    const labels = { serviceId: service.id, serviceName: service.name, environmentId }
    this.processes.start({ id, subject: service, labels }, variables, (exitCode) => {
      // If the process ends with 0, the deployment has completed, not failed (docs/providers/railway.md).
      const end = exitCode === 0 ? { status: 'SUCCESS', deploymentStopped: true } : { status: 'CRASHED' }
      this.deployments.end(deployment, end)
    })
  }

  #createRecord({ projectId, name, environments, image, repo, variables = {}, registryCredentials, lag = {} }) {
    const chosen = name || this.#freeName(projectId)
    this.#checkName(projectId, chosen)
    const service = {
      ...this.#record(),
      name: chosen,
      projectId,
      lag: this.createLag(lag),
      instances: [],
    }
    const project = this.projects.get(projectId)
    this.services.set(service.id, service)
    project.services.push(service)
    project.names.add(service)
    for (const environment of environments) {
      const instance = {
        ...this.#record(),
        serviceId: service.id,
        environmentId: environment.id,
        image: image ?? null,
        repo: repo ?? null,
        registryCredentials: registryCredentials ?? null,
        settings: { numReplicas: 1 },
        limits: null,
        variables: { ...variables },
        domains: [],
        deployments: [],
        lag: this.createLag(lag),
      }
      service.instances.push(instance)
      environment.instances.push(instance)
      this.#instances.set(`${service.id}/${environment.id}`, instance)
    }
    return service
  }

  #checkName(projectId, name) {
    // No source has the text for a name that is too long.
    if (name.length > NAME_LENGTH_MAXIMUM) throw problem()
    if (this.uniqueNames && this.projects.get(projectId).names.holderOf(name)) throw nameTaken(name)
  }

  #freeName(projectId) {
    const { names } = this.projects.get(projectId)
    for (;;) {
      const first = this.random.pick(['brisk', 'calm', 'fond', 'lucid', 'mellow', 'proud', 'quiet', 'swift'])
      const second = this.random.pick(['anchor', 'beacon', 'canyon', 'harbor', 'meadow', 'orchard', 'summit', 'valley'])
      const name = `${first}-${second}-${this.random.text('abcdefghjkmnpqrstuvwxyz23456789', 4)}`
      if (!names.holderOf(name)) return name
    }
  }

  #variablesOf(owner, environmentId) {
    const { projectId, variables } = this.environments.get(environmentId)
    if (owner === 'shared') return variables
    const service = this.projects.get(projectId).names.holderOf(owner)
    const instance = service && this.instance(service.id, environmentId)
    return instance && !instance.deletedAt && { ...this.platformVariables(instance), ...instance.variables }
  }

  #delete(service, objects, stale) {
    if (objects.includes(service)) this.projects.get(service.projectId).names.delete(service)
    for (const object of objects) {
      this.#markDeleted(object, stale)
      for (const deployment of object.deployments ?? []) this.deployments.end(deployment)
    }
  }

  #markDeleted(object, stale = this.stale) {
    this.markDeleted(object, { ...stale, serviceById: true })
  }

  #record() {
    return this.record(this.random.uuid())
  }
}
