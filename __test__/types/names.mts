// The names of providers tell them apart, and fit where a provider was taken before it had one.
import { namespace, railway, render, vercel } from '@computesdk/gateway'
import type * as gateway from '@computesdk/gateway'
import type { CreateOptions, InfraProvider, RailwayCreateOptions, RailwayInstance } from '@computesdk/gateway'

// One of all five is told by its name.
type AnyProvider = ReturnType<(typeof gateway)[gateway.ProviderName]>
export async function own(provider: AnyProvider): Promise<string | undefined> {
  switch (provider.name) {
    case 'railway':
      return (await provider.create({ numReplicas: 2 })).instance.environmentId
    case 'render':
      return (await provider.create({ plan: 'free' })).instance.ownerId
    case 'namespace':
      return (await provider.create({ timeout: 60_000 })).instance.deadline
    case 'vercel':
      return (await provider.create({ timeout: 60_000 })).instance.sessionId
    case 'docker':
      return (await provider.create({ network: 'none' })).instance.deadline
    default: {
      const none: never = provider
      return none
    }
  }
}

// Names and types from before there was one for the name still fit.
export const plain: InfraProvider<RailwayInstance> = railway()
export const withOptions: InfraProvider<RailwayInstance, RailwayCreateOptions> = railway()
export const list: InfraProvider[] = [railway(), render(), namespace(), vercel()]

// A name or a key, chosen at run time; options that a caller has put together.
export async function chosen(name: string | undefined, key: string, options: CreateOptions) {
  await railway().create(options)
  await railway().create(name === undefined ? { idempotencyKey: key } : { name })
  await railway().create({ image: 'x', ...(name === undefined ? { idempotencyKey: key } : { name }) })
  await railway().create({ name: undefined, idempotencyKey: key })
  await railway().create({ name, idempotencyKey: undefined })
  const own: RailwayCreateOptions = { ...options, numReplicas: 2 }
  await withOptions.create({ ...own, image: 'y' })
  // What is no literal may hold more: gateways pass on what they were given.
  const more = { image: 'x', templateId: 'y' }
  await railway().create(more)
}
