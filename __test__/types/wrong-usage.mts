// What must not compile. Each line under a mark is an error of its own.
import { namespace, railway, render, vercel } from '@computesdk/gateway'
import type { CreateOptions, InstanceStatus, RailwayCreateOptions, RailwayInstance } from '@computesdk/gateway'

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

export async function unknownOptions() {
  // @ts-expect-error it is `envs`
  await railway().create({ env: { A: '1' } })
  // @ts-expect-error it is `envs`
  await render().create({ env: { A: '1' } })
  // @ts-expect-error it is `envs`
  await namespace().create({ env: { A: '1' } })
  // @ts-expect-error it is `envs`
  await vercel().create({ env: { A: '1' } })
  // @ts-expect-error it is `env` in here
  await railway().create({ daemonConfig: { accessToken: 'x', envs: { A: '1' } } })
  // @ts-expect-error it is `env` in here
  await vercel().create({ name: 'box', daemonConfig: { accessToken: 'x', envs: { A: '1' } } })
  // @ts-expect-error misspelt
  await railway().create({ idempotencykey: 'key' })
  // @ts-expect-error Render's, not Railway's
  await railway().create({ plan: 'free' })
  // @ts-expect-error a Railway service ends with its destroy alone
  await railway().create({ timeout: 60_000 })
  // @ts-expect-error nothing besides a signal
  await railway().getById('id', { managed: true })
  // @ts-expect-error nothing besides a signal
  await railway().destroy('id', { force: true })
  // @ts-expect-error it is `envs`
  const options: CreateOptions = { env: {} }
  // @ts-expect-error it is `envs`
  const ofRailway: RailwayCreateOptions = { env: {}, numReplicas: 2 }
  return { options, ofRailway }
}

export async function nameAndKey(name: string, idempotencyKey: string) {
  // @ts-expect-error one of them
  await railway().create({ name, idempotencyKey })
  // @ts-expect-error one of them
  await render().create({ name, idempotencyKey, plan: 'free' })
  // @ts-expect-error one of them
  await namespace().create({ name, idempotencyKey, os: 'linux' })
  // @ts-expect-error one of them
  await vercel().create({ name, idempotencyKey, vcpus: 2 })
  // @ts-expect-error one of them
  const options: CreateOptions = { name, idempotencyKey }
  // @ts-expect-error one of them
  const ofRailway: RailwayCreateOptions = { name, idempotencyKey, numReplicas: 2 }
  return { options, ofRailway }
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
  // @ts-expect-error and it is this one
  return provider.name === 'render'
}

// @ts-expect-error no user needs what napi-rs declares of its loader
export type { __napiBindingTarget } from '@computesdk/gateway'
