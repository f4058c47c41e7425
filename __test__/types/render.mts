// Render: its settings, the options that only it has, and what an instance tells.
import type { InfraProvider as PublishedInfraProvider } from '@computesdk/provider'
import { render } from '@computesdk/gateway'
import type { RenderConfig, RenderCreateOptions, RenderServiceType } from '@computesdk/gateway'

export async function documented(apiKey: string, ownerId: string) {
  const provider = render({ apiKey, ownerId, serviceType: 'background_worker', plan: 'starter' })
  const { instance } = await provider.create({
    daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'https://gateway.computesdk.com' },
    region: 'frankfurt',
    numInstances: 2,
    dockerCommand: 'daemon',
    registryCredentialId: 'rgc-x',
    environmentId: 'evm-x',
  })
  const own: [string, string] = [instance.serviceId, instance.ownerId]
  const told: (string | undefined)[] = [instance.name, instance.type, instance.plan, instance.region]
  return { own, told }
}

// Plans and regions are open: Render adds to both.
export const config: RenderConfig = {
  apiKey: 'key',
  ownerId: 'tea-x',
  serviceType: 'private_service',
  plan: '96c-1t',
  region: 'moon',
  registryCredentialId: 'rgc-x',
  baseUrl: 'https://proxy.example.com/v1',
  requestTimeoutMs: 5_000,
  maxRetries: 0,
}
export const options: RenderCreateOptions = { serviceType: 'web_service', healthCheckPath: '/', plan: 'free' }
export const types: RenderServiceType[] = ['web_service', 'private_service', 'background_worker']

export async function refused() {
  const ours = render()
  // @ts-expect-error Railway's, not Render's
  render({ projectId: 'p' })
  // @ts-expect-error no job is made
  render({ serviceType: 'cron_job' })
  // @ts-expect-error an id is a string
  render({ ownerId: 5 })
  // @ts-expect-error a number of copies
  await ours.create({ numInstances: '2' })
  // @ts-expect-error no site is made
  await ours.create({ serviceType: 'static_site' })
  // @ts-expect-error Railway's, not Render's
  void (await ours.create()).instance.projectId
  // @ts-expect-error an instance of Render is none of Railway
  const other: PublishedInfraProvider<{ projectId: string }> = ours
  return other
}
