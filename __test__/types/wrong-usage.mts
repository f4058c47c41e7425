// What must not compile. Each line under a mark is an error of its own.
import { railway } from '@computesdk/gateway'
import type { InstanceStatus, RailwayInstance } from '@computesdk/gateway'

export function configuration() {
  // @ts-expect-error a key is a string
  railway({ apiKey: 5 })
  // @ts-expect-error misspelt
  railway({ apikey: 'key' })
  // @ts-expect-error milliseconds are a number
  railway({ requestTimeoutMs: '30s' })
  // @ts-expect-error Render's, not Railway's
  railway({ ownerId: 'tea-x' })
  // @ts-expect-error one configuration
  railway({}, {})
}

export async function calls() {
  const provider = railway()
  // @ts-expect-error an image is a string
  await provider.create({ image: 5 })
  // @ts-expect-error without a token the daemon can do nothing
  await provider.create({ daemonConfig: { gatewayUrl: 'https://gateway.computesdk.com' } })
  // @ts-expect-error values are strings
  await provider.create({ envs: { PORT: 8080 } })
  // @ts-expect-error a number of copies
  await provider.create({ numReplicas: '2' })
  // @ts-expect-error a signal, not its controller
  await provider.create({ signal: new AbortController() })
  // @ts-expect-error an id is needed
  await provider.getById()
  // @ts-expect-error an id is a string
  await provider.destroy(7)
  // @ts-expect-error yes or no
  await provider.list({ managed: 'yes' })
  // @ts-expect-error no such option of list
  await provider.list({ limit: 5 })
}

export async function results() {
  const provider = railway()
  const found = await provider.getById('id')
  // @ts-expect-error may be null
  void found.instanceId
  const created = await provider.create()
  // @ts-expect-error nothing of the kind
  void created.sandbox
  // @ts-expect-error not among the states
  const status: InstanceStatus = 'deleted'
  const url: string | undefined = created.instance.url
  // @ts-expect-error may be missing
  const surely: string = created.instance.url
  const instance: RailwayInstance = created.instance
  return { status, url, surely, instance }
}

export function members() {
  const provider = railway()
  // @ts-expect-error not a sandbox: the gateway server adds that
  void provider.runCode
  // @ts-expect-error its name is its own
  provider.name = 'render'
}
