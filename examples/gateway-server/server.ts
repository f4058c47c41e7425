// The gateway server: between a user's app, which speaks the ComputeSDK client's protocol, and a provider, to which the
// package speaks. This file is the protocol; README.md tells the whole, and what the options are.
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastify, type FastifyReply, LogController } from 'fastify'
import { answerTo, Refusal } from './errors.ts'
import { accountOf, type Settings } from './providers.ts'
import { addProxy } from './proxy.ts'
import { createReaper, type ReaperOptions } from './reaper.ts'
import { createSandboxes } from './sandboxes.ts'
import { memoryState } from './state/memory.ts'
import { type Caller, isSame, type Sandbox, tokenOf, WISH, type Wish } from './state/sandbox.ts'

const defaults = () => ({
  host: '127.0.0.1', port: 0, publicUrl: '', internalUrl: '', daemonHosts: ['127.0.0.1', '[::1]', 'localhost'],
  secret: randomBytes(32).toString('hex'), state: memoryState(), settings: {} as Settings, reaper: { accounts: [] } as ReaperOptions,
  answerMilliseconds: 25_000, shutdownMilliseconds: 8_000, routeMilliseconds: 60_000, // the client gives up after 30 s
  log: {} as { level?: string; stream?: { write(line: string): void } },
})
export type GatewayOptions = Partial<ReturnType<typeof defaults>> & { apiKeys: Record<string, string> }
interface Request { Body: Wish; Params: { id: string } }

export async function startGateway(options: GatewayOptions): Promise<{ url: string; close: () => Promise<void> }> {
  const { apiKeys, state, secret, settings, daemonHosts, reaper, ...rest } = { ...defaults(), ...options }
  const { answerMilliseconds, shutdownMilliseconds, routeMilliseconds, internalUrl, host, port, log: logger } = rest
  // Neither addresses, which may hold a token, nor headers, which hold credentials, are ever logged.
  const logController = new LogController({ disableRequestLogging: true })
  const ajv = { customOptions: { coerceTypes: false, removeAdditional: false } } as const
  const app = fastify({ bodyLimit: 256 * 1024, ajv, logController, logger })
  let url = rest.publicUrl
  const sandboxes = createSandboxes({ state, secret, settings, gatewayUrl: () => url, log: app.log })
  const { stop } = createReaper({ state, settings, log: app.log }, reaper)

  /** The key is compared with all there are, so that the time does not tell which it is. */
  function callerOf(headers: IncomingHttpHeaders): Caller {
    const [tenant] = Object.keys(apiKeys).filter((name) => isSame(apiKeys[name]!, `${headers['x-computesdk-api-key']}`))
    if (tenant === undefined) throw new Refusal(401, 'UNAUTHENTICATED', 'The ComputeSDK API key is not known.')
    return { tenant, ...accountOf(headers, settings) }
  }

  /** Fires when the answer can no longer be given in time, or to this client. */
  function patience({ raw }: FastifyReply): AbortSignal {
    const controller = new AbortController()
    const late = () => raw.headersSent || controller.abort(new Refusal(504, 'TIMEOUT', 'This was not done in time.'))
    const timer = setTimeout(late, answerMilliseconds)
    raw.once('close', () => {
      clearTimeout(timer)
      if (!raw.writableFinished) controller.abort(new Refusal(499, 'ABORTED', 'The client has left.'))
    })
    return controller.signal
  }

  function answer(sandbox: Sandbox | undefined) {
    if (!sandbox) throw new Refusal(404, 'NOT_FOUND', 'No such sandbox.')
    const { instanceId: sandboxId = '', provider, phase: status, wish } = sandbox
    const { name, namespace, metadata } = wish
    const access = { url: `${url}/sb/${sandboxId}`, token: tokenOf(secret, sandbox) }
    return { success: true, data: { sandboxId, ...access, provider, metadata, name, namespace, status } }
  }

  app.register(async (api) => {
    api.addHook('onRequest', async ({ method, headers }) => {
      callerOf(headers)
      if (method === 'DELETE') delete headers['content-type'] // the client names one, and sends no body
    })
    api.post<Request>('/v1/sandboxes', { schema: { body: WISH } }, async ({ headers, body }, reply) => {
      const sandbox = await sandboxes.create(callerOf(headers), body, patience(reply))
      reply.raw.once('finish', () => sandboxes.confirm(sandbox))
      return reply.code(201).send(answer(sandbox))
    })

    const named = { schema: { body: { ...WISH, required: ['name'] } } }
    api.post<Request>('/v1/sandboxes/find-or-create', named, async ({ headers, body, log }, reply) => {
      const work = sandboxes.findOrCreate(callerOf(headers), body)
      const sandbox = await Promise.race([work, sleep(answerMilliseconds, undefined, { ref: false })])
      if (sandbox) return answer(sandbox)
      work.catch((error) => log.warn({ err: error }, 'find-or-create'))
      return reply.code(202).send({ success: true, data: { status: 'creating' } }) // the client asks again
    })

    api.post<Request>('/v1/sandboxes/find', named, async ({ headers, body }, reply) => {
      const sandbox = await sandboxes.find(callerOf(headers), body, patience(reply))
      return sandbox ? answer(sandbox) : { success: true, data: null }
    })
    api.get<Request>('/v1/sandboxes/:id', async ({ headers, params }, reply) =>
      answer(await sandboxes.get(callerOf(headers), params.id, patience(reply))))
    // Goes on when the client has left. Not 204: the client reads JSON.
    api.delete<Request>('/v1/sandboxes/:id', async ({ headers, params }) =>
      sandboxes.remove(callerOf(headers), params.id).then(() => ({ success: true })))
    api.post<Request>('/v1/sandboxes/:id/extend', async ({ headers, params }, reply) => {
      const { data } = answer(await sandboxes.get(callerOf(headers), params.id, patience(reply)))
      if (['railway', 'render'].includes(data.provider)) return { success: true, data: { expiresAt: null } }
      throw new Refusal(501, 'UNSUPPORTED', `At ${data.provider} a sandbox lives as long as its create has asked for.`)
    })
  })

  addProxy(app, { state, secret, daemonHosts, internalUrl, routeMilliseconds })
  app.get('/health', async () => ({ status: 'ok' }))

  app.setErrorHandler((error, { log }, reply) => {
    const { status, headers, body } = answerTo(error)
    if (status === 500) log.error({ err: error })
    return reply.code(status).headers(headers).send(body)
  })
  app.addHook('onResponse', async ({ method, routeOptions: { url: route }, log }, { statusCode, elapsedTime }) =>
    log[route?.startsWith('/sb/') ? 'debug' : 'info']({ method, route, status: statusCode, milliseconds: elapsedTime }))
  const address = await app.listen({ host, port })
  url ||= address
  await sandboxes.start()
  async function close(): Promise<void> {
    stop()
    const limit = sleep(shutdownMilliseconds, undefined, { ref: false }).then(() => app.server.closeAllConnections())
    await Promise.race([app.close().then(sandboxes.stop), limit.then(() => sleep(1000))])
    await state.close()
  }
  return { url, close }
}
