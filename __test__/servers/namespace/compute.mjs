// The methods of the ComputeService (docs/providers/namespace.md).
import { isDeepStrictEqual } from 'node:util'

import { toJson } from '@bufbuild/protobuf'
import { createContextKey } from '@connectrpc/connect'

import { destroyed, failure, invalidArgument, notFound } from './errors.mjs'
import { page } from './listing.mjs'
import { presentInstance, presentMetadata } from './present.mjs'
import { checkLimits, readCreate } from './requests.mjs'
import { message } from './schema.mjs'

/** The context's key for the caller. */
export const CALLER = createContextKey(undefined)
/** The context's key for the regional endpoint. */
export const REGION = createContextKey(undefined)

const CREATE = message('CreateInstanceRequest')

/**
 * @param {import('./world.mjs').World} world
 * @param {object} settings of the server, read at each call
 */
export function createMethods(world, settings) {
  /** Returns an instance and the read's view of it. Instances of another workspace or region are not found. */
  function find(instanceId, kind, { values }) {
    const { workspaceId } = values.get(CALLER)
    if (instanceId === '') throw invalidArgument('instance_id')
    const instance = world.get(instanceId)
    const isHere = instance?.workspaceId === workspaceId && instance.region === values.get(REGION)
    const view = isHere ? world.see(instance, kind) : undefined
    if (!view) throw notFound(instanceId)
    return { instance, view }
  }

  function createInstance(request, { values }) {
    const { workspaceId, actorId } = values.get(CALLER)
    const asked = readCreate(request, settings, world.now())
    const fields = { ...asked, workspaceId, region: values.get(REGION), creatorId: actorId }
    const body = toJson(CREATE, request)
    const holder = settings.uniqueTags && fields.uniqueTag && world.holderOf(fields)
    if (holder && mayBeReused(holder, body)) return presentInstance(holder)
    const workspace = world.workspaces.get(workspaceId)
    checkLimits(workspace, () => world.liveInstances(workspace), fields.shape)
    return presentInstance(world.create({ ...fields, body }))
  }

  /** Returns a create's answer if its tag is in use. The source shows only a running instance and the same body. */
  function mayBeReused(holder, body) {
    if (holder.status === 'DESTROYING') {
      if (settings.destroyingHolder === 'refuse') throw failure('failed_precondition', 'unique_tag is being released')
      return settings.destroyingHolder === 'reuse'
    }
    if (!isDeepStrictEqual(holder.body, body) && settings.otherBody === 'refuse') {
      throw failure('already_exists', 'unique_tag is held by an instance of another shape')
    }
    return true
  }

  function describeInstance({ instanceId }, context) {
    const { instance, view } = find(instanceId, 'describe', context)
    const answer = presentInstance(instance, view)
    if (view.status === instance.status) world.moveOn(instance)
    return answer
  }

  function listInstances(request, { values }) {
    const instances = world
      .allInstances(values.get(CALLER).workspaceId)
      .filter(({ region }) => settings.listAllRegions || region === values.get(REGION))
    const { entries, paginationCursor } = page(instances, request, settings, (instance) => world.see(instance, 'list'))
    return {
      instances: entries.map(({ instance, view }) => presentMetadata(instance, view)),
      ...(paginationCursor && { paginationCursor }),
    }
  }

  function destroyInstance({ instanceId, reason }, context) {
    const { instance } = find(instanceId, 'destroy', context)
    const { id, status } = instance
    if (status === 'DESTROYED' || (status === 'DESTROYING' && settings.destroyDying === 'refuse')) {
      throw settings.destroyDead === 'not_found' ? notFound(id) : destroyed(id)
    }
    world.destroy(instance, reason)
    return {}
  }

  /** Waits until the instance is up. It reads repeatedly, because a plan may move with each read. */
  async function waitInstanceSync({ instanceId, destroyedOk, containerId, containerName }, context) {
    const { instance } = find(instanceId, 'describe', context)
    const isMeant = ({ id, name }) => [id, ''].includes(containerId) && [name, ''].includes(containerName)
    if ((containerId || containerName) && !instance.containers.some(isMeant)) throw invalidArgument('no such container')
    for (;;) {
      const { status } = world.get(instanceId)
      if (status === 'RUNNING') break
      if (status === 'ERROR') throw failure('internal', 'the instance has failed')
      if (status === 'DESTROYED' || status === 'DESTROYING') {
        if (!destroyedOk) throw destroyed(instanceId)
        return { metadata: presentMetadata(instance) }
      }
      if (!world.moveOn(instance)) await world.changed(instance, context.signal)
    }
    // No value of `container_status` is on record.
    return { metadata: presentMetadata(instance, { status: 'RUNNING' }), containerStatus: 'running' }
  }

  return { createInstance, describeInstance, listInstances, destroyInstance, waitInstanceSync }
}
