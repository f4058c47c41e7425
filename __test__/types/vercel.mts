// Vercel: its settings, the options that only it has, and what an instance tells.
import type { InfraProvider as PublishedInfraProvider } from '@computesdk/provider'
import { vercel } from '@computesdk/gateway'
import type { VercelConfig, VercelCreateOptions } from '@computesdk/gateway'

export async function documented(token: string, teamId: string, projectId: string) {
  const provider = vercel({ token, teamId, projectId, timeout: 45 * 60_000 })
  const { instance } = await provider.create({
    daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'https://gateway.computesdk.com' },
    waitUntilReady: true,
    ports: [18_080],
    vcpus: 4,
    region: 'fra1',
    image: 'team/project/repo:tag',
    installCommand: 'compute start',
    readyCommand: 'compute status',
  })
  const texts: string[] = [instance.name, instance.projectId, instance.teamId]
  const told: (string | undefined)[] = [instance.sessionId, instance.region]
  const vcpus: number | undefined = instance.vcpus
  const ports: number[] | undefined = instance.routes?.map(({ port }) => port)
  const urls: string[] | undefined = instance.routes?.map(({ url }) => url)
  return { texts, told, vcpus, ports, urls }
}

// Everything may come from one token that says where it is good.
export const claimed = vercel({ oidcToken: 'x.y.z' })

export const config: VercelConfig = {
  token: 'x',
  teamId: 'team_x',
  projectId: 'prj_x',
  oidcToken: 'x.y.z',
  image: 'vercel/sandbox/node:24',
  vcpus: 2,
  ports: [3000],
  region: 'iad1',
  timeout: 300_000,
  baseUrl: 'https://api.vercel.com',
  requestTimeoutMs: 5_000,
  maxRetries: 0,
}
export const options: VercelCreateOptions = { installCommand: false, name: 'box', timeout: 60_000 }

export async function refused() {
  const ours = vercel()
  // @ts-expect-error Railway's, not Vercel's
  vercel({ apiKey: 'x' })
  // @ts-expect-error a token is a string
  vercel({ token: 5 })
  // @ts-expect-error of a create, not of the factory
  vercel({ installCommand: 'compute start' })
  // @ts-expect-error a number of processors
  vercel({ vcpus: '2' })
  // @ts-expect-error ports are numbers
  await ours.create({ ports: ['3000'] })
  // @ts-expect-error a command, or none
  await ours.create({ installCommand: true })
  // @ts-expect-error the daemon cannot go without proof by being told so
  await ours.create({ readyCommand: false })
  // @ts-expect-error milliseconds are a number
  await ours.create({ timeout: '5m' })
  // @ts-expect-error Railway's, not Vercel's
  void (await ours.create()).instance.serviceId
  // @ts-expect-error an instance of Vercel is none of Railway
  const other: PublishedInfraProvider<{ serviceId: string }> = ours
  return other
}
