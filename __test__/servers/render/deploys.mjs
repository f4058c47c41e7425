import { Courses, statusOf, stepOf } from '../shared/courses.mjs'

const FAILED = new Set(['build_failed', 'pre_deploy_failed', 'update_failed', 'canceled'])
const TERMINAL = new Set(['live', 'deactivated', ...FAILED])
const NOT_BEGUN = new Set(['created', 'queued'])

/**
 * @typedef {string | { status: string | null | undefined, suspendedBy?: string }} Step a status, known to Render's
 *   schema or not; `suspendedBy`: here Render suspends the service, as it does with one that keeps crashing
 */

/** The deploys of all services. */
export class Deploys extends Courses {
  /** The status of a first deploy was not recorded; a later one of an image has no build (docs/providers/render.md). */
  defaultPlan = ['created', 'update_in_progress', 'live']

  /**
   * @param {object} deploy its record: id, sequence, service, trigger, createdAt
   * @param {Step[]} [plan]
   */
  start(deploy, plan) {
    Object.assign(deploy, { startedAt: null, finishedAt: null })
    deploy.service.deploys.push(deploy)
    this.begin(deploy, deploy.service, plan)
    return deploy
  }

  /** Returns the deploy as the API shows it, and moves it one step. */
  read(deploy) {
    const { updatedAt, startedAt, finishedAt } = deploy
    const shown = { status: statusOf(deploy), updatedAt, startedAt, finishedAt }
    this.advance(deploy)
    return shown
  }

  /** Ends a deploy outside its plan. */
  end(deploy, status) {
    this.divert(deploy, { status })
  }

  /** The deploys of a service that was deleted or suspended have stopped. */
  isHeld({ service: { deletedAt, suspenders } }) {
    return deletedAt !== null || suspenders.size > 0
  }

  onArrival(deploy) {
    const { status, suspendedBy } = stepOf(deploy)
    deploy.updatedAt = this.world.timestamp()
    if (!NOT_BEGUN.has(status)) deploy.startedAt ??= deploy.updatedAt
    if (TERMINAL.has(status)) deploy.finishedAt ??= deploy.updatedAt
    if (status === 'live') {
      // The new deploy is up, and replaces the one before it.
      for (const other of deploy.service.deploys) if (other !== deploy && isUp(other)) this.end(other, 'deactivated')
      this.world.onUp(deploy)
    } else if (TERMINAL.has(status)) this.world.processes.stop(deploy.id)
    if (suspendedBy) this.world.suspend(deploy.service, suspendedBy)
  }
}

const isUp = (deploy) => statusOf(deploy) === 'live'

/** Returns whether a deploy runs or starts. */
export const isAlive = (deploy) => isUp(deploy) || !TERMINAL.has(statusOf(deploy))
