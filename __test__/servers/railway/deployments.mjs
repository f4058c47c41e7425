const DEFAULT_PLAN = ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS']

/** States in which the deployment's container is up (docs/providers/railway.md). */
const UP = new Set(['SUCCESS', 'SLEEPING'])
/** States in which nothing of a deployment runs or will run. */
const OVER = new Set(['FAILED', 'CRASHED', 'REMOVING', 'REMOVED', 'SKIPPED'])

/** @typedef {string | { status: string, deploymentStopped?: boolean }} Step */

/**
 * The deployments of all instances. A deployment goes through the steps of its plan, one with every read through the
 * API, so that a test need not wait; with `stepMilliseconds` it moves by itself, for use by hand.
 */
export class Deployments {
  #byId = new Map()
  #planned = []
  #timers = new Set()

  /**
   * @param {object} options
   * @param {() => string} options.timestamp
   * @param {Step[] | ((service: object) => Step[]) | { name: string | RegExp, plan: Step[] }[]} [options.plan]
   * @param {number} [options.stepMilliseconds]
   * @param {(deployment: object) => void} options.onUp
   * @param {(deployment: object) => void} options.onOver
   */
  constructor({ timestamp, plan = DEFAULT_PLAN, stepMilliseconds, onUp, onOver }) {
    this.timestamp = timestamp
    this.plan = plan
    this.stepMilliseconds = stepMilliseconds
    this.onUp = onUp
    this.onOver = onOver
  }

  get(id) {
    return this.#byId.get(id)
  }

  /** Sets the plan of the next `count` deployments, whatever service they belong to. */
  planNext(plan, count = 1) {
    for (let index = 0; index < count; index += 1) this.#planned.push(plan)
  }

  /** @param {Step[]} [plan] */
  start({ id, service, instance, lag, plan = this.#planned.shift() ?? this.#planFor(service) }) {
    const deployment = {
      id,
      service,
      instance,
      lag,
      deletedAt: null,
      projectId: service.projectId,
      environmentId: instance.environmentId,
      image: instance.image,
      steps: plan.map((step) => (typeof step === 'string' ? { status: step } : step)),
      step: 0,
      createdAt: this.timestamp(),
      updatedAt: this.timestamp(),
    }
    this.#byId.set(id, deployment)
    instance.deployments.push(deployment)
    this.#arrive(deployment)
    return deployment
  }

  /** Returns the deployment as the API shows it, and moves it one step. */
  read(deployment) {
    const shown = { status: statusOf(deployment), stopped: isStopped(deployment), updatedAt: deployment.updatedAt }
    if (this.stepMilliseconds === undefined) this.#advance(deployment)
    return shown
  }

  /** Ends a deployment outside its plan: it was removed with its instance, or its process has exited. */
  end(deployment, step = { status: 'REMOVED' }) {
    if (isOver(deployment)) return
    deployment.steps = [step]
    deployment.step = 0
    this.#arrive(deployment)
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #planFor(service) {
    if (typeof this.plan === 'function') return this.plan(service)
    if (!this.plan.some((entry) => entry.plan)) return this.plan
    const fits = ({ name }) => (name instanceof RegExp ? name.test(service.name) : name === service.name)
    return this.plan.find(fits)?.plan ?? DEFAULT_PLAN
  }

  #advance(deployment) {
    if (deployment.step >= deployment.steps.length - 1) return
    deployment.step += 1
    this.#arrive(deployment)
  }

  #arrive(deployment) {
    deployment.updatedAt = this.timestamp()
    if (isOver(deployment)) this.onOver(deployment)
    else if (UP.has(statusOf(deployment))) {
      // The new deployment is up, and replaces the one before it.
      for (const other of deployment.instance.deployments) if (other !== deployment) this.end(other)
      this.onUp(deployment)
    }
    if (this.stepMilliseconds !== undefined && deployment.step < deployment.steps.length - 1) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#advance(deployment)
      }, this.stepMilliseconds)
      this.#timers.add(timer)
    }
  }
}

/** Returns the state, and counts no read. */
export const statusOf = (deployment) => deployment.steps[deployment.step].status

/**
 * Returns `deploymentStopped`, which is also true for a SUCCESS whose process has exited (docs/providers/railway.md).
 */
const isStopped = (deployment) =>
  deployment.steps[deployment.step].deploymentStopped ?? OVER.has(statusOf(deployment))

const isOver = (deployment) => OVER.has(statusOf(deployment)) || isStopped(deployment)

/** Returns whether a deployment costs money: it starts, or is up. */
export const isBilled = (deployment) => !isOver(deployment)
