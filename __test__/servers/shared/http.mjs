import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { within } from '../../support/eventually.mjs'
import { Faults } from './faults.mjs'
import { compilePath } from './paths.mjs'
import { nextPort } from './ports.mjs'

export { tooManyRequests } from './faults.mjs'

/**
 * @typedef {object} RequestRecord the log entry of a request
 * @property {string} method
 * @property {string} url path and query as sent
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} body raw
 * @property {unknown} [json] the parsed body, when it is JSON
 * @property {string} [operation] the provider's name of this request; `when: '…'` of a fault matches it
 * @property {number} at server clock, milliseconds
 * @property {number} socketId the same for requests over the same connection
 * @property {string} [fault] kind of the fault it met
 * @property {boolean} [effect] the handler ran
 * @property {number} [status] of the answer sent
 * @property {boolean} [aborted] the client closed before it had the answer
 * @property {boolean} done answered, dropped or left by the client
 *
 * @typedef {{ status?: number, headers?: Record<string, string | null>, body?: unknown }} Answer
 *   body: a string or Buffer as it is, a Readable as it comes, `undefined` for none, anything else as JSON
 *
 * @typedef {object} Exchange one request under way, as a fault sees it
 * @property {() => Promise<Answer>} run runs the handler
 * @property {(answer: Answer) => void} send
 * @property {(answer: Answer, rst: boolean) => void} sendHalf full headers, half of the body, then the end
 * @property {(rst?: boolean) => void} drop
 * @property {(milliseconds: number) => Promise<void>} pause
 * @property {(status: number) => Answer} edgePage
 */

const BODY_MAXIMUM = 1024 * 1024

/**
 * Starts an HTTP server on the loopback interface, with a request log and faults. It is independent of providers.
 *
 * @param {object} options
 * @param {(request: RequestRecord, left: AbortSignal) => Answer | Promise<Answer>} options.handle performs the request
 *   and returns the answer; `left`: the client has it, or has closed the connection
 * @param {(request: RequestRecord) => object} [options.describe] more fields for the log, such as `operation`; without
 *   effect
 * @param {(request: RequestRecord, pattern: string) => boolean} [options.matches] meaning of `when: 'text'`
 * @param {(request: RequestRecord) => Record<string, string>} [options.answerHeaders] for every answer that comes from
 *   the provider itself
 * @param {(status: number) => Answer} [options.edgePage] the answer of a proxy in front of the provider
 * @param {number} [options.port] 0 (default) for any free one
 * @param {string} [options.address] `0.0.0.0` for all of 127.0.0.0/8, by which clients without a credential differ
 * @param {string} [options.socketPath] a Unix socket instead of a port
 * @param {object} [options.tls] key and certificate, for https
 * @param {() => number} [options.now]
 * @param {(request: RequestRecord) => void} [options.onDone] gets every request at its end
 */
