// Sees what happens between the parts, and has it drawn. It changes nothing: servers in this process announce their
// requests on Node's own diagnostics channels, and the package's calls pass through it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { daemonCommand } from '../__test__/servers/shared/daemon.mjs'

const STARTED = 'http.server.request.start'
const FINISHED = 'http.server.response.finish'
const SHORT = 8

export class Observer {
  /** Told when the provider has started the daemon. */
  onDaemon = () => {}
  #diagram
  #port
  #registered
  #isStopped = false
  #tellEnded

  /** Resolves when the provider has ended the daemon. */
  daemonGone = new Promise((resolve) => {
    this.#tellEnded = resolve
  })

  /** @param {import('./diagram.mjs').Diagram} diagram */
  constructor(diagram) {
    this.#diagram = diagram
    subscribe(STARTED, this.#started)
    subscribe(FINISHED, this.#finished)
  }

  stop() {
    this.#isStopped = true
    unsubscribe(STARTED, this.#started)
    unsubscribe(FINISHED, this.#finished)
  }

  /** @param {string} url the gateway's */
  watch(url) {
    this.#port = Number(new URL(url).port)
  }

  /**
   * The package's factory, whose calls are shown.
   *
   * @template {(config: object) => object} Factory
   * @param {Factory} factory
   * @param {import('./diagram.mjs').Lane} caller
   * @returns {Factory}
   */
  watchFactory(factory, caller) {
    return (config) => {
      const provider = factory(config)
      const calls = Object.entries(provider).map(([name, value]) => {
        return [name, typeof value === 'function' ? this.#watchCall(name, value, caller) : value]
      })
      return Object.fromEntries(calls)
    }
  }

  /** What the provider runs for a service. */
  daemonStarts() {
    this.#hop('provider', 'daemon', 'starts its process')
    this.onDaemon()
    return daemonCommand()
  }

  daemonEnded() {
    this.#hop('provider', 'daemon', 'its process has ended')
    this.#tellEnded()
  }

  /** @param {import('../__test__/servers/shared/http.mjs').RequestRecord} request */
  providerDone({ method, path, operation, status, fault, aborted }) {
    const end = fault ?? (aborted ? 'left by the package' : status)
    this.#hop('package', 'provider', `${operation ?? `${method} ${path}`} → ${end}`, { bad: !(status < 400) })
  }

  #watchCall(name, call, caller) {
    return async (...args) => {
      this.#hop(caller, 'package', `${name}(${briefly(args[0])})`)
      try {
        const result = await call(...args)
        this.#hop('package', caller, resultOf(result))
        return result
      } catch (error) {
        this.#hop('package', caller, error.code ?? error.message, { bad: true })
        throw error
      }
    }
  }

  #started = ({ request, server }) => {
    if (server.address()?.port !== this.#port || !request.url.startsWith('/v1/')) return
    this.#hop('app', 'gateway', `${request.method} ${shorten(request.url)}`)
  }

  #finished = ({ request, response, server }) => {
    if (server.address()?.port !== this.#port) return
    const { method, url } = request
    const { statusCode: status } = response
    const bad = status >= 400
    const [, kind, id, rest] = /^\/([^/]+)\/?([^/?]*)([^?]*)/.exec(url) ?? []
    if (kind === 'v1') this.#hop('gateway', 'app', String(status), { bad })
    else if (kind === 'sb') this.#passedOn(`${method} ${rest} → ${status}`, bad)
    else if (kind === 'internal' && this.#registered !== status) {
      // Again and again, while it lives: only news is shown.
      this.#registered = status
      this.#hop('daemon', 'gateway', `${method} /internal/${id} → ${status}`, { bad })
    }
  }

  #passedOn(text, bad) {
    if (this.#registered === undefined || this.#registered >= 400) {
      this.#hop('app', 'gateway', `${text}, no daemon yet`, { bad })
    } else {
      this.#hop('app', 'daemon', text, { via: 'gateway', bad })
    }
  }

  #hop(...hop) {
    if (!this.#isStopped) this.#diagram.hop(...hop)
  }
}

/** Ids are long, and their ends tell one from another. */
const shorten = (path) => path.replace(/[^/]{20,}/g, (id) => `…${id.slice(-SHORT)}`)

/** Of options no texts: among them are tokens. */
function briefly(options) {
  if (typeof options === 'string') return `'${shorten(options)}'`
  const names = Object.keys(options ?? {}).filter((name) => options[name] !== undefined && name !== 'signal')
  const shown = names.map((name) => (typeof options[name] === 'boolean' ? `${name}: ${options[name]}` : name))
  return shown.length === 0 ? '' : `{ ${shown.join(', ')} }`
}

function resultOf(result) {
  if (result === undefined || result === null) return String(result ?? 'done')
  if (Array.isArray(result)) return result.length === 0 ? '[]' : `${result.length} found`
  return `${shorten(result.instanceId)}, ${result.instance.status}`
}
