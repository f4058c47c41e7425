// The whole picture on this machine: a fake server in the provider's place, the example gateway with this package in
// it, a fake daemon, and the published client, unmodified. Each hop is shown as it happens.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { daemonCommand } from '../__test__/servers/shared/daemon.mjs'
import { isUnwanted } from '../scripts/lib/environment.mjs'
import { Diagram } from './diagram.mjs'
import { observe } from './observer.mjs'
import { runDemo } from './run.mjs'
import { tell } from './story.mjs'

const LIMIT_MILLISECONDS = 90_000
const TIDY_MILLISECONDS = 15_000
const LOOK_MILLISECONDS = 50

export async function showPicture(entry, addon, screen, printTrace) {
  // Nothing of the user's shell may lead the demo elsewhere, or be used by it.
  const isForeign = (name) => isUnwanted(name) || name.startsWith('COMPUTESDK_')
  for (const name of Object.keys(process.env).filter(isForeign)) delete process.env[name]
  const diagram = new Diagram(screen)
  const fixture = { entry, screen, diagram, observer: observe(diagram), warnings: [], isEnding: false }
  const play = async (unless, fail) => {
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
    return tell(fixture, unless)
  }
  await runDemo(screen, LIMIT_MILLISECONDS, play, async (failure) => {
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
  const place = await start({ stepMilliseconds: 60, onDone: observer.providerDone, runCommand })
  const { settings = {}, config: { baseUrl, ...credentials } } = place
  // Whoever owns an engine may have other containers of this package there.
  const which = settings.owner ? { owned: true } : { managed: true }
  const provider = observer.watchFactory(factory, 'app')({ ...credentials, baseUrl, owner: settings.owner })
  Object.assign(fixture, { place, baseUrl, credentials, which, provider, apiKey: `demo_${randomUUID()}` })
  const { require } = await import('tsx/cjs/api') // the server is TypeScript, which Node 20 does not run by itself
  fixture.gateway = await require('../examples/gateway-server/server.ts', import.meta.url).startGateway({
    apiKeys: { demo: fixture.apiKey },
    settings: { [name]: { baseUrl, ...settings } },
    log: { level: 'warn', stream: { write: (line) => warnings.push(JSON.parse(line).msg) } },
  })
  observer.gatewayPort = Number(new URL(fixture.gateway.url).port)
}

/** Resolves when the provider has ended the daemon, and fails the demo if that is before its time. */
async function watchDaemon(fixture, fail) {
  // The server notes a process as soon as it has begun.
  while (!fixture.isEnding && !fixture.place.processes().some(({ pid }) => pid)) await sleep(LOOK_MILLISECONDS)
  const errors = await Promise.all(fixture.place.processes().map(({ exited }) => exited))
  fixture.observer.hop('provider', 'daemon', 'its process has ended')
  const error = errors.find((each) => typeof each === 'string')
  if (!fixture.isEnding) fail(new Error(error === undefined ? 'the daemon has ended' : `the daemon has ended: ${error}`))
}

/** Ends everything that has been reached. Returns how many resources the provider's own books still hold. */
async function close(fixture) {
  fixture.isEnding = true
  const { sandbox, gateway, provider, place, observer, which } = fixture
  const within = (promise) => Promise.race([promise, sleep(TIDY_MILLISECONDS, undefined, { ref: false })])
  const countLeft = async () => (await place?.resources())?.length ?? 0
  try {
    await within(sandbox?.disconnect().catch(() => {}))
    await within(gateway?.close())
    for (const end = performance.now() + TIDY_MILLISECONDS; (await countLeft()) > 0 && performance.now() < end; ) {
      for (const { instanceId } of await provider.list(which)) await provider.destroy(instanceId)
      await sleep(LOOK_MILLISECONDS)
    }
    return await countLeft()
  } finally {
    await place?.server.close()
    observer.isStopped = true
  }
}
