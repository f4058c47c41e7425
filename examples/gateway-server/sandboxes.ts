// The life of sandboxes. Each is written down before it is asked for, with the key of its create: whatever happens in
// between, the same key settles it.
import { isGatewayError } from '@computesdk/gateway'
import type { FastifyBaseLogger } from 'fastify'
import { Refusal } from './errors.ts'
import { providerOf, type Settings } from './providers.ts'
import { type Caller, hashOf, keyOf, type Sandbox, type State, tokenOf, type Wish } from './state/sandbox.ts'

const SWEEP_MILLISECONDS = 60_000
/** For so long after an abort the package may still be removing what it has made (docs/reliability.md). */
const CLEANUP_MILLISECONDS = 20 * 60_000
interface Means { state: State; secret: string; settings: Settings; gatewayUrl: () => string; log: FastifyBaseLogger }
export function createSandboxes({ state, secret, settings, gatewayUrl, log }: Means) {
  const at = (caller: Caller) => providerOf(caller, settings)
  const one = async (where: Partial<Sandbox>) => (await state.select(where))[0]
  const turns = new Map<string, Promise<unknown>>()
  const leftToPackage = new Set<string>()

  /** What concerns one sandbox happens one after the other. */
  function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work)
    turns.set(key, turn)
    return turn.finally(() => turns.get(key) === turn && turns.delete(key))
  }

  /** What may have been made stays written down, for the next sweep or, after an abort, for the next start. */
  async function make(caller: Caller, wish: Wish, key: string, signal?: AbortSignal): Promise<Sandbox> {
    const accessToken = tokenOf(secret, { key })
    const { image, timeout, envs: env, ...label } = wish
    const sandbox = { ...caller, key, wish, tokenHash: hashOf(accessToken), phase: 'creating' } as const
    await state.insert(sandbox)
    try {
      const daemonConfig = { accessToken, gatewayUrl: gatewayUrl(), env }
      const { instanceId } = await at(caller).create({ image, timeout, daemonConfig, idempotencyKey: key, signal })
      const outcome = { phase: 'running', instanceId, config: {}, wish: label } as const
      await state.update(key, outcome)
      log.info({ tenant: caller.tenant, provider: caller.provider, sandbox: instanceId }, 'created')
      return { ...sandbox, ...outcome }
    } catch (error) {
      const { code, instanceId } = isGatewayError(error) ? error : { code: 'INTERNAL', instanceId: undefined }
      if (code === 'ABORTED') {
        leftToPackage.add(key)
        const forget = () => leftToPackage.delete(key) && state.remove(key).catch(() => {})
        setTimeout(forget, CLEANUP_MILLISECONDS).unref()
      } else if (instanceId && !wish.name) await state.update(key, { phase: 'removing', instanceId })
      else if (code !== 'OUTCOME_UNKNOWN' && code !== 'INTERNAL') await state.remove(key)
      throw error
    }
  }

  async function destroy(sandbox: Sandbox): Promise<void> {
    const { key, tenant, provider, config, wish } = sandbox
    // The key gives what a create that was cut off has made; if that is nothing, something to destroy.
    const again = { image: wish.image, idempotencyKey: key }
    const { instanceId = (await at(sandbox).create(again)).instanceId } = sandbox
    await state.update(key, { phase: 'removing', instanceId, config })
    await at(sandbox).destroy(instanceId)
    await state.remove(key)
    log.info({ tenant, provider, sandbox: instanceId }, 'destroyed')
  }
  /** Ends what is half done: completes a create under a name, for it will be asked for again; removes the rest. */
  async function sweep(): Promise<void> {
    const unsettled = [...(await state.select({ phase: 'creating' })), ...(await state.select({ phase: 'removing' }))]
    for (const { key } of unsettled.filter(({ key }) => !turns.has(key) && !leftToPackage.has(key))) {
      inTurn(key, async () => {
        const known = await one({ key })
        if (known?.phase === 'creating' && known.wish.name) await make(known, known.wish, key)
        else if (known && known.phase !== 'running') await destroy(known)
      }).catch((error) => log.warn({ err: error }, 'not settled yet'))
    }
  }
  const sweeps = setInterval(() => sweep().catch((error) => log.error({ err: error })), SWEEP_MILLISECONDS).unref()

  /** The provider is asked: what was handed out may have ended by itself. */
  async function ifAlive(caller: Caller, sandbox: Sandbox | undefined, signal?: AbortSignal) {
    if (sandbox?.instanceId === undefined) return sandbox
    const found = await at(caller).getById(sandbox.instanceId, { signal })
    if (found === null) await state.remove(sandbox.key)
    return found === null || ['stopped', 'failed'].includes(found.instance.status) ? undefined : sandbox
  }

  async function owned({ tenant, provider, place }: Caller, instanceId: string): Promise<Sandbox | undefined> {
    const known = await one({ tenant, instanceId })
    if (!known || (known.provider === provider && known.place === place)) return known
    throw new Refusal(403, 'PERMISSION_DENIED', 'The sandbox is in another place than the headers name.')
  }

  return {
    /** When `signal` fires, nothing is left of it, unless it bears a name, under which it is found. */
    async create(caller: Caller, wish: Wish, signal: AbortSignal): Promise<Sandbox> {
      const key = keyOf(caller, wish)
      const sandbox = await inTurn(key, async () => {
        if (await one({ key })) throw new Refusal(409, 'ALREADY_EXISTS', 'A sandbox of this name exists.')
        return make(caller, wish, key, wish.name ? undefined : signal)
      })
      const discard = () => void (wish.name ?? inTurn(key, () => destroy({ ...sandbox, ...caller })).catch(() => {}))
      if (signal.aborted) discard()
      signal.addEventListener('abort', discard, { once: true })
      return sandbox
    },
    /** Goes on when the client has left, which comes back with the same name. */
    findOrCreate(caller: Caller, wish: Wish): Promise<Sandbox> {
      const key = keyOf(caller, wish)
      return inTurn(key, async () => {
        const known = await one({ key })
        if (known?.phase === 'running' && (await ifAlive(caller, known))) return known
        if (known?.instanceId) await destroy({ ...known, ...caller })
        return make(caller, wish, key)
      })
    },
    find: async (caller: Caller, wish: Wish, signal: AbortSignal) =>
      ifAlive(caller, await one({ key: keyOf(caller, wish) }), signal),
    get: async (caller: Caller, id: string, signal: AbortSignal) => ifAlive(caller, await owned(caller, id), signal),
    /** Resolves as well when there is nothing to remove. What has failed, the next sweep tries again. */
    async remove(caller: Caller, id: string): Promise<void> {
      const { key = '' } = (await owned(caller, id)) ?? {}
      await inTurn(key, async () => {
        const known = await one({ key, instanceId: id })
        if (known) await destroy({ ...known, ...caller })
      })
    },
    start: sweep,
    stop: async () => Promise.allSettled(turns.values()).finally(() => clearInterval(sweeps)),
  }
}
