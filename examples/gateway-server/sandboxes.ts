// The life of sandboxes. Each is written down before it is asked for, with the key of its create: whatever happens in
// between, the same key settles it. The gateway that creates or removes one holds the lease of its row, so that two
// gateways with one state do not work at the same sandbox.
import { setTimeout as sleep } from 'node:timers/promises'
import { isGatewayError } from '@computesdk/gateway'
import type { FastifyBaseLogger } from 'fastify'
import { Refusal } from './errors.ts'
import { providerOf, type Settings } from './providers.ts'
import { type Caller, hashOf, keyOf, runningOf, type Sandbox, type State, tokenOf, type Wish } from './state/sandbox.ts'

/** Leases are renewed, and abandoned rows looked for, so many times in a lease's time. */
const ROUNDS_PER_LEASE = 3
/** So many abandoned rows at a time. */
const BATCH = 50
/** How often to look whether another gateway has given a lease back. */
const LOOK_MILLISECONDS = 200
/** For so long after an abort the package may still be removing what it has made (docs/reliability.md). */
const CLEANUP_MILLISECONDS = 20 * 60_000
interface Means { state: State; secret: string; settings: Settings; gatewayUrl: () => string; log: FastifyBaseLogger }
export function createSandboxes({ state, secret, settings, gatewayUrl, log }: Means) {
  const at = (caller: Caller) => providerOf(caller, settings)
  const one = async (where: Parameters<State['select']>[0]) => (await state.select(where))[0]
  const turns = new Map<string, Promise<unknown>>()

  /** In this gateway, what concerns one sandbox happens one after the other. */
  function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work)
    turns.set(key, turn)
    return turn.finally(() => turns.get(key) === turn && turns.delete(key))
  }

  const intentOf = (caller: Caller, wish: Wish, key: string): Sandbox =>
    ({ ...caller, key, wish, tokenHash: hashOf(tokenOf(secret, { key })), phase: 'creating' })

  /**
   * Creates what a row whose lease is held asks for. What may have been made stays written down, for the next sweep.
   *
   * @param isRepeat whether an earlier create under this key may have made something
   */
  async function make(sandbox: Sandbox, isRepeat: boolean, signal?: AbortSignal): Promise<Sandbox> {
    const { key, wish } = sandbox
    const { image, timeout, envs: env } = wish
    const daemonConfig = { accessToken: tokenOf(secret, sandbox), gatewayUrl: gatewayUrl(), env }
    const options = { image, timeout, daemonConfig, idempotencyKey: key, signal }
    try {
      if (isRepeat) await state.update(key, { wish, config: sandbox.config })
      const { instanceId } = await at(sandbox).create(options)
      const running = { instanceId, ...runningOf(sandbox) }
      // One without a name runs when its client knows of it. If this gateway ends before, another one removes it.
      if (!(await state.update(key, wish.name ? running : { instanceId }))) await makeSure(sandbox, instanceId)
      log.info({ tenant: sandbox.tenant, provider: sandbox.provider, sandbox: instanceId }, 'created')
      return { ...sandbox, ...running }
    } catch (error) {
      await giveUp(sandbox, isRepeat, error).catch((also) => log.warn({ err: also }, 'not written down'))
      throw error
    }
  }

  async function giveUp({ key, wish }: Sandbox, isRepeat: boolean, error: unknown): Promise<void> {
    const { code, instanceId } = isGatewayError(error) ? error : { code: 'INTERNAL', instanceId: undefined }
    if (code === 'ABORTED') {
      // The lease is kept meanwhile. If this gateway ends before, another one takes it, and removes what is there.
      setTimeout(() => state.remove(key).catch(() => {}), CLEANUP_MILLISECONDS).unref()
      return
    }
    const isBroken = instanceId && (!wish.name || (isRepeat && code === 'PROVISION_FAILED'))
    const isUnknown = isRepeat || code === 'OUTCOME_UNKNOWN' || code === 'INTERNAL'
    try {
      if (isBroken) await state.update(key, { phase: 'removing', instanceId })
      else if (!isUnknown) await state.remove(key)
    } finally {
      await state.release(key)
    }
  }

  /**
   * Looks at the row after the lease was lost, or the answer to the last statement. Resolves if the row holds what was
   * made, which then is handed out. Otherwise removes what was made, and rejects.
   */
  async function makeSure(intent: Sandbox, instanceId: string): Promise<void> {
    const known = await one({ key: intent.key })
    if (known?.phase === 'running' && known.instanceId === instanceId) return
    // Another gateway may have removed the row before the provider made this. If it is there, that gateway goes on.
    const stray = { ...intent, phase: 'removing', instanceId } as const
    if (!known && (await state.insert(stray))) await destroy(stray)
    else if (known?.phase === 'running') await at(intent).destroy(instanceId)
    throw new Refusal(503, 'UNAVAILABLE', 'Another gateway has ended this create.')
  }

  /** Destroys what a row whose lease is held has made, and forgets it. What has failed, the next sweep tries again. */
  async function destroy(sandbox: Sandbox): Promise<void> {
    const { key, tenant, provider, config, wish } = sandbox
    try {
      // The key gives what a create that was cut off has made; if that is nothing, something to destroy.
      const again = { image: wish.image, idempotencyKey: key }
      const { instanceId = (await at(sandbox).create(again)).instanceId } = sandbox
      const isOurs = await state.update(key, { phase: 'removing', instanceId, config })
      // Without the lease, another gateway removes it. If the row is gone already, `create` may have made it again.
      if (isOurs || !(await one({ key }))) await at(sandbox).destroy(instanceId)
      else throw new Refusal(503, 'UNAVAILABLE', 'Another gateway is removing this sandbox.')
      await state.remove(key)
      log.info({ tenant, provider, sandbox: instanceId }, 'destroyed')
    } finally {
      await state.release(key)
    }
  }

  /** Takes the lease of what `where` names, as soon as it is free. @returns undefined when there is no such sandbox */
  async function leased(where: { key: string; instanceId: string }): Promise<Sandbox | undefined> {
    for (;;) {
      const sandbox = await state.lease(where.key)
      if (sandbox?.instanceId === where.instanceId) return sandbox
      if (sandbox) return void (await state.release(where.key)) // another one has the name by now
      if (!(await one(where))) return undefined
      await sleep(LOOK_MILLISECONDS)
    }
  }

  /** Ends what is half done: completes a create under a name, for it will be asked for again; removes the rest. */
  async function settle(key: string): Promise<void> {
    try {
      const known = await one({ key })
      if (known?.phase === 'creating' && known.wish.name) await make(known, true)
      else if (known && known.phase !== 'running') await destroy(known)
    } finally {
      await state.release(key)
    }
  }
  async function sweep(): Promise<void> {
    for (const { key } of await state.leaseUnsettled(BATCH, [...turns.keys()])) {
      // A turn that has begun meanwhile waits for this very lease.
      const work = turns.has(key) ? state.release(key) : inTurn(key, () => settle(key))
      work.catch((error) => log.warn({ err: error }, 'not settled yet'))
    }
  }
  const round = () => Promise.all([state.renewLeases(), sweep()]).catch((error) => log.error({ err: error }))
  const rounds = setInterval(round, state.leaseMilliseconds / ROUNDS_PER_LEASE).unref()

  /** The provider is asked: what was handed out may have ended by itself. */
  async function ifAlive(caller: Caller, sandbox: Sandbox | undefined, signal?: AbortSignal) {
    if (sandbox?.instanceId === undefined) return sandbox
    const { key, instanceId } = sandbox
    const found = await at(caller).getById(instanceId, { signal })
    const gone = found === null && (await state.lease(key))
    if (gone) await (gone.instanceId === instanceId ? state.remove(key) : state.release(key))
    return found === null || ['stopped', 'failed'].includes(found.instance.status) ? undefined : sandbox
  }

  async function owned({ tenant, provider, place }: Caller, instanceId: string): Promise<Sandbox | undefined> {
    const known = await one({ tenant, instanceId })
    if (known && (known.provider !== provider || known.place !== place))
      throw new Refusal(403, 'PERMISSION_DENIED', 'The sandbox is in another place than the headers name.')
    if (known?.phase !== 'creating') return known
    await state.confirm(known.key, runningOf(known)) // its client knows of it
    return { ...known, ...runningOf(known) }
  }

  async function remove(caller: Caller, { key, instanceId }: Sandbox): Promise<void> {
    await inTurn(key, async () => {
      const sandbox = instanceId && (await leased({ key, instanceId }))
      if (sandbox) await destroy({ ...sandbox, ...caller })
    })
  }

  function confirm(sandbox: Sandbox): void {
    if (sandbox.wish.name) return
    const again = () => setTimeout(() => confirm(sandbox), LOOK_MILLISECONDS).unref()
    inTurn(sandbox.key, () => state.confirm(sandbox.key, runningOf(sandbox))).catch(again)
  }

  return {
    /** When `signal` fires, nothing is left of it, unless it bears a name, under which it is found. */
    async create(caller: Caller, wish: Wish, signal: AbortSignal): Promise<Sandbox> {
      const intent = intentOf(caller, wish, keyOf(caller, wish))
      const sandbox = await inTurn(intent.key, async () => {
        const isNew = await state.insert(intent)
        if (!isNew) throw new Refusal(409, 'ALREADY_EXISTS', 'A sandbox of this name exists.')
        return make(intent, false, wish.name ? undefined : signal)
      })
      const destroyed = () => inTurn(intent.key, () => destroy({ ...sandbox, ...caller })).catch(() => {})
      const discard = () => void (wish.name ?? destroyed())
      if (signal.aborted) discard()
      signal.addEventListener('abort', discard, { once: true })
      return sandbox
    },
    /** To be called when the client has the answer to its create. */
    confirm,
    /** Goes on when the client has left, which comes back with the same name. */
    findOrCreate(caller: Caller, wish: Wish): Promise<Sandbox> {
      const intent = intentOf(caller, wish, keyOf(caller, wish))
      const { key } = intent
      return inTurn(key, async () => {
        for (;;) {
          const known = await one({ key })
          if (known?.phase === 'running' && (await ifAlive(caller, known))) return known
          if (!known && (await state.insert(intent))) return make(intent, false)
          const taken = known && (await state.lease(key))
          if (!taken) await sleep(LOOK_MILLISECONDS) // another gateway is at it
          else if (taken.phase === 'creating') return make(intent, true)
          else if (taken.instanceId === known.instanceId) await destroy({ ...taken, ...caller })
          else await state.release(key) // another gateway has just made it anew
        }
      })
    },
    find: async (caller: Caller, wish: Wish, signal: AbortSignal) =>
      ifAlive(caller, await one({ key: keyOf(caller, wish) }), signal),
    get: async (caller: Caller, id: string, signal: AbortSignal) => ifAlive(caller, await owned(caller, id), signal),
    /** Resolves as well when there is nothing to remove. What has failed, the next sweep tries again. */
    async remove(caller: Caller, id: string): Promise<void> {
      const known = await owned(caller, id)
      if (known) await remove(caller, known)
    },
    start: sweep,
    stop: async () => Promise.allSettled(turns.values()).finally(() => clearInterval(rounds)),
  }
}
