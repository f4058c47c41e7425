// The state of the fake Namespace: workspaces, tokens, instances.
import { EventEmitter, once } from 'node:events'

import { Courses, isAtEnd, statusOf, stepOf } from '../shared/courses.mjs'
import { Processes } from '../shared/processes.mjs'
import { idOf, World as FakeWorld } from '../shared/world.mjs'
import { ACTIONS, formToken } from './access.mjs'
import { DEFAULT_SHAPE } from './requests.mjs'

const TICK_MILLISECONDS = 50
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** The states of a deletion. */
const OVER = new Set(['DESTROYING', 'DESTROYED'])

/**
 * @typedef {{ virtualCpu: number, memoryMegabytes: number, machineArch: string, os: string }} Shape
 *
 * @typedef {{ id: string, name: string, imageRef: string, args: string[], environment: Record<string, string>,
 *   exportPorts: object[], isService: boolean }} Container isService: its end is a failure, whatever the exit code
 *   (docs/providers/namespace.md)
 *
 * @typedef {object} Instance
 * @property {string} id
 * @property {number} sequence
 * @property {string} workspaceId
 * @property {string} region
 * @property {string} creatorId
 * @property {{ name: string, value: string }[]} labels
 * @property {string} purpose
 * @property {Shape} shape
 * @property {number} createdAt milliseconds, as are all times here
 * @property {number} [readyAt]
 * @property {number} [destroyedAt]
 * @property {number} deadline
 * @property {Container[]} containers
 * @property {string} [uniqueTag]
 * @property {string} status its actual state; counts no read
 * @property {object[]} shutdownReasons
 * @property {string} [destroyReason]
 */

class Instances extends Courses {
  /** Each instance has its own, and moves by the server's clock. */
  get stepMilliseconds() {
    return undefined
  }

  onArrival(instance) {
    this.world.onArrival(instance)
  }
}

/**
 * The methods see the actual state; only the API (compute.mjs) applies `lag` and `stale`. Each instance goes through
 * the steps of its plan.
 */
export class World extends FakeWorld {
  workspaces = new Map()
  tokens = new Map()

  /**
   * How long new instances are hidden from DescribeInstance and ListInstances: for their first `reads` reads of each
   * kind, or for so many milliseconds of the server's clock. `destroy`: from DestroyInstance, too. No source says
   * whether Namespace has a lag.
   */
  lag = { reads: 0, milliseconds: 0, destroy: false }

  /**
   * How long newly destroyed instances are shown as they were before. With `showDeletedAt` true (the default) they are
   * shown as they are, DESTROYING or DESTROYED.
   */
  stale = { reads: 0, milliseconds: 0, showDeletedAt: true }

  courses = new Instances(this)
  processes = new Processes(this.settings.runCommand)

  #instances = new Map()
  #holders = new Map()
  /** Emits an instance's id when its state has changed. */
  #changes = new EventEmitter().setMaxListeners(0)
  #ticker

  /** @param {import('../shared/world.mjs').WorldOptions} options */
  constructor(options) {
    super(options)
    // Reads move the instance that they read. The others move here: by a deadline, or to start a container.
    const moveAll = () => this.#instances.forEach((instance) => this.#catchUp(instance))
    if (this.settings.stepMilliseconds) this.#ticker = setInterval(moveAll, TICK_MILLISECONDS).unref()
  }

  // --- Set-up --------------------------------------------------------------------------------------------------

  /**
   * Creates a workspace, a token for it, and two instances of others.
   * @returns {{ token: string, workspaceId: string }}
   */
  seed() {
    const workspace = this.createWorkspace({ name: 'sandboxes' })
    this.addInstance(workspace, { purpose: 'CI runner', labels: { 'runner.job': '4711' } })
    this.addInstance(workspace, { purpose: 'builder', shape: { virtualCpu: 8, memoryMegabytes: 16_384 } })
    return { token: this.addToken({ workspace }), workspaceId: workspace.id }
  }

  /**
   * @param {object} [options]
   * @param {string} [options.name]
   * @param {{ virtualCpu?: number, memoryMegabytes?: number, instanceCount?: number }} [options.limits] a create beyond
   *   them is refused (docs/providers/namespace.md)
   * @param {{ used: number, limits: number }} [options.usedUp] the period's usage; set: every create is refused
   * @param {string[]} [options.platforms] `linux/amd64`; default: all
   */
  createWorkspace({ name = 'workspace', limits, usedUp, platforms } = {}) {
    const workspace = { id: `tenant_${this.random.text(LOWER, 20)}`, name, limits, usedUp, platforms, instances: [] }
    this.workspaces.set(workspace.id, workspace)
    return workspace
  }

