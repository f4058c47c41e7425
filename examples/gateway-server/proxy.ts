// The way into a sandbox: what comes to /sb/<id>/… goes to its daemon as it is, HTTP and WebSocket alike.
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance } from 'fastify'
import { answerTo, Refusal } from './errors.ts'
import { bearerIn, isSame, type State, tokenOf } from './state/sandbox.ts'
/** Without the headers of one connection only, or for the gateway only. */
const passedOn = (headers: IncomingHttpHeaders) => Object.fromEntries(Object.entries(headers).filter(([name]) =>
  !/^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-computesdk-.*)$/.test(name)))

export function addProxy(app: FastifyInstance, { state, secret }: { state: State; secret: string }): void {
  /** The path is the client's to the byte: `//` and `%2F` mean something in the names of files. */
  async function toDaemon({ url = '', method, headers }: IncomingMessage, upgrade = {}): Promise<http.ClientRequest> {
    const [, instanceId = '', rest = ''] = /^\/sb\/([^/?]+)(.*)$/.exec(url) ?? []
    const [sandbox] = await state.select({ instanceId })
    if (!sandbox) throw new Refusal(404, 'NOT_FOUND', 'No such sandbox.')
    const token = bearerIn(headers) || (new URLSearchParams(rest.split('?')[1]).get('token') ?? '')
    if (!isSame(token, tokenOf(secret, sandbox))) throw new Refusal(401, 'UNAUTHENTICATED', 'Another token opens it.')
    if (!sandbox.daemonUrl) throw new Refusal(503, 'UNAVAILABLE', 'The daemon has not connected yet.')
    const { protocol, host } = new URL(sandbox.daemonUrl)
    const path = rest.startsWith('/') ? rest : `/${rest}`
    const options = { method, path, headers: { ...passedOn(headers), ...upgrade, host }, agent: false } as const
    return (protocol === 'https:' ? https : http).request(sandbox.daemonUrl, options)
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
