import { authorize } from './access.mjs'
import { fromText, notAuthorized, notFound, problem } from './errors.mjs'
import { createPresenter } from './present.mjs'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * One function per root field, for queries and mutations.
 *
 * @param {import('./world.mjs').World} world
 * @param {Required<import('./index.mjs').RailwayOptions>} options
 */
export function createResolvers(world, options) {
  const present = createPresenter(world, options)

  // Every function begins with one of these checks: the form of the ids, the token, then the objects of the ids.
  const enter = (context, ids, target) => {
    // No source has the reply to an id that is no UUID.
    if (ids.some((id) => id != null && !UUID.test(id))) throw problem()
    authorize(context.caller, target)
  }

  /** Returns a read's view of an object, and counts the read. */
  const viewOf = (object, kind, name) => {
    const view = object ? world.observe(object, kind) : 'gone'
    if (view === 'gone') throw notFound(name)
    return view
  }

  /** Returns an object that is there. */
  const live = (object, name) => {
    if (!object || object.deletedAt) throw notFound(name)
    return object
  }

  const checkedEnvironment = (id, projectId) => {
    const environment = world.environments.get(id)
    if (!environment) throw notFound('Environment')
    // No source says whether Railway checks the pair (docs/providers/railway.md).
    const mismatch = projectId != null && environment.projectId !== projectId
    if (mismatch && options.environmentProjectMismatch !== 'ignore') throw fromText(options.environmentProjectMismatch)
    return environment
  }

  const liveEnvironment = (id, projectId) => live(checkedEnvironment(id, projectId), 'Environment')

  const liveInstance = (context, serviceId, environmentId) => {
    enter(context, [serviceId, environmentId], { environmentId })
    return live(world.instance(serviceId, environmentId), 'ServiceInstance')
  }

  /** Returns the environments of a write: a fork alone, or by `rule` this one or all that are no forks. */
  const environmentsMeant = (projectId, environmentId, rule = 'instance') => {
    if (environmentId == null) return world.unforked(projectId)
    const environment = liveEnvironment(environmentId, projectId)
    return environment.sourceEnvironment || rule === 'instance' ? [environment] : world.unforked(projectId)
  }

  const instancesMeant = (service, environmentId, rule) =>
    environmentsMeant(service.projectId, environmentId, rule)
      .map(({ id }) => world.instance(service.id, id))
      .filter((instance) => instance && !instance.deletedAt)

  return {
    me(_args, context) {
      // A workspace or project token has no user.
      authorize(context.caller, { kinds: ['account'] })
      return { id: context.caller.id, name: 'Test User', email: 'user@example.com' }
    },

    projectToken(_args, context) {
      const { caller } = context
      if (!caller.refusal && caller.kind !== 'project') throw fromText('Project Token not found')
      authorize(caller)
      const { id, projectId, environmentId } = caller
      return { id, projectId, environmentId }
    },

    project({ id }, context) {
      enter(context, [id], { projectId: id })
      const project = world.projects.get(id)
      return present.project(project, viewOf(project, 'project', 'Project'))
    },

    // A project token may read the list of its project's environments; no source says what it may see of the others.
    environments({ projectId, ...page }, context) {
      enter(context, [projectId], { projectId })
      return present.environments(live(world.projects.get(projectId), 'Project'), page)
    },

    environment({ id, projectId }, context) {
      enter(context, [id, projectId], { projectId: projectId ?? undefined, environmentId: id })
      const environment = checkedEnvironment(id, projectId)
      return present.environment(environment, viewOf(environment, 'environment', 'Environment'))
    },

    service({ id }, context) {
      enter(context, [id])
      const service = world.services.get(id)
      const view = viewOf(service, 'service', 'Service')
      authorize(context.caller, { projectId: service.projectId })
      return present.service(service, view)
    },

    serviceInstance({ serviceId, environmentId }, context) {
      enter(context, [serviceId, environmentId], { environmentId })
      const instance = world.instance(serviceId, environmentId)
      return present.serviceInstance(instance, viewOf(instance, 'serviceInstance', 'ServiceInstance'))
    },

    deployment({ id }, context) {
      enter(context, [id])
      const deployment = world.deployments.get(id)
      if (!deployment) throw notFound('Deployment')
      authorize(context.caller, { projectId: deployment.projectId, environmentId: deployment.environmentId })
      return present.deployment(deployment, context)
    },

    variables({ projectId, environmentId, serviceId, unrendered }, context) {
      enter(context, [projectId, environmentId, serviceId], { projectId, environmentId })
      const environment = liveEnvironment(environmentId, projectId)
      const { variables } = serviceId == null ? environment : liveInstance(context, serviceId, environmentId)
      return unrendered ? variables : world.resolve(variables, environmentId)
    },

    serviceCreate({ input }, context) {
      const { projectId, environmentId, name, source, variables, registryCredentials } = input
      enter(context, [projectId, environmentId], { projectId, environmentId })
      live(world.projects.get(projectId), 'Project')
      // The environment of the request limits the service only if it is a fork.
      const environments = environmentsMeant(projectId, environmentId, 'schema')
      const request = { projectId, environments, name, ...source, variables, registryCredentials }
      return present.service(world.createService(request))
    },

    serviceDelete({ id, environmentId }, context) {
      enter(context, [id, environmentId], { environmentId })
      const service = world.services.get(id)
      // No source has the exact answer to a second deletion. It is never `false`.
      if (!service || service.deletedAt) throw fromText(options.doubleDelete)
      authorize(context.caller, { projectId: service.projectId, environmentId })
      if (!context.caller.canDelete) throw notAuthorized()
      if (environmentId == null) {
        world.deleteService(service)
        return true
      }
      const instances = instancesMeant(service, environmentId, options.scopedDelete)
      if (instances.length === 0) throw fromText(options.doubleDelete)
      for (const instance of instances) world.deleteInstance(instance)
      return true
    },

    // Without an instance in the environment it does nothing, and returns `true`, too.
    serviceInstanceUpdate({ serviceId, environmentId, input }, context) {
      enter(context, [serviceId, environmentId], { environmentId })
      const service = live(world.services.get(serviceId), 'Service')
      authorize(context.caller, { projectId: service.projectId })
      for (const instance of instancesMeant(service, environmentId)) world.updateInstance(instance, input)
      return true
    },

    serviceInstanceLimitsUpdate({ input: { serviceId, environmentId, memoryGB, vCPUs } }, context) {
      liveInstance(context, serviceId, environmentId).limits = { memoryGB: memoryGB ?? null, vCPUs: vCPUs ?? null }
      return true
    },

    serviceInstanceDeployV2({ serviceId, environmentId }, context) {
      return world.deploy(liveInstance(context, serviceId, environmentId)).id
    },

    variableCollectionUpsert({ input }, context) {
      const { projectId, environmentId, serviceId, variables, replace, skipDeploys } = input
      enter(context, [projectId, environmentId, serviceId], { projectId, environmentId })
      const environment = liveEnvironment(environmentId, projectId)
      const holder = serviceId == null ? environment : liveInstance(context, serviceId, environmentId)
      holder.variables = { ...(replace ? {} : holder.variables), ...variables }
      if (holder !== environment && !skipDeploys && holder.image) world.deploy(holder)
      return true
    },
  }
}
