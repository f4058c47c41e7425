// The way into a sandbox: what comes to /sb/<id>/… goes to its daemon as it is, HTTP and WebSocket alike. If another
// gateway holds the daemon's connection, it goes to that gateway, which passes it on.
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance } from 'fastify'
import { answerTo, Refusal } from './errors.ts'
import { bearerIn, isSame, runningOf, type State, tokenHashIn, tokenOf } from './state/sandbox.ts'
/** Without the headers of one connection only, or for the gateway only. */
const passedOn = (headers: IncomingHttpHeaders) => Object.fromEntries(Object.entries(headers).filter(([name]) =>
  !/^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-computesdk-.*)$/.test(name)))

const FORWARDED = 'x-computesdk-forwarded'
interface Means {
  state: State
  secret: string
  daemonHosts: string[]
  internalUrl: string
  routeMilliseconds: number
}

export function addProxy(app: FastifyInstance, { state, secret, internalUrl, ...means }: Means): void {
  // A daemon dials home, again and again.
  app.post<{ Body: { url?: unknown } | null }>('/internal/daemons', async ({ headers, body }) => {
    const [sandbox] = await state.select({ tokenHash: tokenHashIn(headers) })
    if (!sandbox) throw new Refusal(401, 'UNAUTHENTICATED', 'No sandbox has this token.')
    const { origin, protocol, hostname } = new URL(URL.canParse(`${body?.url}`) ? `${body?.url}` : 'none:')
    const isAllowed = /^https?:$/.test(protocol) && means.daemonHosts.includes(hostname)
    if (!isAllowed) throw new Refusal(400, 'INVALID_ARGUMENT', 'No daemon may be there.')
    await state.setRoute(sandbox.key, { gateway: internalUrl, daemonUrl: origin }, means.routeMilliseconds)
    return { success: true }
  })

  /** The path is the client's to the byte: `//` and `%2F` mean something in the names of files. */
  async function toDaemon({ url = '', method, headers }: IncomingMessage, upgrade = {}): Promise<http.ClientRequest> {
    const [, instanceId = '', rest = ''] = /^\/sb\/([^/?]+)(.*)$/.exec(url) ?? []
    const [sandbox] = await state.select({ instanceId })
    if (!sandbox) throw new Refusal(404, 'NOT_FOUND', 'No such sandbox.')
    const token = bearerIn(headers) || (new URLSearchParams(rest.split('?')[1]).get('token') ?? '')
    if (!isSame(token, tokenOf(secret, sandbox))) throw new Refusal(401, 'UNAUTHENTICATED', 'Another token opens it.')
    // Its client knows of it, even if the gateway that has created it has ended before it could tell.
    if (sandbox.phase === 'creating') await state.confirm(sandbox.key, runningOf(sandbox))
    if (!sandbox.route) throw new Refusal(503, 'UNAVAILABLE', 'The daemon is not connected.')
    const { gateway, daemonUrl } = sandbox.route
    // What was forwarded is not forwarded again, even if the daemon has registered elsewhere meanwhile.
    const isHere = gateway === internalUrl || gateway === '' || headers[FORWARDED] !== undefined
    const path = isHere ? (rest.startsWith('/') ? rest : `/${rest}`) : url
    const { protocol, host } = new URL(isHere ? daemonUrl : gateway)
    const own = { ...upgrade, ...(!isHere && { [FORWARDED]: 'yes' }), host }
    const options = { method, path, headers: { ...passedOn(headers), ...own }, agent: false } as const
    return (protocol === 'https:' ? https : http).request(`${protocol}//${host}`, options)
  }

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null)) // bodies are passed on as they come
    scope.all('/sb/*', async ({ raw }, reply) => {
      const outgoing = await toDaemon(raw)
      reply.raw.once('close', () => outgoing.destroy())
      const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
        raw.pipe(outgoing).once('response', resolve)
        outgoing.on('error', () => reject(new Refusal(502, 'UNAVAILABLE', 'The daemon does not answer.')))
        outgoing.once('close', () => raw.unpipe(outgoing).resume()) // what it has not taken is in the way of the answer
      })
      reply.hijack()
      reply.raw.writeHead(incoming.statusCode ?? 502, passedOn(incoming.headers))
      await pipeline(incoming, reply.raw).catch(() => {}) // too late to tell, but by cutting it off
    })
  })
  const sockets = new Set<Duplex>()
  app.addHook('preClose', async () => sockets.forEach((socket) => socket.destroy()))
  app.server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket)))
    const refuse = (status = 502) => socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n\r\n`).resume()
    const upgrade = { connection: 'Upgrade', upgrade: request.headers.upgrade }
    const outgoing = await toDaemon(request, upgrade).catch((error) => void refuse(answerTo(error).status))
    outgoing?.on('error', () => refuse()).once('response', ({ statusCode }) => refuse(statusCode)).end()
    socket.once('close', () => outgoing?.destroy())
    outgoing?.once('upgrade', ({ rawHeaders }: IncomingMessage, daemon: Duplex, first: Buffer) => {
      const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
      socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`), first]))
      daemon.write(head)
      void pipeline(socket, daemon, socket).catch(() => {})
    })
  })
}
