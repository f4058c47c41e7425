// What a gateway has to remember of a sandbox, and the interface of what remembers it.
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Account } from '../providers.ts'

/** Who asks, and with which account. */
export interface Caller extends Account {
  tenant: string
}

/** What a client asks for. */
export interface Wish {
  name?: string
  namespace?: string
  image?: string
  timeout?: number
  envs?: Record<string, string> | undefined
  metadata?: object
}

const text = { type: 'string', minLength: 1, maxLength: 256 }
const envs = { type: 'object', additionalProperties: { type: 'string' } }
const timeout = { type: 'integer', minimum: 1 }
/** The same, to check it by. What the client knows besides, such as overlays, is refused rather than forgotten. */
export const WISH = {
  type: 'object',
  properties: { name: text, namespace: text, image: text, timeout, envs, metadata: { type: 'object' } },
  additionalProperties: false,
}

/** Where a daemon is: the gateway that holds its connection, and the address at which that gateway reaches it. */
export interface Route {
  /** The address at which the other gateways reach that gateway; empty if there are no others. */
  gateway: string
  daemonUrl: string
}

/** From before it is asked for until it is surely gone. `config`, the credentials, is empty as long as it runs. */
export interface Sandbox extends Caller {
  /** The `idempotencyKey` of its create; in here, its name. */
  key: string
  /** One without a name is `creating`, with an `instanceId`, until its client is known to know of it. */
  phase: 'creating' | 'running' | 'removing'
  /** Without the variables once it runs. */
  wish: Wish
  /** The provider's id, which is the client's, too. */
  instanceId?: string
  /** Of the token by which the daemon says who it is. */
  tokenHash: string
  /** Once the daemon has dialled home, and until the route expires. Set by `setRoute` only. */
  route?: Route
}

/**
 * What a gateway remembers. Several gateways may share one state. The gateway that creates or removes a sandbox holds
 * the lease of its row. A lease that is not renewed runs out; then another gateway takes it and goes on with the work.
 */
export interface State {
  readonly leaseMilliseconds: number
  /**
   * Stores a sandbox and takes its lease. When this resolves, the row outlives a crash.
   *
   * @returns false if the key is taken
   */
  insert(sandbox: Sandbox): Promise<boolean>
  /** Takes the lease of a row. @returns undefined if there is no such row, or if its lease is held */
  lease(key: string): Promise<Sandbox | undefined>
  /**
   * Takes the leases of rows that do not run and have had no lease, and no release, for a lease's time.
   *
   * @param limit so many at most
   * @param except keys of rows that this gateway works at, or waits for
   */
  leaseUnsettled(limit: number, except: string[]): Promise<Sandbox[]>
  /** Renews every lease that was taken through this object. */
  renewLeases(): Promise<void>
  /** Gives a lease back. Without effect if it is not held. */
  release(key: string): Promise<void>
  /**
   * Changes a row whose lease is held. The phase `running` gives the lease back.
   *
   * @returns false, and changes nothing, if the lease was lost
   */
  update(key: string, changes: Partial<Omit<Sandbox, 'key' | 'route'>>): Promise<boolean>
  /** Changes a row that is `creating` and has an `instanceId` to `running`. Ends its lease, also another gateway's. */
  confirm(key: string, changes: ReturnType<typeof runningOf>): Promise<void>
  /** Deletes a row whose lease is held. Without effect if the lease was lost. */
  remove(key: string): Promise<void>
  /** @param where what all of these have in common */
  select(where: Partial<Omit<Sandbox, 'route'>>): Promise<Sandbox[]>
  /** Remembers for so long where the daemon of a sandbox is. Without effect if there is no such sandbox. */
  setRoute(key: string, route: Route, milliseconds: number): Promise<void>
  /** Takes or renews the lease of the reaper's job, which one gateway does at a time. @returns whether it is held */
  leaseReaper(): Promise<boolean>
  close(): Promise<void>
}

/** What changes when a sandbox runs: the credentials and the variables are no longer needed. */
export function runningOf({ wish: { image, timeout, envs, ...label } }: Pick<Sandbox, 'wish'>) {
  return { phase: 'running' as const, config: {}, wish: label as Wish }
}

export const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/** In constant time; of hashes, so that not even the length shows. */
export const isSame = (a: string, b: string) => timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)))

export const bearerIn = (headers: IncomingHttpHeaders) => headers.authorization?.replace(/^Bearer +/i, '').trim() ?? ''
export const tokenHashIn = (headers: IncomingHttpHeaders) => hashOf(bearerIn(headers))

/** The same for the same name, at every gateway. */
export function keyOf({ tenant, provider, place }: Caller, { namespace = 'default', name }: Wish): string {
  if (name === undefined) return randomUUID()
  return `name-${hashOf(JSON.stringify([tenant, provider, place, namespace, name]))}`
}

/**
 * A sandbox's access token. It follows from the key of its create: when two gateways create under one key at once, only
 * one token gets into the sandbox, and both have to hand out that one. Nor does any token have to be kept.
 */
export const tokenOf = (secret: string, { key }: Pick<Sandbox, 'key'>) =>
  createHmac('sha256', secret).update(key).digest('base64url')
