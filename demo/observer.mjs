// Draws the messages between the parts: requests, which Node publishes on channels of its own, and the package's calls.
import { subscribe } from 'node:diagnostics_channel'

/** @param {import('./diagram.mjs').Diagram} diagram */
export function observe(diagram) {
  const hop = (...parts) => observer.isStopped || diagram.hop(...parts)
  const observer = { gatewayPort: undefined, isStopped: false, hop, watchFactory, providerDone }
  let registered

  subscribe('http.server.request.start', ({ request: { method, url }, server }) => {
    if (server.address()?.port !== observer.gatewayPort || !url.startsWith('/v1/')) return
    hop('app', 'gateway', `${method} ${shorten(url)}`)
  })
  subscribe('http.server.response.finish', ({ request: { method, url }, response: { statusCode: status }, server }) => {
    if (server.address()?.port !== observer.gatewayPort) return
    const bad = status >= 400
    const [, kind, id, rest] = /^\/([^/]+)\/?([^/?]*)([^?]*)/.exec(url) ?? []
    const text = `${method} ${kind === 'internal' ? `/internal/${id}` : rest} → ${status}`
    if (kind === 'v1') hop('gateway', 'app', String(status), { bad })
    else if (kind === 'sb' && registered < 400) hop('app', 'daemon', text, { via: 'gateway', bad })
    else if (kind === 'sb') hop('app', 'gateway', `${text}, no daemon yet`, { bad })
    // The daemon registers repeatedly. Only a changed status is shown.
    else if (kind === 'internal' && registered !== status) hop('daemon', 'gateway', text, { bad })
    if (kind === 'internal') registered = status
  })

  /** Returns the package's factory, with methods whose calls are shown. */
  function watchFactory(factory, caller) {
    const watch = ([name, call]) => [name, (...args) => watchCall(name, () => call(...args), args[0], caller)]
    return (config) => {
      const { name, ...methods } = factory(config)
      return { name, ...Object.fromEntries(Object.entries(methods).map(watch)) }
    }
  }

  async function watchCall(name, call, argument, caller) {
    hop(caller, 'package', `${name}(${briefly(argument)})`)
    const [{ value, reason }] = await Promise.allSettled([call()])
    hop('package', caller, reason ? (reason.code ?? reason.message) : resultOf(value), { bad: Boolean(reason) })
    if (reason) throw reason
    return value
  }

  function providerDone({ method, path, operation, status, fault, aborted }) {
    const end = fault ?? (aborted ? 'left by the package' : status)
    hop('package', 'provider', `${operation ?? `${method} ${path}`} → ${end}`, { bad: !(status < 400) })
  }
  return observer
}

/** Shortens ids to their ends, in which they differ. */
const shorten = (path) => path.replace(/[^/]{20,}/g, (id) => `…${id.slice(-8)}`)

/** Shows the names of options without their texts, because some are tokens. */
function briefly(options) {
  if (typeof options === 'string') return `'${shorten(options)}'`
  const given = Object.entries(options ?? {}).filter(([name, value]) => value !== undefined && name !== 'signal')
  const shown = given.map(([name, value]) => (typeof value === 'boolean' ? `${name}: ${value}` : name))
  return shown.length === 0 ? '' : `{ ${shown.join(', ')} }`
}

function resultOf(result) {
  if (Array.isArray(result)) return result.length === 0 ? '[]' : `${result.length} found`
  return result ? `${shorten(result.instanceId)}, ${result.instance.status}` : String(result ?? 'done')
}
