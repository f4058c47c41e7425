// Uses every value that is exported, at fake servers. check-consumers compares the names with those of index.d.ts.
import { subscribe } from 'node:diagnostics_channel'

import { CHANNELS, docker, isGatewayError, namespace, railway, render, vercel } from '@computesdk/gateway'
import type {
  CreateOptions,
  DaemonConfig,
  DockerConfig,
  GatewayErrorCode,
  InfraProvider,
  InstanceStatus,
  NamespaceConfig,
  ProvisionedInstance,
  RailwayConfig,
  RenderConfig,
  RequestEvent,
  VercelConfig,
} from '@computesdk/gateway'

const events: string[] = []
subscribe(CHANNELS.request, (message) => {
  const { method, statusCode } = message as RequestEvent
  events.push(`${method} ${statusCode ?? 'without a response'}`)
})

/** The addresses and credentials of the fake servers. */
interface Configs {
  railway: RailwayConfig
  render: RenderConfig
  namespace: NamespaceConfig
  vercel: VercelConfig
  docker: DockerConfig
}

type Provider<T, O extends CreateOptions> = Pick<
  InfraProvider<T, O>,
  'name' | 'create' | 'getById' | 'list' | 'destroy'
>

async function roundTrip<T extends { status: InstanceStatus }, O extends CreateOptions>(
  provider: Provider<T, O>,
  options: O,
) {
  const { instanceId }: ProvisionedInstance<T> = await provider.create(options)
  const listed = await provider.list({ managed: true })
  if (!listed.some((entry) => entry.instanceId === instanceId)) throw new Error(`${provider.name}: it is not listed`)
  await provider.destroy(instanceId)
  // A machine needs some time to shut down.
  const left = await provider.getById(instanceId)
  if (left !== null && left.instance.status !== 'stopped') throw new Error(`${provider.name}: it is still there`)
}

async function main() {
  const configs = JSON.parse(process.env['CONFIGS'] ?? '{}') as Configs
  const daemonConfig: DaemonConfig = { accessToken: 'token_xxx' }
  await roundTrip(railway(configs.railway), { daemonConfig, idempotencyKey: 'every-export' })
  await roundTrip(render(configs.render), { serviceType: 'background_worker' })
  await roundTrip(namespace(configs.namespace), { daemonConfig, virtualCpu: 2 })
  await roundTrip(vercel(configs.vercel), { envs: { A: 'b' } })
  await roundTrip(docker(configs.docker), { memoryMegabytes: 64 })
  let code: GatewayErrorCode | undefined
  try {
    await render(configs.render).destroy('')
  } catch (error) {
    if (isGatewayError(error)) code = error.code
  }
  if (code !== 'INVALID_ARGUMENT' || events.length === 0) throw new Error(`${code}, ${events.length} events`)
  console.log('create, list, destroy at five providers')
}

void main()