export async function startHttpServer({
  handle,
  describe = () => ({}),
  matches = matchesPattern,
  answerHeaders = () => ({}),
  edgePage = defaultEdgePage,
  port = 0,
  address = '127.0.0.1',
  socketPath,
  tls,
  now = Date.now,
  onDone = () => {},
}) {
  /** @type {RequestRecord[]} */
  let requests = []
  const errors = []
  const faults = new Faults(matches)
  const sockets = new Map()
  const exchanges = new Set()
  /** The timers of exchanges that wait. */
  const pauses = new Map()
  const events = new EventEmitter().setMaxListeners(0)
  let socketCount = 0

  const createServer = tls ? (serveOne) => https.createServer(tls, serveOne) : http.createServer
  const listener = createServer((incoming, response) => {
    serve(incoming, response).catch((error) => {
      errors.push(error)
      response.destroy()
    })
  })
  // Long, so that `connections` shows whether the client reuses its connections.
  listener.keepAliveTimeout = 60_000
  listener.on('connection', (socket) => {
    socketCount += 1
    sockets.set(socket, socketCount)
    socket.on('error', () => {}) // a client may reset at any time
    socket.on('close', () => sockets.delete(socket))
  })

  async function serve(incoming, response) {
    const url = new URL(incoming.url, 'http://loopback')
    const request = {
      method: incoming.method,
      url: incoming.url,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: incoming.headers,
      body: '',
      at: now(),
      socketId: sockets.get(incoming.socket),
      done: false,
    }
    requests.push(request)
    const left = new AbortController()
    const exchange = createExchange(request, response, left.signal)
    response.on('finish', () => {
      exchange.ended = true
    })
    response.on('close', () => {
      if (!exchange.ended) request.aborted = true
      request.done = true
      left.abort()
      onDone(request)
      events.emit('change')
    })

    // The server reads a body that is too large to its end, too, so that the client reads the answer.
    const bytes = await buffer(incoming).catch(() => undefined)
    if (bytes === undefined) return
    if (bytes.length > BODY_MAXIMUM) {
      exchange.send({ status: 413, headers: { connection: 'close' }, body: { message: 'Payload Too Large' } })
      return
    }
    request.body = bytes.toString('utf8')
    if (isJson(incoming.headers['content-type'])) request.json = parseJson(bytes)
    Object.assign(request, describe(request))

    const fault = faults.take(request)
    exchanges.add(exchange)
    try {
      if (fault) {
        request.fault = fault.kind
        await Faults.apply(exchange, fault)
      } else {
        exchange.send(await exchange.run())
      }
    } finally {
      forget(exchange)
    }
  }

  /** Does not wait for an exchange in quiet() any more. */
  function forget(exchange) {
    exchanges.delete(exchange)
    events.emit('change')
  }

  /** @returns {Exchange & { ended: boolean }} */
  function createExchange(request, response, left) {
    const gone = () => response.destroyed || response.writableEnded || !response.socket || response.socket.destroyed
    const writeHead = ({ status = 200, headers = {}, body, edge = false }) => {
      const [payload, type] = payloadOf(body)
      const ownHeaders = edge ? {} : answerHeaders(request)
      const parts = [{ 'content-type': type }, ownHeaders, headers, { 'content-length': payload.length }]
      for (const [name, value] of parts.flatMap(Object.entries)) {
        if (value === null || value === undefined) response.removeHeader(name)
        else response.setHeader(name.toLowerCase(), value)
      }
      request.status = status
      response.writeHead(status)
      return payload
    }
    const exchange = {
      ended: false,
      async run() {
        request.effect = true
        try {
          return await handle(request, left)
        } catch (error) {
          // An error of this server, not of its client. Tests assert that there is none.
          errors.push(error)
          return { status: 500, body: { message: `Test server failed: ${error.message}` } }
        }
      },
      send(answer) {
        if (gone()) return
        const payload = writeHead(answer)
        if (payload instanceof Readable) {
          response.flushHeaders()
          // The stream may have no end. quiet() does not wait for it, and it ends when the client closes the socket.
          pipeline(payload, response, () => {})
        } else response.end(payload)
      },
      sendHalf(answer, rst) {
        if (gone()) return
        let payload = writeHead(answer)
        exchange.ended = true
        if (payload instanceof Readable) payload = Buffer.from(payload.read() ?? '')
        response.write(payload.subarray(0, Math.floor(payload.length / 2)), () => close(response.socket, rst))
      },
      drop(rst = true) {
        if (gone()) return
        exchange.ended = true
        close(response.socket, rst)
      },
      pause(milliseconds) {
        return new Promise((resolve) => {
          const end = () => {
            pauses.delete(exchange)
            resolve()
          }
          pauses.set(exchange, milliseconds === Infinity ? undefined : setTimeout(end, milliseconds))
          if (milliseconds === Infinity) forget(exchange)
        })
      },
      edgePage: (status) => ({ ...edgePage(status), edge: true }),
    }
    return exchange
  }

  async function until(condition) {
    for (;;) {
      const result = condition()
      if (result) return result
      await once(events, 'change')
    }
  }

  function cancelPauses() {
    for (const [exchange, timer] of pauses) {
      clearTimeout(timer)
      exchange.drop()
      forget(exchange)
    }
    pauses.clear()
  }

  async function listen(wanted) {
    if (socketPath) listener.listen(socketPath)
    else listener.listen(wanted, address)
    await once(listener, 'listening')
    return listener.address().port
  }

  /** Listens on a port that no other server of this test run has used. */
  async function listenOnFreePort() {
    for (let wanted = nextPort(); wanted !== undefined; wanted = nextPort()) {
      try {
        return await listen(wanted)
      } catch (error) {
        if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      }
    }
    return listen(0)
  }

  /**
   * @param {object} [options]
   * @param {boolean} [options.untilSeen] waits until each client has closed its end, and so knows of the close
   */
  async function stopListening({ untilSeen = false } = {}) {
    if (!listener.listening) return
    if (untilSeen) await Promise.all([...sockets.keys()].map((socket) => once(socket.end(), 'close')))
    const closed = new Promise((resolve) => listener.close(resolve))
    for (const socket of sockets.keys()) socket.destroy()
    await closed
  }

  const boundPort = port === 0 && !socketPath ? await listenOnFreePort() : await listen(port)

  return {
    url: socketPath ? `unix://${socketPath}` : `${tls ? 'https' : 'http'}://127.0.0.1:${boundPort}`,
    port: boundPort,
    faults,
    /** Exceptions of the handler itself; a test may assert that there are none. */
    errors,
    get requests() {
      return requests
    },
    /** The number of TCP connections: now, and since the start. */
    get connections() {
      return { open: sockets.size, total: socketCount }
    },
    /** Returns how often each operation was requested. */
    operations() {
      const counts = {}
      for (const { operation } of requests) if (operation) counts[operation] = (counts[operation] ?? 0) + 1
      return counts
    },
    /**
     * Resolves with the `count`-th finished request that matches, for work of a client in the background.
     * @param {string | ((request: RequestRecord) => boolean)} when
     */
    async waitForRequest(when, { count = 1, milliseconds = 5000 } = {}) {
      const wanted = typeof when === 'function' ? when : (request) => matches(request, when)
      const seen = until(() => requests.filter((request) => request.done && wanted(request))[count - 1])
      const found = await within(milliseconds, seen)
      if (!found) throw new Error(`no ${count} × ${when} within ${milliseconds} ms`)
      return found
    },
    /** Resolves when no request is under way, late effects included. Answers that never come do not count. */
    quiet: () => until(() => exchanges.size === 0).then(() => undefined),
    /** Clears the log and the faults, also pending ones. The provider's state and `errors` stay. */
    reset() {
      requests = []
      faults.clear()
      cancelPauses()
    },
    /** Refuses new connections, and cuts open ones. A client may notice that only when it uses one. */
    stopListening,
    /** Undoes stopListening, on the same port. */
    listenAgain: () => listen(boundPort).then(() => undefined),
    async close() {
      faults.clear()
      cancelPauses()
      await stopListening()
    },
  }
}

