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

/** From before it is asked for until it is surely gone. `config`, the credentials, is empty as long as it runs. */
export interface Sandbox extends Caller {
  /** The `idempotencyKey` of its create; in here, its name. */
  key: string
  phase: 'creating' | 'running' | 'removing'
  /** Without the variables once it runs. */
  wish: Wish
  /** The provider's id, which is the client's, too. */
  instanceId?: string
  /** Of the token by which the daemon says who it is. */
  tokenHash: string
  /** Where the daemon is, once it has dialled home. */
  daemonUrl?: string
}

/** A state belongs to one gateway: when that starts, it settles what it finds unsettled. */
export interface State {
  /** When this resolves, it outlives a crash. Replaces what has the same key. */
  insert(sandbox: Sandbox): Promise<void>
  update(key: string, changes: Partial<Sandbox>): Promise<void>
  remove(key: string): Promise<void>
  /** @param where what all of these have in common */
  select(where: Partial<Sandbox>): Promise<Sandbox[]>
  close(): Promise<void>
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
