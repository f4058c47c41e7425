// The whole picture on this machine: a test server in the provider's place, the example gateway with this package in
// it, a stand-in for the daemon, and the published client, unmodified. Each hop is shown as it happens.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { isUnwanted } from '../scripts/lib/environment.mjs'
import { Diagram } from './diagram.mjs'
import { listenForInterruption } from './interruption.mjs'
import { Observer } from './observer.mjs'
import { configure } from './providers.mjs'
import { duration } from './screen.mjs'
import { tell } from './story.mjs'

/** It takes a few seconds; on a machine that is busy, more. */
const LIMIT_MILLISECONDS = 90_000
const TIDY_MILLISECONDS = 15_000
const STEP_MILLISECONDS = 60
const LOOK_MILLISECONDS = 50
/** What still keeps the process then, such as a connection that a client holds, does not count. */
const LEAVE_MILLISECONDS = 1000
const PART_WIDTH = 26

/**
 * @param {import('./providers.mjs').Entry} entry
 * @param {Record<string, (config: object) => object>} addon the package's exports
 * @param {import('./screen.mjs').Screen} screen
 * @param {{ realCommand?: string, trace?: ReturnType<typeof import('./trace.mjs').startTrace> }} options
 */
export async function showPicture(entry, addon, screen, { realCommand, trace }) {
  forgetEnvironment()
  const start = performance.now()
  const interruption = listenForInterruption({
    onFirst: () => screen.warn('Interrupted: ending what was started. Once more ends it at once.'),
    onSecond: () => screen.verdict(false, 'Ended at once, with all that was started.'),
  })
  const diagram = new Diagram(screen)
  const observer = new Observer(diagram)
  const parts = { entry, screen, diagram, observer, warnings: [] }
  let failure
  try {
    await open(parts, addon)
    showParts(parts)
    const onSandbox = (sandbox) => (parts.sandbox = sandbox)
    parts.greeting = await tell({ ...parts, onSandbox, signal: whatEnds(interruption.signal, parts) })
  } catch (error) {
    failure = error
  }
  const left = await close(parts).catch((error) => {
    failure ??= error
    return undefined
  })
  interruption.stop()
  process.exitCode = conclude({ parts, failure, left, interruption, took: performance.now() - start, realCommand, trace })
  setTimeout(() => process.exit(), LEAVE_MILLISECONDS).unref()
}

/** Of the user's shell nothing may lead the demo elsewhere, or be used by it. */
function forgetEnvironment() {
  for (const name of Object.keys(process.env)) {
    if (isUnwanted(name) || name.startsWith('COMPUTESDK_')) delete process.env[name]
  }
}

async function open(parts, addon) {
  const { entry, observer } = parts
  const factory = addon[entry.factory]
  // Before the gateway imports it.
  addon[entry.factory] = observer.watchFactory(factory, 'gateway')
  const { start } = await entry.testServer()
  parts.place = await start({
    stepMilliseconds: STEP_MILLISECONDS,
    runCommand: () => observer.daemonStarts(),
    onDone: (request) => observer.providerDone(request),
  })
  const { environment, settings = {} } = parts.place
  const baseUrl = environment[entry.address]
  const { config } = configure(entry, environment)
  Object.assign(parts, { baseUrl, config, provider: observer.watchFactory(factory, 'app')({ ...config, baseUrl, owner: settings.owner }) })
  // Whoever owns an engine may have other containers of this package there.
  parts.which = settings.owner ? { owned: true } : { managed: true }
  parts.apiKey = `demo_${randomBytes(16).toString('hex')}`
  // TypeScript, which Node 20 does not run by itself.
  const { require } = await import('tsx/cjs/api')
  const { startGateway } = require('../examples/gateway-server/server.ts', import.meta.url)
  parts.gateway = await startGateway({
    apiKeys: { demo: parts.apiKey },
    settings: { [entry.factory]: { baseUrl, ...settings } },
    log: { level: 'warn', stream: { write: (line) => parts.warnings.push(JSON.parse(line).msg) } },
  })
  observer.watch(parts.gateway.url)
}

function showParts({ entry, screen, diagram, baseUrl, gateway }) {
  screen.title('@computesdk/gateway', entry.title, 'the whole picture, on this machine')
  const part = (name, what, remark) => screen.fact(name, what.padEnd(PART_WIDTH), remark)
  part('app', 'computesdk@2.5.4', 'the published client, as it is')
  part('gateway', gateway.url, 'examples/gateway-server')
  part('package', '@computesdk/gateway', 'this repository')
  part('provider', baseUrl, entry.remark ?? `behaves as ${entry.title}'s API`)
  part('daemon', 'examples/daemon', "stands in for ComputeSDK's")
  screen.line()
  diagram.head()
}

/** What ends the story before its time: Ctrl-C, a daemon that has ended, or too long a time. */
function whatEnds(interrupted, { observer, place }) {
  const controller = new AbortController()
  const end = (reason) => controller.abort(reason)
  if (interrupted.aborted) end(new Error('interrupted'))
  interrupted.addEventListener('abort', () => end(new Error('interrupted')))
  const limit = setTimeout(() => end(new Error(`not done within ${duration(LIMIT_MILLISECONDS)}`)), LIMIT_MILLISECONDS)
  limit.unref()
  observer.onDaemon = async () => {
    // The server notes a process as soon as it has begun.
    while (!observer.destroying && !place.processes().some(({ pid }) => pid)) await sleep(LOOK_MILLISECONDS)
    await Promise.all(place.processes().map(({ exited }) => exited))
    observer.daemonEnded()
    if (!observer.destroying) end(new Error('the daemon has ended'))
  }
  return controller.signal
}

/**
 * Takes everything down, whatever has been reached.
 *
 * @returns {Promise<number | undefined>} how many resources are left at the provider, by its own books
 */
async function close({ sandbox, gateway, provider, place, observer, which }) {
  observer.destroying = true
  const within = (promise) => Promise.race([promise, sleep(TIDY_MILLISECONDS, undefined, { ref: false })])
  try {
    if (sandbox) await within(sandbox.disconnect().catch(() => {}))
    if (gateway) await within(gateway.close())
    if (!place) return 0
    const end = performance.now() + TIDY_MILLISECONDS
    while ((await place.resources()).length > 0 && performance.now() < end) {
      const found = await provider.list(which)
      await Promise.all(found.map(({ instanceId }) => provider.destroy(instanceId)))
      if ((await place.resources()).length > 0) await sleep(LOOK_MILLISECONDS)
    }
    return (await place.resources()).length
  } finally {
    await place?.server.close()
    observer.stop()
  }
}

/** Says how it ended. @returns {number} exit code */
function conclude({ parts, failure, left, interruption, took, realCommand, trace }) {
  const { entry, screen, diagram, greeting } = parts
  diagram.settle()
  trace?.print(screen)
  const resources = `${left ?? 'unknown'} resource${left === 1 ? '' : 's'} left at ${entry.title}`
  screen.line()
  const good = left === 0
  if (interruption.happened) {
    screen.verdict(good, `Interrupted: ${resources}.`)
    return good ? interruption.exitCode : 1
  }
  if (failure) {
    for (const warning of parts.warnings) screen.line(`the gateway says: ${warning}`)
    screen.verdict(false, `The demo failed: ${failure.message.replace(/\.$/, '')}.`)
    screen.verdict(good, `${resources}.`)
    return 1
  }
  if (realCommand) {
    screen.line(screen.paint('dim', `With your own account: ${realCommand}`))
    screen.line()
  }
  screen.verdict(good, `${greeting}, in ${duration(took)}. ${resources}.`)
  return good ? 0 : 1
}
