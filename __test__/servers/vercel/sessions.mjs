// The states of sessions, and the end of their lifetime.
const DEFAULT_PLAN = ['running']

/** States in which nothing of a session runs or will run (docs/providers/vercel.md). */
const OVER = new Set(['stopped', 'failed', 'aborted'])

/** @typedef {'pending' | 'running' | 'stopping' | 'stopped' | 'failed' | 'aborted' | 'snapshotting'} Status */
/** @typedef {Status[] | ((sandbox: object) => Status[]) | { name: string | RegExp, plan: Status[] }[]} Plan */

/**
 * The sessions of all sandboxes. One goes through the states of its plan, one with every read of its sandbox or of
 * itself (the answer to the create is the first), so that a test need not wait; with `stepMilliseconds` it moves by
 * itself, for use by hand. A running session ends when its lifetime is over.
 */
export class Sessions {
  #planned = []
  #alive = new Set()
  #timers = new Set()
  #nextExpiry = Infinity

  /**
   * @param {object} options
   * @param {() => number} options.now
   * @param {Plan} [options.plan]
   * @param {number} [options.stepMilliseconds]
   * @param {boolean} [options.realTime] sessions end at their time also without a request
   * @param {(session: object) => void} options.onOver
   */
  constructor({ now, plan = DEFAULT_PLAN, stepMilliseconds, realTime = false, onOver }) {
    this.now = now
    this.plan = plan
    this.stepMilliseconds = stepMilliseconds
    this.realTime = realTime
    this.onOver = onOver
  }

  /** Returns how many sessions run or start. */
  get aliveCount() {
    return this.#alive.size
  }

  /** Sets the plan of the next `count` sessions, whatever sandbox they belong to. */
  planNext(plan, count = 1) {
    for (let index = 0; index < count; index += 1) this.#planned.push(plan)
  }

  /** @param {{ id: string, sandbox: object, cwd: string, plan?: Status[] }} options */
  start({ id, sandbox, cwd, plan = this.#planned.shift() ?? this.#planFor(sandbox) }) {
    const session = {
      id,
      sandbox,
      cwd,
      steps: plan,
      step: 0,
      status: plan[0],
      timeout: sandbox.timeout,
      requestedAt: this.now(),
    }
    sandbox.sessions.push(session)
    sandbox.session = session
    this.#arrive(session)
    return session
  }

  /** Moves a session one step, after a read. */
  advance(session) {
    if (this.stepMilliseconds !== undefined || session.step >= session.steps.length - 1) return
    session.step += 1
    this.#arrive(session)
  }

  /** Ends a session outside its plan. */
  end(session, status = 'stopped') {
    if (isOver(session)) return
    session.steps = [status]
    session.step = 0
    this.#arrive(session)
  }

  /** Moves the end of a session's lifetime. */
  extend(session, milliseconds) {
    session.timeout += milliseconds
    if (session.status === 'running') this.#limit(session)
  }

  /** Ends the sessions whose lifetime is over. */
  passTime() {
    if (this.now() < this.#nextExpiry) return
    this.#nextExpiry = Infinity
    for (const session of this.#alive) {
      if (session.expiresAt <= this.now()) this.end(session)
      else if (session.expiresAt < this.#nextExpiry) this.#nextExpiry = session.expiresAt
    }
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #planFor(sandbox) {
    if (typeof this.plan === 'function') return this.plan(sandbox)
    if (!this.plan.some((entry) => entry.plan)) return this.plan
    const fits = ({ name }) => (name instanceof RegExp ? name.test(sandbox.name) : name === sandbox.name)
    return this.plan.find(fits)?.plan ?? DEFAULT_PLAN
  }

  #arrive(session) {
    session.status = session.steps[session.step]
    session.statusUpdatedAt = this.now()
    if (isOver(session)) this.#finish(session)
    else {
      this.#alive.add(session)
      if (session.status === 'running' && session.startedAt === undefined) {
        session.startedAt = this.now()
        this.#limit(session)
      }
    }
    if (this.stepMilliseconds !== undefined && session.step < session.steps.length - 1) {
      this.#later(this.stepMilliseconds, () => {
        if (session.step >= session.steps.length - 1) return
        session.step += 1
        this.#arrive(session)
      })
    }
  }

  #limit(session) {
    session.expiresAt = session.startedAt + session.timeout
    this.#nextExpiry = Math.min(this.#nextExpiry, session.expiresAt)
    if (this.realTime) this.#watch(session)
  }

  /** Checks again at the session's time. A timer may be early, and has at most 31 bits. */
  #watch(session) {
    this.#later(Math.min(Math.max(1, session.expiresAt - this.now()), 2 ** 31 - 1), () => {
      this.passTime()
      if (session.status === 'running') this.#watch(session)
    })
  }

  #finish(session) {
    this.#alive.delete(session)
    session[session.status === 'aborted' ? 'abortedAt' : 'stoppedAt'] = this.now()
    if (session.startedAt !== undefined) session.duration = this.now() - session.startedAt
    this.onOver(session)
  }

  #later(milliseconds, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, milliseconds)
    timer.unref()
    this.#timers.add(timer)
  }
}

export const isOver = ({ status }) => OVER.has(status)
