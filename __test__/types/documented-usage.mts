// What upstream documents, unchanged.
import { railway } from '@computesdk/gateway'

declare const apiKey: string
declare const projectId: string
declare const environmentId: string

export async function documented() {
  const provider = railway({ apiKey, projectId, environmentId })
  const { instance, instanceId } = await provider.create({
    daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'https://gateway.computesdk.com' },
  })
  const id: string = instanceId
  const service: string = instance.serviceId
  const found = await provider.getById(instanceId)
  if (found !== null) {
    const name: string | undefined = found.instance.name
    void name
  }
  for (const entry of await provider.list()) {
    const { serviceId, projectId, environmentId } = entry.instance
    void [serviceId, projectId, environmentId]
  }
  const nothing: void = await provider.destroy(instanceId)
  void [id, service, nothing]
}

// A factory is synchronous, so both ways of calling it give the same.
export async function awaited() {
  const provider = await railway({ apiKey, projectId, environmentId })
  return provider.list()
}

// Everything may come from the environment, and methods work when detached.
export async function detached() {
  const { name, create, getById, list, destroy } = railway()
  const title: string = name
  const { instanceId } = await create()
  await getById(instanceId)
  await list({ managed: true })
  await destroy(instanceId)
  return title
}
