// Ours fits where the published @computesdk/provider asks for one of its own.
import type { InfraProvider as PublishedInfraProvider, DaemonConfig as PublishedDaemonConfig } from '@computesdk/provider'
import { railway } from '@computesdk/gateway'
import type {
  CreateOptions,
  DaemonConfig,
  InfraProvider,
  ProvisionedInstance,
  RailwayConfig,
  RailwayCreateOptions,
  RailwayInstance,
} from '@computesdk/gateway'

declare const ours: InfraProvider<RailwayInstance>
declare const oursWithOptions: InfraProvider<RailwayInstance, RailwayCreateOptions>
declare const config: RailwayConfig

export const byType: PublishedInfraProvider<RailwayInstance> = ours
export const byTypeWithOptions: PublishedInfraProvider<RailwayInstance> = oursWithOptions
export const byValue: PublishedInfraProvider<RailwayInstance> = railway(config)
export const untyped: PublishedInfraProvider = railway(config)

// As a value of a table of factories, which is how a gateway server picks one.
type Factory = (config: RailwayConfig) => PublishedInfraProvider
export const factories: Record<string, Factory> = { railway }

// Each member by itself, as a property: parameters of properties are compared more strictly than those of methods.
export const create: PublishedInfraProvider<RailwayInstance>['create'] = ours.create
export const getById: PublishedInfraProvider<RailwayInstance>['getById'] = ours.getById
export const list: PublishedInfraProvider<RailwayInstance>['list'] = ours.list
export const destroy: PublishedInfraProvider<RailwayInstance>['destroy'] = ours.destroy

// What their callers pass, we take; what we return, they understand.
type PublishedOptions = NonNullable<Parameters<PublishedInfraProvider['create']>[0]>
declare const publishedOptions: PublishedOptions
export const options: CreateOptions = publishedOptions
export const daemon: DaemonConfig = {} as PublishedDaemonConfig
export const result: Awaited<ReturnType<PublishedInfraProvider<RailwayInstance>['create']>> =
  {} as ProvisionedInstance<RailwayInstance>

// A provider of another kind is none of ours.
// @ts-expect-error the instance is not a Railway one
export const wrongInstance: PublishedInfraProvider<{ vmId: number }> = ours
// @ts-expect-error a method is missing
export const incomplete: InfraProvider<RailwayInstance> = { name: 'railway', create, getById, list }
