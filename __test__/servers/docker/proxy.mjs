// A proxy between the addon and a real engine. It logs requests, and injects faults.
import { startHttpServer } from '../shared/http.mjs'
import { send } from '../shared/send.mjs'

/** The operations, by method and path without the version. */
const OPERATIONS = [
  ['GET', /^\/version$/, 'version'],
  ['POST', /^\/containers\/create$/, 'create'],
  ['POST', /^\/containers\/[^/]+\/start$/, 'start'],
  ['POST', /^\/containers\/[^/]+\/wait$/, 'wait'],
  ['GET', /^\/containers\/json$/, 'list'],
  ['GET', /^\/containers\/[^/]+\/json$/, 'inspect'],
  ['GET', /^\/containers\/[^/]+\/logs$/, 'logs'],
  ['DELETE', /^\/containers\/[^/]+$/, 'remove'],
  ['GET', /^\/images\/.+\/json$/, 'inspectImage'],
  ['POST', /^\/images\/create$/, 'pull'],
]

/** Headers that belong to one connection. */
const OWN_HEADERS = ['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding', 'date']

/** The answers of engines for their version, which `keepsVersion` keeps. */
const versions = new WeakMap()

/** A part before the path that names the caller, for callers without a credential. */
const CALLER = /^\/caller\/([^/]+)/

/**
 * @param {import('./engine.mjs').Engine} engine
 * @param {object} [options]
 * @param {(body: any, request: object) => any} [options.changeCreate] changes the body of each create
 * @param {string} [options.socketPath] a Unix socket to listen at, instead of a port
 * @param {boolean} [options.keepsVersion] asks the engine for its version once, because Podman needs half a second of a
 *   processor for each answer
 * @param {(request: object, answer: object) => void} [options.onEffect] gets each answer of the engine
 */
export async function startProxy(engine, { changeCreate = (body) => body, onEffect = () => {}, keepsVersion = false, ...options } = {}) {
  async function handle(request) {
    const isKept = keepsVersion && request.operation === 'version'
    if (isKept && versions.has(engine)) return versions.get(engine)
    const body = request.operation === 'create' && request.json ? JSON.stringify(changeCreate(request.json, request)) : request.body
    const answer = await forward({ socketPath: engine.socket, request, body })
    onEffect(request, answer)
    if (isKept && answer.status === 200) versions.set(engine, answer)
    return answer
  }

  const server = await startHttpServer({ ...options, handle, describe })
  return Object.assign(server, {
    /** Returns the address for a caller; `request.caller` names it. */
    urlFor: (caller) => `${server.url}/caller/${caller}`,
  })
}

function describe({ method, path }) {
  const caller = CALLER.exec(path)?.[1]
  const plain = path.replace(CALLER, '').replace(/^\/v[\d.]+/, '')
  const found = OPERATIONS.find(([verb, pattern]) => verb === method && pattern.test(plain))
  return { caller, operation: found?.[2] ?? `${method} ${plain}` }
}

async function forward({ socketPath, request, body }) {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !OWN_HEADERS.includes(name)))
  headers['content-length'] = String(Buffer.byteLength(body))
  const url = `http://engine${request.url.replace(CALLER, '')}`
  // A new connection for each request: a kept one may be closed by the engine, which would lose a request.
  const answer = await send(url, { agent: false, socketPath, method: request.method, headers, body })
  const type = answer.headers['content-type']
  return { status: answer.status, headers: type ? { 'content-type': type } : {}, body: answer.bytes }
}