  /**
   * @param {object} options
   * @param {object | string} options.workspace
   * @param {string[]} [options.actions] what it is granted; default: all
   * @param {number} [options.expiresAt] milliseconds of the server's clock
   * @param {'revocable' | 'tenant' | 'workload'} [options.kind] form of a generated token
   * @param {string} [options.secret] for a test that has to recognise it within the token's form
   * @param {string} [options.token] the whole token
   * @returns {string}
   */
  addToken({ workspace, actions = ACTIONS, expiresAt = Infinity, kind = 'revocable', secret, token }) {
    const actorId = `user_${this.random.text(LOWER, 20)}`
    const caller = { workspaceId: idOf(workspace), actorId, actions, expiresAt }
    const form = { kind, region: this.settings.region, secret: secret ?? this.random.text(LOWER, 40), ...caller }
    const text = token ?? formToken(form)
    this.tokens.set(text, caller)
    return text
  }

  /**
   * Adds an instance of others, unless `labels` name another maker: without lag and without a process.
   *
   * @param {object | string} workspace
   * @param {object} [options]
   * @param {string} [options.region]
   * @param {Record<string, string>} [options.labels]
   * @param {import('./plans.mjs').Step} [options.status]
   * @param {string} [options.purpose]
   * @param {object} [options.shape]
   * @param {string} [options.image]
   * @param {Record<string, string>} [options.environment]
   * @param {string} [options.uniqueTag]
   * @param {number} [options.createdAt]
   * @param {number} [options.deadline]
   */
  addInstance(workspace, { status = 'RUNNING', labels = {}, image = 'busybox', environment = {}, ...rest } = {}) {
    const instance = this.#record({
      workspaceId: idOf(workspace),
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      containers: [{ name: 'main', imageRef: image, args: [], environment, exportPorts: [], isService: true }],
      ...rest,
    })
    this.#setCourse(instance, [status])
    return instance
  }

  /** Sets an instance's state, outside its plan. @param {import('./plans.mjs').Step} step */
  setStatus(instanceOrId, step) {
    this.#setCourse(this.get(idOf(instanceOrId)), [step])
  }

  // --- Actual state --------------------------------------------------------------------------------------------

  /** @returns {Instance | undefined} whatever its state */
  get(id) {
    const instance = this.#instances.get(id)
    if (instance) this.#catchUp(instance)
    return instance
  }

  /** Returns all instances of the workspace, also deleted ones, in the order of creation. @returns {Instance[]} */
  allInstances(workspace) {
    const { instances } = this.workspaces.get(idOf(workspace))
    for (const instance of instances) this.#catchUp(instance)
    return [...instances]
  }

  /** Returns the instances that cost money: neither deleted nor being deleted. A failed instance is one of them. */
  liveInstances(workspace) {
    return this.allInstances(workspace).filter(({ status }) => !OVER.has(status))
  }

  /** Returns the variables of the main container. */
  environmentOf(instanceOrId) {
    return this.get(idOf(instanceOrId)).containers[0]?.environment
  }

  /** Returns the instance that has the tag, until that instance is deleted. @returns {Instance | undefined} */
  holderOf({ workspaceId, region, uniqueTag }) {
    const holder = this.#holders.get(`${workspaceId}/${region}/${uniqueTag}`)
    if (holder) this.#catchUp(holder)
    return holder?.status === 'DESTROYED' ? undefined : holder
  }

  close() {
    clearInterval(this.#ticker)
    return super.close()
  }

  // --- The API's effects --------------------------------------------------------------------------------------

  /** @param {Partial<Instance>} fields @returns {Instance} */
  create(fields) {
    const instance = this.#record(fields)
    instance.lag = this.createLag(this.lag)
    instance.lagsForDestroy = Boolean(this.lag.destroy)
    instance.runsProcesses = true
    this.#setCourse(instance, undefined, this.settings.stepMilliseconds)
    return instance
  }

  /**
   * Returns a read's view of the instance, and counts the read.
   *
   * @param {Instance} instance
   * @param {'describe' | 'list' | 'destroy'} kind
   * @returns {{ status: string, destroyedAt?: number } | undefined} `undefined`: not at all
   */
  see(instance, kind) {
    this.#catchUp(instance)
    const view = kind === 'destroy' && !instance.lagsForDestroy ? 'live' : this.observe(instance, kind)
    if (view === 'stale') return { status: instance.statusBefore }
    const isForgotten = instance.status === 'DESTROYED' && this.settings.forgetDestroyed
    const isHidden = view === 'gone' && instance.deletedAt === null
    return isForgotten || isHidden ? undefined : instance
  }

  /** Moves an instance after a read, unless it moves by the clock. @returns {boolean} whether it moved */
  moveOn(instance) {
    return instance.stepMilliseconds === undefined && this.courses.advance(instance)
  }

  /** Begins the deletion: DESTROYING, then DESTROYED. */
  destroy(instance, reason) {
    if (OVER.has(instance.status)) return
    instance.destroyReason = reason
    this.#setCourse(instance, this.settings.ending, this.settings.endingMilliseconds ?? this.settings.stepMilliseconds)
  }

  /** Resolves when the instance has changed its state. @param {AbortSignal} signal rejects with its reason */
  async changed(instance, signal) {
    await once(this.#changes, instance.id, { signal }).catch(() => signal.throwIfAborted())
  }

  #record(fields) {
    const now = this.now()
    const instance = {
      id: this.random.text(LOWER, 13),
      sequence: this.nextSequence(),
      region: this.settings.region,
      creatorId: `user_${this.random.text(LOWER, 20)}`,
      labels: [],
      purpose: '',
      createdAt: now,
      deadline: now + this.settings.lifetimeMilliseconds,
      deletedAt: null,
      shutdownReasons: [],
      ...fields,
      shape: { ...DEFAULT_SHAPE, ...fields.shape },
      containers: (fields.containers ?? []).map((container) => ({ id: this.random.text(LOWER, 13), ...container })),
      get status() {
        return this.steps && statusOf(this)
      },
    }
    this.#instances.set(instance.id, instance)
    this.workspaces.get(instance.workspaceId).instances.push(instance)
    if (instance.uniqueTag) {
      this.#holders.set(`${instance.workspaceId}/${instance.region}/${instance.uniqueTag}`, instance)
    }
    return instance
  }

  /** Begins a plan, by default the one of new instances. With `stepMilliseconds` it goes by the server's clock. */
  #setCourse(instance, plan, stepMilliseconds) {
    Object.assign(instance, { stepMilliseconds, movedAt: this.now() })
    this.courses.begin(instance, instance, plan)
  }

  /** Schedules the steps and the deadline, at which every instance ends. */
  #catchUp(instance) {
    const isDue = () => this.now() >= instance.movedAt + instance.stepMilliseconds
    while (instance.stepMilliseconds !== undefined && !isAtEnd(instance) && isDue()) {
      instance.movedAt += instance.stepMilliseconds
      this.courses.advance(instance)
    }
    if (this.now() >= instance.deadline && !OVER.has(instance.status)) this.destroy(instance, 'deadline')
  }

  /** Does what follows from a step of an instance. */
  onArrival(instance) {
    const { status, shutdownReasons } = stepOf(instance)
    const isUp = status === 'RUNNING'
    const wasUp = instance.isUp
    instance.isUp = isUp
    if (!OVER.has(status)) instance.statusBefore = status
    if (isUp) instance.readyAt ??= this.now()
    if (status === 'DESTROYED') instance.destroyedAt ??= this.now()
    if (OVER.has(status) && instance.deletedAt === null) this.markDeleted(instance, this.stale)
    if (status === 'ERROR') instance.shutdownReasons = shutdownReasons ?? [failureOf(instance.containers[0], 1)]
    if (isUp && !wasUp && instance.runsProcesses) this.#startProcesses(instance)
    if (!isUp && wasUp) for (const { id } of instance.containers) this.processes.stop(id)
    this.#changes.emit(instance.id)
  }

  /** Handles the end of a container (docs/providers/namespace.md). */
  #containerEnded(instance, container, exitCode) {
    if (OVER.has(instance.status)) return
    if (!container.isService) {
      this.destroy(instance, 'the container has ended')
      return
    }
    this.#setCourse(instance, [{ status: 'ERROR', shutdownReasons: [failureOf(container, exitCode)] }])
  }

  #startProcesses(instance) {
    for (const container of instance.containers) {
      const { id, name, environment } = container
      const labels = { instanceId: instance.id, containerName: name }
      this.processes.start({ id, subject: { instance, container }, labels }, environment, (exitCode) => {
        this.#containerEnded(instance, container, exitCode)
      })
    }
  }
}

/** The reasons of a failed container. Only the names of the fields are on record. */
function failureOf(container, exitCode) {
  return {
    errorCode: exitCode ?? 137,
    errorMessage: `container ${container?.name ?? 'main'} has failed`,
    containerNscId: container?.id ?? '',
    containerName: container?.name ?? '',
    containerFailedReason: `exited with code ${exitCode ?? 137}`,
  }
}
