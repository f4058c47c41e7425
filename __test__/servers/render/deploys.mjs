/** The status of a first deploy was not recorded; a later one of an image has no build (docs/providers/render.md). */
const DEFAULT_PLAN = ['created', 'update_in_progress', 'live']

const FAILED = new Set(['build_failed', 'pre_deploy_failed', 'update_failed', 'canceled'])
const TERMINAL = new Set(['live', 'deactivated', ...FAILED])
const NOT_BEGUN = new Set(['created', 'queued'])

/**
 * @typedef {string | { status: string | null | undefined, suspendedBy?: string }} Step a status, known to Render's
 *   schema or not; `suspendedBy`: here Render suspends the service, as it does with one that keeps crashing
 *
 * @typedef {Step[] | ((service: object) => Step[]) | { name: string | RegExp, plan: Step[] }[]} Plan
 */

/**
 * The deploys of all services. A deploy goes through the steps of its plan, one with every read through the API, so
 * that a test waits for nothing; with `stepMilliseconds` it moves by itself, for use by hand.
 */
export class Deploys {
  #planned = []
  #timers = new Set()

  /**
   * @param {object} options
   * @param {() => string} options.timestamp
   * @param {Plan} [options.plan]
   * @param {number} [options.stepMilliseconds]
   * @param {(deploy: object) => void} options.onUp
   * @param {(deploy: object) => void} options.onDown
   * @param {(service: object, by: string) => void} options.onSuspension
   */
  constructor({ timestamp, plan = DEFAULT_PLAN, stepMilliseconds, onUp, onDown, onSuspension }) {
    Object.assign(this, { timestamp, plan, stepMilliseconds, onUp, onDown, onSuspension })
  }

  /** Sets the plan of the next `count` deploys, whatever service they belong to. */
  planNext(plan, count = 1) {
    for (let index = 0; index < count; index += 1) this.#planned.push(plan)
  }

  /**
   * @param {object} deploy its record: id, sequence, service, trigger, createdAt
   * @param {Step[]} [plan]
   */
  start(deploy, plan = this.#planned.shift() ?? this.#planFor(deploy.service)) {
    Object.assign(deploy, {
      steps: plan.map((step) => (typeof step === 'object' && step !== null ? step : { status: step })),
      step: 0,
      startedAt: null,
      finishedAt: null,
    })
    deploy.service.deploys.push(deploy)
    this.#arrive(deploy)
    return deploy
  }

  /** Returns the deploy as the API shows it, and moves it one step. */
  read(deploy) {
    const { updatedAt, startedAt, finishedAt } = deploy
    const shown = { status: statusOf(deploy), updatedAt, startedAt, finishedAt }
    if (this.stepMilliseconds === undefined) this.#advance(deploy)
    return shown
  }

  /** Ends a deploy outside its plan. */
  end(deploy, status) {
    deploy.steps = [{ status }]
    deploy.step = 0
    this.#arrive(deploy)
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #planFor(service) {
    if (typeof this.plan === 'function') return this.plan(service)
    if (!this.plan.some((entry) => entry?.plan)) return this.plan
    const fits = ({ name }) => (name instanceof RegExp ? name.test(service.name) : name === service.name)
    return this.plan.find(fits)?.plan ?? DEFAULT_PLAN
  }

  #advance(deploy) {
    if (deploy.step >= deploy.steps.length - 1 || isStill(deploy.service)) return
    deploy.step += 1
    this.#arrive(deploy)
  }

  #arrive(deploy) {
    const { status, suspendedBy } = deploy.steps[deploy.step]
    deploy.updatedAt = this.timestamp()
    if (!NOT_BEGUN.has(status)) deploy.startedAt ??= deploy.updatedAt
    if (TERMINAL.has(status)) deploy.finishedAt ??= deploy.updatedAt
    if (status === 'live') {
      // The new deploy is up, and replaces the one before it.
      for (const other of deploy.service.deploys) if (other !== deploy && isUp(other)) this.end(other, 'deactivated')
      this.onUp(deploy)
    } else if (TERMINAL.has(status)) this.onDown(deploy)
    if (suspendedBy) this.onSuspension(deploy.service, suspendedBy)
    this.#moveOnLater(deploy)
  }

  #moveOnLater(deploy) {
    if (this.stepMilliseconds === undefined || deploy.step >= deploy.steps.length - 1) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#advance(deploy)
    }, this.stepMilliseconds)
    this.#timers.add(timer)
  }
}

/** Returns whether a service's deploys have stopped. */
const isStill = ({ deletedAt, suspenders }) => deletedAt !== null || suspenders.size > 0

/** Returns the status, and counts no read. */
export const statusOf = (deploy) => deploy.steps[deploy.step].status

const isUp = (deploy) => statusOf(deploy) === 'live'

/** Returns whether a deploy runs or starts. */
export const isAlive = (deploy) => isUp(deploy) || !TERMINAL.has(statusOf(deploy))
