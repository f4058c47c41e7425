import { statusOf } from '../shared/courses.mjs'
import { paginate } from './connections.mjs'

/** The state of a deployment's container; before it is up: INITIALIZING. */
const INSTANCE_STATUS = {
  SUCCESS: 'RUNNING',
  SLEEPING: 'STOPPED',
  CRASHED: 'CRASHED',
  FAILED: 'EXITED',
  REMOVING: 'REMOVING',
  REMOVED: 'REMOVED',
  SKIPPED: 'SKIPPED',
}

const instanceStatus = (status, stopped) =>
  status === 'SUCCESS' && stopped ? 'EXITED' : (INSTANCE_STATUS[status] ?? 'INITIALIZING')

/**
 * Creates the schema's objects from the world's records. Fields that count as a read are functions, which graphql-js
 * calls only if they are selected.
 *
 * @param {import('./world.mjs').World} world
 * @param {{ pageSizeDefault: number, pageSizeMaximum: number }} sizes
 */
export function createPresenter(world, sizes) {
  /** @param {import('../shared/visibility.mjs').View} [view] */
  const dates = ({ createdAt, updatedAt, deletedAt }, view) => ({
    createdAt,
    updatedAt,
    deletedAt: view === 'stale' ? null : deletedAt,
  })

  /** Returns one page of the objects that this kind of read shows. */
  const list = (objects, kind, page, toView) => {
    const views = new Map()
    for (const object of objects) {
      const view = world.observe(object, kind)
      if (view !== 'gone') views.set(object, view)
    }
    return paginate([...views.keys()], page, sizes, (object) => toView(object, views.get(object)))
  }

  const project = (record, view) => ({
    id: record.id,
    name: record.name,
    ...dates(record, view),
    workspaceId: null,
    primaryEnvironmentId: record.environments.find((entry) => !entry.deletedAt && !entry.isEphemeral)?.id ?? null,
    services: (page) => list(world.allServices(record.id), 'project.services', page, service),
    environments: (page) => environments(record, page),
  })

  // The list leaves out a deleted environment, even while `environment(id)` still shows it (docs/providers/railway.md).
  const environments = (record, { isEphemeral, ...page }) => {
    const wanted = record.environments.filter(
      (entry) => !entry.deletedAt && (isEphemeral == null || entry.isEphemeral === isEphemeral),
    )
    return paginate(wanted, page, sizes, (entry) => environment(entry))
  }

  const environment = (record, view) => ({
    id: record.id,
    name: record.name,
    projectId: record.projectId,
    isEphemeral: record.isEphemeral,
    canAccess: true,
    ...dates(record, view),
    sourceEnvironment: () => record.sourceEnvironment && environment(world.environments.get(record.sourceEnvironment)),
    serviceInstances: (page) =>
      list(world.allInstances(record.id), 'environment.serviceInstances', page, serviceInstance),
  })

  const service = (record, view) => ({
    id: record.id,
    name: record.name,
    projectId: record.projectId,
    icon: record.icon,
    isRestricted: false,
    ...dates(record, view),
    project: () => project(world.projects.get(record.projectId)),
  })

  const serviceInstance = (record, view) => {
    const owner = world.services.get(record.serviceId)
    const { multiRegionConfig, ...settings } = record.settings
    return {
      healthcheckTimeout: 300,
      restartPolicyType: 'ON_FAILURE',
      restartPolicyMaxRetries: 10,
      sleepApplication: false,
      ...settings,
      // With several regions the plain field reads null (docs/providers/railway.md).
      region: multiRegionConfig ? null : (settings.region ?? null),
      id: record.id,
      serviceId: record.serviceId,
      serviceName: owner.name,
      environmentId: record.environmentId,
      ...dates(record, view),
      isUpdatable: true,
      source: record.image || record.repo ? { image: record.image, repo: record.repo } : null,
      service: () => service(owner, view),
      latestDeployment: (_args, context) => {
        const latest = record.deployments.at(-1)
        return latest && world.observe(latest, 'latestDeployment') !== 'gone' ? deployment(latest, context) : null
      },
      activeDeployments: (_args, context) =>
        record.deployments.filter((entry) => statusOf(entry) === 'SUCCESS').map((entry) => deployment(entry, context)),
    }
  }

  const deployment = (record, context) => {
    // One request is one read, however often it selects the deployment.
    if (!context.deploymentsRead.has(record)) context.deploymentsRead.set(record, world.deployments.read(record))
    const { status, stopped, updatedAt } = context.deploymentsRead.get(record)
    const url = record.instance.domains[0] ?? null
    const { multiRegionConfig, startCommand } = record.instance.settings
    return {
      id: record.id,
      status,
      deploymentStopped: stopped,
      createdAt: record.createdAt,
      updatedAt,
      statusUpdatedAt: updatedAt,
      url,
      staticUrl: url,
      serviceId: record.service.id,
      environmentId: record.environmentId,
      projectId: record.projectId,
      meta: { image: record.image, serviceManifest: { deploy: { multiRegionConfig, startCommand } } },
      instances: [{ id: record.id, status: instanceStatus(status, stopped) }],
      canRedeploy: true,
      canRollback: false,
    }
  }

  return { project, environment, environments, service, serviceInstance, deployment }
}
