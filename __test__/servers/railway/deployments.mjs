import { Courses, statusOf, stepOf } from '../shared/courses.mjs'

/** States in which the deployment's container is up (docs/providers/railway.md). */
const UP = new Set(['SUCCESS', 'SLEEPING'])
/** States in which nothing of a deployment runs or will run. */
const OVER = new Set(['FAILED', 'CRASHED', 'REMOVING', 'REMOVED', 'SKIPPED'])

/** @typedef {string | { status: string, deploymentStopped?: boolean }} Step */

/** The deployments of all instances. */
export class Deployments extends Courses {
  defaultPlan = ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS']
  #byId = new Map()

  get(id) {
    return this.#byId.get(id)
  }

  /** @param {Step[]} [plan] */
  start({ id, service, instance, lag, plan }) {
    const { environmentId } = instance
    const deployment = { id, service, instance, lag, deletedAt: null, projectId: service.projectId, environmentId }
    this.#byId.set(id, deployment)
    instance.deployments.push(deployment)
    this.begin(deployment, service, plan)
    return deployment
  }

  /** Returns the deployment as the API shows it, and moves it one step. */
  read(deployment) {
    const shown = { status: statusOf(deployment), stopped: isStopped(deployment) }
    this.advance(deployment)
    return shown
  }

  /** Ends a deployment outside its plan: it was removed with its instance, or its process has exited. */
  end(deployment, step = { status: 'REMOVED' }) {
    if (!isOver(deployment)) this.divert(deployment, step)
  }

  onArrival(deployment) {
    if (isOver(deployment)) this.world.processes.stop(deployment.id)
    else if (UP.has(statusOf(deployment))) {
      // The new deployment is up, and replaces the one before it.
      for (const other of deployment.instance.deployments) if (other !== deployment) this.end(other)
      this.world.onUp(deployment)
    }
  }
}

/**
 * Returns `deploymentStopped`, which is also true for a SUCCESS whose process has exited (docs/providers/railway.md).
 */
const isStopped = (deployment) => stepOf(deployment).deploymentStopped ?? OVER.has(statusOf(deployment))

const isOver = (deployment) => OVER.has(statusOf(deployment)) || isStopped(deployment)

/** Returns whether a deployment costs money: it starts, or is up. */
export const isBilled = (deployment) => !isOver(deployment)
