// A small importer of 0.3.24: it knows nothing that is newer. It compiles against the types of this package as it stands,
// and migration.test.mjs runs it. What no longer compiles stands below it, and in docs/migration-from-0.3.24.md.
import { namespace, railway, render } from '@computesdk/gateway'
import type {
  DaemonConfig,
  InfraProvider,
  NamespaceConfig,
  NamespaceInstance,
  RailwayConfig,
  RailwayInstance,
  RenderConfig,
  RenderInstance,
} from '@computesdk/gateway'

type Instance = RailwayInstance | RenderInstance | NamespaceInstance

interface Configs {
  railway: RailwayConfig
  render: RenderConfig
  namespace: NamespaceConfig
}

const factories: { [Name in keyof Configs]: (config: Configs[Name]) => InfraProvider<Instance> } = {
  railway,
  render,
  namespace,
}

interface Box {
  id: string
  place: string
}

/** What a gateway server kept of an instance: its id and where it is. */
function describe(instance: Instance): string {
  if ('projectId' in instance) return `${instance.projectId}/${instance.environmentId}/${instance.serviceId}`
  if ('ownerId' in instance) return `${instance.ownerId}/${instance.serviceId}`
  return instance.instanceId
}

export class Boxes {
  private readonly provider: InfraProvider<Instance>

  constructor(kind: keyof Configs, config: Configs[keyof Configs] = {}) {
    const factory = factories[kind] as (config: Configs[keyof Configs]) => InfraProvider<Instance>
    this.provider = factory(config)
  }

  get kind(): string {
    return this.provider.name
  }

  async start(daemonConfig: DaemonConfig, image?: string): Promise<Box> {
    const options = image === undefined ? { daemonConfig } : { daemonConfig, image }
    const { instance, instanceId } = await this.provider.create(options)
    return { id: instanceId, place: describe(instance) }
  }

  async find(id: string): Promise<Box | undefined> {
    const found = await this.provider.getById(id)
    return found === null ? undefined : { id: found.instanceId, place: describe(found.instance) }
  }

  async all(): Promise<string[]> {
    const { list } = this.provider
    return (await list()).map(({ instanceId }) => instanceId)
  }

  /** 0.3.24 resolved in any case; an importer that told a failure by its message still can. */
  async stop(id: string): Promise<string | undefined> {
    try {
      await this.provider.destroy(id)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

// What compiled with 0.3.24.

// @ts-expect-error an option that the provider does not know, in an object literal
export const unknownOption = (): unknown => railway({}).create({ timeout: 60_000, metadata: {} })

// As a variable it compiles, and is ignored as before.
const options = { timeout: 60_000, metadata: {}, daemonConfig: { accessToken: 'token_xxx' } }
export const ignoredOptions = (): unknown => railway({}).create(options)

// @ts-expect-error an instance has `status` and `managed`, too
export const instance: RailwayInstance = { serviceId: 'a', projectId: 'b', environmentId: 'c' }

// @ts-expect-error without a type argument the instance is `unknown`; it was `any`
export const untyped = async (provider: InfraProvider): Promise<string> => (await provider.create()).instance.serviceId

// @ts-expect-error a Namespace instance that this package did not make has no name
export const nameOf = (made: NamespaceInstance): string => made.name

// @ts-expect-error of `machineArch` and `os` the types know the values
export const shapeOf = (machineArch: string): NamespaceConfig => ({ machineArch })

// @ts-expect-error a provider has the name of a factory, so a mock needs one of these
export const name: InfraProvider['name'] = 'mock'
