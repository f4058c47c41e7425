// Namespace: its settings, the options that only it has, and what an instance tells.
import type { InfraProvider as PublishedInfraProvider } from '@computesdk/provider'
import { namespace } from '@computesdk/gateway'
import type { NamespaceConfig, NamespaceCreateOptions } from '@computesdk/gateway'

export async function documented(token: string) {
  const provider = namespace({ token, virtualCpu: 4, memoryMegabytes: 8192 })
  const { instance } = await provider.create({
    daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'https://gateway.computesdk.com' },
    timeout: 4 * 3_600_000,
    machineArch: 'arm64',
    exportPorts: [8080],
    labels: { team: 'blue' },
    args: ['--verbose'],
  })
  const id: string = instance.instanceId
  const told: (string | undefined)[] = [instance.name, instance.deadline]
  return { id, told }
}

// Regions are open: more of them are on request.
export const config: NamespaceConfig = {
  token: 'nsct_x',
  region: 'moon1',
  destroyReason: 'over',
  virtualCpu: 2,
  memoryMegabytes: 4096,
  machineArch: 'amd64',
  os: 'linux',
  documentedPurpose: 'sandbox',
  timeout: 3_600_000,
  baseUrl: 'https://proxy.example.com/namespace',
  requestTimeoutMs: 5_000,
  maxRetries: 0,
}
export const options: NamespaceCreateOptions = { image: 'x', os: 'macos', documentedPurpose: 'x', name: 'box' }

export async function refused() {
  const ours = namespace()
  // @ts-expect-error Render's, not Namespace's
  namespace({ ownerId: 'tea-x' })
  // @ts-expect-error a token is a string
  namespace({ token: 5 })
  // @ts-expect-error a number of processors
  namespace({ virtualCpu: '2' })
  // @ts-expect-error no such machine
  namespace({ machineArch: 'x86_64' })
  // @ts-expect-error labels are an object, not a list
  await ours.create({ labels: [{ name: 'team', value: 'blue' }] })
  // @ts-expect-error a value is a string
  await ours.create({ labels: { team: 5 } })
  // @ts-expect-error ports are numbers
  await ours.create({ exportPorts: ['8080'] })
  // @ts-expect-error milliseconds are a number
  await ours.create({ timeout: '1h' })
  // @ts-expect-error Railway's, not Namespace's
  void (await ours.create()).instance.serviceId
  // @ts-expect-error an instance of Namespace is none of Railway
  const other: PublishedInfraProvider<{ projectId: string }> = ours
  return other
}
