/**
 * A plan of the states that an object goes through: for all objects; chosen by the object's subject, which has a name;
 * or a list of plans by name.
 *
 * @typedef {string | null | undefined | { status: string | null | undefined }} Step
 * @typedef {Step[] | ((subject: object) => Step[]) | { name: string | RegExp, plan: Step[] }[]} Plan
 */

/**
 * Moves objects through the steps of their plans, one with every read through the API, so that a test waits for
 * nothing; with `stepMilliseconds` they move by themselves, for use by hand. A subclass has `onArrival(object)`, which
 * does what follows from a step; it may have `isHeld(object)`, for objects that stay where they are.
 */
export class Courses {
  #timers = new Set()

  /** The plan of objects for which the server's settings have none. @type {Step[]} */
  defaultPlan

  /** @param {import('./world.mjs').World} world */
  constructor(world) {
    this.world = world
  }

  get stepMilliseconds() {
    return this.world.settings.stepMilliseconds
  }

  /** Puts an object at the first step of its plan. */
  begin(object, subject, plan = this.world.planned.shift() ?? this.#planFor(subject)) {
    object.steps = plan.map((step) => (typeof step === 'object' && step !== null ? step : { status: step }))
    object.step = 0
    this.#arrive(object)
  }

  /** Moves an object one step after a read, unless objects move by themselves. @returns {boolean} whether it moved */
  advance(object) {
    return this.stepMilliseconds === undefined && this.#move(object)
  }

  /** Puts an object at a step outside its plan, which ends there. */
  divert(object, step) {
    object.steps = [step]
    object.step = 0
    this.#arrive(object)
  }

  later(milliseconds, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, milliseconds)
    timer.unref()
    this.#timers.add(timer)
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #planFor(subject) {
    const { plan = this.defaultPlan } = this.world.settings
    if (typeof plan === 'function') return plan(subject)
    if (!plan.some((entry) => entry?.plan)) return plan
    const fits = ({ name }) => (name instanceof RegExp ? name.test(subject.name) : name === subject.name)
    return plan.find(fits)?.plan ?? this.defaultPlan
  }

  #move(object) {
    if (isAtEnd(object) || this.isHeld?.(object)) return false
    object.step += 1
    this.#arrive(object)
    return true
  }

  #arrive(object) {
    this.onArrival(object)
    if (this.stepMilliseconds === undefined || isAtEnd(object)) return
    this.later(this.stepMilliseconds, () => this.#move(object))
  }
}

export const isAtEnd = ({ steps, step }) => step >= steps.length - 1

/** Returns the step at which an object is, and counts no read. */
export const stepOf = ({ steps, step }) => steps[step]
export const statusOf = (object) => stepOf(object).status
