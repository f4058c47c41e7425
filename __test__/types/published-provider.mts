// Ours fits where the published @computesdk/provider asks for one of its own; that each does: every-provider.mts.
import type { InfraProvider as PublishedInfraProvider, DaemonConfig as PublishedDaemonConfig } from '@computesdk/provider'
import { docker, namespace, railway, render, vercel } from '@computesdk/gateway'
import type * as gateway from '@computesdk/gateway'
import type { CreateOptions, DaemonConfig, InfraProvider, ProvisionedInstance, RailwayInstance } from '@computesdk/gateway'

interface Ours {
  railway: InfraProvider<RailwayInstance, gateway.RailwayCreateOptions>
  render: InfraProvider<gateway.RenderInstance, gateway.RenderCreateOptions>
  namespace: InfraProvider<gateway.NamespaceInstance, gateway.NamespaceCreateOptions>
  vercel: InfraProvider<gateway.VercelInstance, gateway.VercelCreateOptions>
  docker: InfraProvider<gateway.DockerInstance, gateway.DockerCreateOptions>
}
declare const ours: InfraProvider<RailwayInstance>

// Everything may come from the environment.
const made = { railway: railway(), render: render(), namespace: namespace(), vercel: vercel(), docker: docker() }
export const all: Ours = made
export const untyped: PublishedInfraProvider[] = Object.values(all)

// As a value of a table of factories, which is how a gateway server picks one.
type Factory = (config: gateway.RailwayConfig) => PublishedInfraProvider
export const factories: Record<string, Factory> = { railway }

// Each member by itself, as a property: parameters of properties are compared more strictly than those of methods.
export function members<T, O extends CreateOptions>(
  { name, create }: InfraProvider<T>,
  { getById, list, destroy }: InfraProvider<T, O>,
): PublishedInfraProvider<T> {
  return { name, create, getById, list, destroy }
}

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
export const incomplete: InfraProvider<RailwayInstance> = { name: 'railway', create: ours.create, getById: ours.getById, list: ours.list }
