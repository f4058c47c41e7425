import { paginate } from './connections.mjs'

/**
 * Creates the schema's objects from the world's records. Fields that count as a read are functions, which graphql-js
 * calls only if they are selected.
 *
 * @param {import('./world.mjs').World} world
 * @param {{ pageSizeDefault: number, pageSizeMaximum: number }} sizes
 */
export function createPresenter(world, sizes) {
  /** @param {import('../shared/world.mjs').View} [view] */
  const dates = ({ createdAt, deletedAt }, view) => ({ createdAt, deletedAt: view === 'stale' ? null : deletedAt })

  /** Returns one page of the objects that this kind of read shows. */
  const list = (objects, kind, page, toView) => {
    const views = new Map(objects.map((object) => [object, world.observe(object, kind)]))
    const seen = objects.filter((object) => views.get(object) !== 'gone')
    return paginate(seen, page, sizes, (object) => toView(object, views.get(object)))
  }

  const project = (record, view) => ({
    id: record.id,
    name: record.name,
    ...dates(record, view),
    services: (page) => list(world.allServices(record.id), 'project.services', page, service),
    environments: (page) => environments(record, page),
  })

  // The list leaves out a deleted environment, even while `environment(id)` still shows it (docs/providers/railway.md).
  const environments = (record, page) =>
    paginate(record.environments.filter(({ deletedAt }) => !deletedAt), page, sizes, (entry) => environment(entry))

  const environment = (record, view) => ({
    id: record.id,
    name: record.name,
    projectId: record.projectId,
    ...dates(record, view),
    sourceEnvironment: () => record.sourceEnvironment && environment(world.environments.get(record.sourceEnvironment)),
    serviceInstances: (page) =>
      list(world.allInstances(record.id), 'environment.serviceInstances', page, serviceInstance),
  })

  const service = (record, view) => ({
    id: record.id,
    name: record.name,
    projectId: record.projectId,
    ...dates(record, view),
  })

  const serviceInstance = (record, view) => {
    const owner = world.services.get(record.serviceId)
    return {
      numReplicas: record.settings.numReplicas,
      startCommand: record.settings.startCommand,
      id: record.id,
      serviceId: record.serviceId,
      serviceName: owner.name,
      environmentId: record.environmentId,
      ...dates(record, view),
      source: record.image || record.repo ? { image: record.image, repo: record.repo } : null,
      service: () => service(owner, view),
      latestDeployment: (_args, context) => {
        const latest = record.deployments.at(-1)
        return latest && world.observe(latest, 'latestDeployment') !== 'gone' ? deployment(latest, context) : null
      },
    }
  }

  const deployment = (record, context) => {
    // One request is one read, however often it selects the deployment.
    if (!context.deploymentsRead.has(record)) context.deploymentsRead.set(record, world.deployments.read(record))
    const { status, stopped } = context.deploymentsRead.get(record)
    const url = record.instance.domains[0] ?? null
    const { id, environmentId, projectId } = record
    const ids = { id, serviceId: record.service.id, environmentId, projectId }
    return { ...ids, status, deploymentStopped: stopped, url, staticUrl: url }
  }

  return { project, environment, environments, service, serviceInstance, deployment }
}
