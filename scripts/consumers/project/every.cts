// The same from CommonJS.
import diagnosticsChannel = require('node:diagnostics_channel')

import gateway = require('@computesdk/gateway')

/** Holds one of each type. */
export interface EveryType {
  providerName: gateway.ProviderName
  infraProvider: gateway.InfraProvider<gateway.RailwayInstance, gateway.RailwayCreateOptions, 'railway'>
  provisionedInstance: gateway.ProvisionedInstance<gateway.RenderInstance>
  instanceStatus: gateway.InstanceStatus
  daemonConfig: gateway.DaemonConfig
  callOptions: gateway.CallOptions
  listOptions: gateway.ListOptions
  createOptions: gateway.CreateOptions
  sharedCreateOptions: gateway.SharedCreateOptions
  nameOption: gateway.NameOption
  idempotencyKeyOption: gateway.IdempotencyKeyOption
  providerSettings: gateway.ProviderSettings
  gatewayErrorCode: gateway.GatewayErrorCode
  gatewayError: gateway.GatewayError
  railwayConfig: gateway.RailwayConfig
  railwayInstance: gateway.RailwayInstance
  railwayCreateOptions: gateway.RailwayCreateOptions
  railwayOwnOptions: gateway.RailwayOwnOptions
  renderServiceType: gateway.RenderServiceType
  renderConfig: gateway.RenderConfig
  renderInstance: gateway.RenderInstance
  renderCreateOptions: gateway.RenderCreateOptions
  renderOwnOptions: gateway.RenderOwnOptions
  namespaceShape: gateway.NamespaceShape
  namespaceConfig: gateway.NamespaceConfig
  namespaceInstance: gateway.NamespaceInstance
  namespaceCreateOptions: gateway.NamespaceCreateOptions
  namespaceOwnOptions: gateway.NamespaceOwnOptions
  vercelShape: gateway.VercelShape
  vercelConfig: gateway.VercelConfig
  vercelInstance: gateway.VercelInstance
  vercelCreateOptions: gateway.VercelCreateOptions
  vercelOwnOptions: gateway.VercelOwnOptions
  dockerOptions: gateway.DockerOptions
  dockerConfig: gateway.DockerConfig
  dockerInstance: gateway.DockerInstance
  dockerCreateOptions: gateway.DockerCreateOptions
  callLocation: gateway.CallLocation
  callIdentity: gateway.CallIdentity
  callContext: gateway.CallContext
  requestRecord: gateway.RequestRecord
  requestEvent: gateway.RequestEvent
  retryEvent: gateway.RetryEvent
  reconcileEvent: gateway.ReconcileEvent
  rateLimitEvent: gateway.RateLimitEvent
  cleanupEvent: gateway.CleanupEvent
}

const events: string[] = []
diagnosticsChannel.subscribe(gateway.CHANNELS.request, (message) => {
  const { method, statusCode } = message as gateway.RequestEvent
  events.push(`${method} ${statusCode ?? 'without a response'}`)
})

/** The addresses and credentials of the fake servers. */
interface Configs {
  railway: gateway.RailwayConfig
  render: gateway.RenderConfig
  namespace: gateway.NamespaceConfig
  vercel: gateway.VercelConfig
  docker: gateway.DockerConfig
}

type Provider<T, O extends gateway.CreateOptions> = Pick<
  gateway.InfraProvider<T, O>,
  'name' | 'create' | 'getById' | 'list' | 'destroy'
>

async function roundTrip<T extends { status: gateway.InstanceStatus }, O extends gateway.CreateOptions>(
  provider: Provider<T, O>,
  options: O,
) {
  const { instanceId }: gateway.ProvisionedInstance<T> = await provider.create(options)
  const listed = await provider.list({ managed: true })
  if (!listed.some((entry) => entry.instanceId === instanceId)) throw new Error(`${provider.name}: it is not listed`)
  await provider.destroy(instanceId)
  // A machine needs some time to shut down.
  const left = await provider.getById(instanceId)
  if (left !== null && left.instance.status !== 'stopped') throw new Error(`${provider.name}: it is still there`)
}

async function main() {
  const configs = JSON.parse(process.env['CONFIGS'] ?? '{}') as Configs
  const daemonConfig: gateway.DaemonConfig = { accessToken: 'token_xxx' }
  await roundTrip(gateway.railway(configs.railway), { daemonConfig, idempotencyKey: 'every-export' })
  await roundTrip(gateway.render(configs.render), { serviceType: 'background_worker' })
  await roundTrip(gateway.namespace(configs.namespace), { daemonConfig, virtualCpu: 2 })
  await roundTrip(gateway.vercel(configs.vercel), { envs: { A: 'b' } })
  await roundTrip(gateway.docker(configs.docker), { memoryMegabytes: 64 })
  let code: gateway.GatewayErrorCode | undefined
  try {
    await gateway.render(configs.render).destroy('')
  } catch (error) {
    if (gateway.isGatewayError(error)) code = error.code
  }
  if (code !== 'INVALID_ARGUMENT' || events.length === 0) throw new Error(`${code}, ${events.length} events`)
  console.log('create, list, destroy at five providers, each export named')
}

void main()
