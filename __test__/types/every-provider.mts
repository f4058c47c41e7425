// Checks in types that all providers, also one that is added, have the same shape.
import type { InfraProvider as PublishedInfraProvider } from '@computesdk/provider'
import * as gateway from '@computesdk/gateway'
import type {
  CreateOptions,
  GatewayError,
  InfraProvider,
  InstanceStatus,
  ProviderName,
  ProvisionedInstance,
} from '@computesdk/gateway'

/** Whether two types are one; also tells `any` from all others. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Whether it is so for each: `boolean` is what a union of both answers is. */
type Each<Answers extends Record<ProviderName, boolean>> = Same<Answers[ProviderName], true>

type Providers = { [Name in ProviderName]: ReturnType<(typeof gateway)[Name]> }
type Instances = { [Name in ProviderName]: Awaited<ReturnType<Providers[Name]['create']>>['instance'] }

/** The names of all factories: one that is added without its name fails here. */
type Exports = typeof gateway
type Factory = { [Key in keyof Exports]: Exports[Key] extends () => InfraProvider ? Key : never }[keyof Exports]
export const ofFactories: Same<Factory, ProviderName> = true
export const ofErrors: Same<GatewayError['provider'], ProviderName> = true
export const ofAny: Same<InfraProvider['name'], ProviderName> = true
export const own: Each<{ [Name in ProviderName]: Same<Providers[Name]['name'], Name> }> = true

export const status: Each<{ [Name in ProviderName]: Same<Instances[Name]['status'], InstanceStatus> }> = true
export const managed: Each<{ [Name in ProviderName]: Same<Instances[Name]['managed'], boolean> }> = true
export const url: Each<{ [Name in ProviderName]: Same<Instances[Name]['url'], string | undefined> }> = true
export const createdAt: Each<{ [Name in ProviderName]: Same<Instances[Name]['createdAt'], string | undefined> }> = true

type Options = Parameters<Providers[ProviderName]['create']>[0]
export const shared = (options: Options): CreateOptions | undefined => options

type Found<T> = Promise<ProvisionedInstance<T> | null>
export const found = <T,>({ getById }: InfraProvider<T>, id: string): Found<T> => getById(id)

/** The providers in whose place it fits where the published package asks for one: its own, and no other. */
type FitsAs<Own extends ProviderName> = {
  [Name in ProviderName]: Providers[Own] extends PublishedInfraProvider<Instances[Name]> ? Name : never
}[ProviderName]
export const published: Each<{ [Name in ProviderName]: Same<FitsAs<Name>, Name> }> = true
