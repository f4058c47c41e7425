// The demo on this machine: a fake server in the provider's place, the example gateway with this package in it, a fake
// daemon, and the published client, unmodified. Each hop is shown when it happens.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { daemonCommand } from '../__test__/servers/shared/daemon.mjs'
import { isUnwanted } from '../scripts/lib/environment.mjs'
import { Diagram } from './diagram.mjs'
import { observe } from './observer.mjs'
import { runProgram } from './program.mjs'
import { runDemo } from './run.mjs'

const LIMIT_MILLISECONDS = 90_000
const CLEANUP_MILLISECONDS = 15_000
const POLL_MILLISECONDS = 50

export async function showLocal(entry, addon, screen, printTrace) {
  // No variable of the user's shell may give the demo another address or a credential.
  const isForeign = (name) => isUnwanted(name) || name.startsWith('COMPUTESDK_')
  for (const name of Object.keys(process.env).filter(isForeign)) delete process.env[name]
  const diagram = new Diagram(screen)
  const fixture = { entry, screen, diagram, observer: observe(diagram), warnings: [], isEnding: false }
  const show = async (unless, fail) => {
    await open(fixture, addon, fail)
    screen.title(entry.title, 'the whole picture, on this machine')
    const part = (name, what, remark) => screen.fact(name, what.padEnd(26), remark)
    part('app', 'computesdk@2.5.4', 'the published client, as it is')
    part('gateway', fixture.gateway.url, 'examples/gateway-server')
    part('package', '@computesdk/gateway', 'this repository')
    part('provider', fixture.baseUrl, entry.remark ?? `behaves as ${entry.title}'s API`)
    part('daemon', '__test__/daemon', "stands in for ComputeSDK's")
    screen.line()
    diagram.head()
    return runProgram(fixture, unless)
  }
  await runDemo(screen, LIMIT_MILLISECONDS, show, async (failure) => {
    const left = await close(fixture)
    diagram.settle()
    printTrace()
    screen.line()
    const realCommand = `npm run demo -- ${entry.factory} --real`
    if (failure) for (const warning of fixture.warnings) screen.line(`the gateway says: ${warning}`)
    else if (!entry.remark) screen.line(screen.paint('dim', `With your own account: ${realCommand}`), '')
    return [left === 0, `${left} resource${left === 1 ? '' : 's'} left at ${entry.title}`]
  })
}

async function open(fixture, addon, fail) {
  const { entry: { factory: name }, observer, warnings } = fixture
  const factory = addon[name]
  addon[name] = observer.watchFactory(factory, 'gateway') // before the gateway imports it
  const { start } = await import(`../__test__/servers/${name}/start.mjs`)
  const runCommand = () => {
    observer.hop('provider', 'daemon', 'starts its process')
    fixture.daemonGone = watchDaemon(fixture, fail)
    return daemonCommand()
  }
  const backend = await start({ stepMilliseconds: 60, onDone: observer.providerDone, runCommand })
  const { settings = {}, config: { baseUrl, ...credentials } } = backend
  // An engine may hold other containers of this package.
  const which = settings.owner ? { owned: true } : { managed: true }
  const provider = observer.watchFactory(factory, 'app')({ ...credentials, baseUrl, owner: settings.owner })
  Object.assign(fixture, { backend, baseUrl, credentials, which, provider, apiKey: `demo_${randomUUID()}` })
  // The server is TypeScript, which Deno runs by itself and Node 20 does not.
  const load = 'Deno' in globalThis ? (path) => import(path) : (await import('tsx/cjs/api')).require
  fixture.gateway = await (await load('../examples/gateway-server/server.ts', import.meta.url)).startGateway({
    apiKeys: { demo: fixture.apiKey },
    settings: { [name]: { baseUrl, ...settings } },
    log: { level: 'warn', stream: { write: (line) => warnings.push(JSON.parse(line).msg) } },
  })
  observer.gatewayPort = Number(new URL(fixture.gateway.url).port)
}

/** Resolves when the provider has ended the daemon. Fails the demo if that happens before the end. */
async function watchDaemon(fixture, fail) {
  // The server lists a process as soon as it has started.
  while (!fixture.isEnding && !fixture.backend.processes().some(({ pid }) => pid)) await sleep(POLL_MILLISECONDS)
  const errors = await Promise.all(fixture.backend.processes().map(({ exited }) => exited))
  fixture.observer.hop('provider', 'daemon', 'its process has ended')
  const error = errors.find((each) => typeof each === 'string')
  if (!fixture.isEnding) fail(new Error(['the daemon has ended', error].filter(Boolean).join(': ')))
}

/** Ends what was started. Returns how many resources remain at the provider, as its server shows them. */
async function close(fixture) {
  fixture.isEnding = true
  const { sandbox, gateway, provider, backend, observer, which } = fixture
  const within = (promise) => Promise.race([promise, sleep(CLEANUP_MILLISECONDS, undefined, { ref: false })])
  const countLeft = async () => (await backend?.resources())?.length ?? 0
  try {
    await within(sandbox?.disconnect().catch(() => {}))
    await within(gateway?.close())
    for (const end = performance.now() + CLEANUP_MILLISECONDS; (await countLeft()) > 0 && performance.now() < end; ) {
      for (const { instanceId } of await provider.list(which)) await provider.destroy(instanceId)
      await sleep(POLL_MILLISECONDS)
    }
    return await countLeft()
  } finally {
    await backend?.server.close()
    observer.isStopped = true
  }
}
