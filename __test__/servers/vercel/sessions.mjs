// The states of sessions, and the end of their lifetime.
import { Courses, statusOf } from '../shared/courses.mjs'

/** States in which nothing of a session runs or will run (docs/providers/vercel.md). */
const OVER = new Set(['stopped', 'failed', 'aborted'])

/** @typedef {'pending' | 'running' | 'stopping' | 'stopped' | 'failed' | 'aborted' | 'snapshotting'} Status */

/**
 * The sessions of all sandboxes. A read of a session is one of its sandbox, too; the answer to the create is the first.
 * A running session ends when its lifetime is over.
 */
export class Sessions extends Courses {
  defaultPlan = ['running']
  #alive = new Set()
  #nextExpiry = Infinity

  /** Returns how many sessions run or start. */
  get aliveCount() {
    return this.#alive.size
  }

  /** @param {{ id: string, sandbox: object, cwd: string, plan?: Status[] }} options */
  start({ id, sandbox, cwd, plan }) {
    const session = { id, sandbox, cwd, timeout: sandbox.timeout, requestedAt: this.world.now() }
    sandbox.sessions.push(session)
    sandbox.session = session
    this.begin(session, sandbox, plan)
    return session
  }

  /** Ends a session outside its plan. */
  end(session, status = 'stopped') {
    if (!isOver(session)) this.divert(session, { status })
  }

  /** Moves the end of a session's lifetime. */
  extend(session, milliseconds) {
    session.timeout += milliseconds
    if (session.status === 'running') this.#limit(session)
  }

  /** Ends the sessions whose lifetime is over. */
  passTime() {
    if (this.world.now() < this.#nextExpiry) return
    this.#nextExpiry = Infinity
    for (const session of this.#alive) {
      if (session.expiresAt <= this.world.now()) this.end(session)
      else if (session.expiresAt < this.#nextExpiry) this.#nextExpiry = session.expiresAt
    }
  }

  onArrival(session) {
    session.status = statusOf(session)
    session.statusUpdatedAt = this.world.now()
    if (isOver(session)) return this.#finish(session)
    this.#alive.add(session)
    if (session.status === 'running' && session.startedAt === undefined) {
      session.startedAt = this.world.now()
      this.#limit(session)
    }
  }

  #limit(session) {
    session.expiresAt = session.startedAt + session.timeout
    this.#nextExpiry = Math.min(this.#nextExpiry, session.expiresAt)
    // Without a test's clock, sessions end at their time also without a request.
    if (this.world.now === Date.now) this.#watch(session)
  }

  /** Checks again at the session's time. A timer may be early, and has at most 31 bits. */
  #watch(session) {
    this.later(Math.min(Math.max(1, session.expiresAt - this.world.now()), 2 ** 31 - 1), () => {
      this.passTime()
      if (session.status === 'running') this.#watch(session)
    })
  }

  #finish(session) {
    this.#alive.delete(session)
    session[session.status === 'aborted' ? 'abortedAt' : 'stoppedAt'] = this.world.now()
    if (session.startedAt !== undefined) session.duration = this.world.now() - session.startedAt
    this.world.switchOff(session)
  }
}

export const isOver = ({ status }) => OVER.has(status)