/**
 * `'name'` matches the operation; `'METHOD /path/:any/*'` matches method and path, `:any` one segment, `*` the rest.
 */
export function matchesPattern(request, pattern) {
  const [method, path] = pattern.split(' ')
  if (path === undefined) return request.operation === pattern
  if (method !== request.method) return false
  return compilePath(path)(request.path) !== undefined
}

/** Returns a refusal with a message, for wrong routes, methods and types. */
export function refusal(status, message, headers) {
  return { status, headers, body: { message } }
}

/** @returns {boolean} whether a content type says JSON */
export function isJson(contentType) {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '')
}

/** Returns the parsed value, or `undefined` if the bytes are not JSON in strict UTF-8. */
function parseJson(bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Returns what is sent for a body, and the type of its content if the body tells it. A stream has no length. */
function payloadOf(body) {
  if (body === undefined) return [Buffer.alloc(0)]
  if (Buffer.isBuffer(body) || body instanceof Readable) return [body]
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8']
  return [Buffer.from(JSON.stringify(body)), 'application/json; charset=utf-8']
}

function close(socket, rst) {
  if (!rst || socket.writableEnded) {
    socket.destroy()
    return
  }
  // Node ends a socket before it resets it. If the socket is destroyed in between, it is never closed, and this process
  // does not end.
  socket.destroySoon = socket.destroy
  socket.resetAndDestroy()
}

function defaultEdgePage(status) {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
    body: `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>\n`,
  }
}
