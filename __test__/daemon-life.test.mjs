// How the fake daemon finds its gateway, and how it ends: with its service, whatever provider that is at.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { railway } from '@computesdk/gateway'

import './support/environment.mjs'
import { ACCESS_TOKEN } from './support/canary.mjs'
import { isAlive, startDaemon, startGateway } from './support/daemon.mjs'
import { eventually } from './support/eventually.mjs'
import { startNamespace } from './support/namespace.mjs'
import { startRailway } from './support/railway.mjs'
import { startRender } from './support/render.mjs'
import { startVercel } from './support/vercel.mjs'
import { daemonCommand } from './servers/shared/daemon.mjs'

/** Each provider with a server that moves by itself, and runs the daemon in what is created. */
const runCommand = daemonCommand()
const PLACES = {
  Railway: () => startRailway({ server: { runCommand, stepMilliseconds: 5 } }),
  Render: () => startRender({ server: { runCommand, stepMilliseconds: 5 } }),
  Namespace: () => startNamespace({ server: { runCommand, stepMilliseconds: 5 } }),
  Vercel: () => startVercel({ server: { runCommand, commandPlan: undefined, stepMilliseconds: 5 } }),
}
/** Pids of what a server runs for its instances. */
const daemonsOf = ({ server, world, projectId }) =>
  (server.processes ?? world.allSandboxes(projectId).flatMap(({ commands }) => commands)).map(({ pid }) => pid)

const isGone = (path) =>
  access(path).then(
    () => false,
    () => true,
  )

describe('the daemon and its gateway', { concurrency: 4 }, () => {
  test('it registers its address, by its token', async (t) => {
    const gateway = await startGateway(t)
    const { url } = await startDaemon(t, { env: { COMPUTESDK_GATEWAY_URL: `${gateway.url}/` } })
    const [first] = await eventually(() => gateway.seen.length > 0 && gateway.seen)
    assert.deepEqual(first.body, { url })
    assert.equal(first.endpoint, 'POST /internal/daemons')
    assert.ok(first.authorization === `Bearer ${ACCESS_TOKEN}`)
  })

  test('it registers until it is accepted, and prints that once', async (t) => {
    const gateway = await startGateway(t, { status: 404 })
    const env = { COMPUTESDK_GATEWAY_URL: gateway.url }
    const daemon = await startDaemon(t, { env, options: ['--heartbeat-ms', '50'] })
    await eventually(() => gateway.seen.length >= 3)
    gateway.status = 204
    await eventually(() => /^registered$/m.test(daemon.output))
    const before = gateway.seen.length
    await eventually(() => gateway.seen.length >= before + 3)
    assert.deepEqual(daemon.output.trim().split('\n').slice(1), ['the gateway answers 404', 'registered'])
    assert.ok(!daemon.output.includes(ACCESS_TOKEN), 'the token shows')
  })

  test('it registers again at a gateway that was restarted', async (t) => {
    const gateway = await startGateway(t)
    const env = { COMPUTESDK_GATEWAY_URL: gateway.url }
    const daemon = await startDaemon(t, { env, options: ['--heartbeat-ms', '50'] })
    await eventually(() => gateway.seen.length > 0)
    await gateway.close()
    await eventually(() => daemon.output.includes('the gateway does not answer'))
    const next = await startGateway(t, { port: gateway.port })
    const [first] = await eventually(() => next.seen.length > 0 && next.seen)
    assert.deepEqual(first.body, { url: daemon.url })
  })

  test('it ends when no gateway knows it for long', async (t) => {
    const gateway = await startGateway(t, { status: 404 })
    const env = { COMPUTESDK_GATEWAY_URL: gateway.url }
    const daemon = await startDaemon(t, { env, options: ['--heartbeat-ms', '50', '--lonely-ms', '2000'] })
    assert.equal(await daemon.ended, 1)
    assert.match(daemon.output, /ending: no gateway knows it\n$/)
  })

  test('it stays as long as one does', async (t) => {
    const gateway = await startGateway(t)
    const env = { COMPUTESDK_GATEWAY_URL: gateway.url }
    const daemon = await startDaemon(t, { env, options: ['--heartbeat-ms', '50', '--lonely-ms', '100'] })
    await eventually(() => gateway.seen.length >= 8)
    assert.equal(daemon.child.exitCode, null)
  })

  test('it needs a token', async (t) => {
    const { command, args } = daemonCommand()
    const child = spawn(command, args, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'ignore', 'pipe'] })
    t.after(() => child.kill())
    let said = ''
    child.stderr.on('data', (text) => (said += text))
    assert.equal(await new Promise((resolve) => child.once('close', resolve)), 2)
    assert.equal(said, 'COMPUTESDK_ACCESS_TOKEN is missing.\n')
  })
})

describe('the end of the daemon', { concurrency: true }, () => {
  /** A daemon with a command under way, and with one that a command has left behind. */
  async function busy(t) {
    const daemon = await startDaemon(t)
    const left = Number((await daemon.run('sleep 60 & echo $!')).stdout)
    const command = 'echo $$ > pid.part; mv pid.part pid; exec sleep 60'
    await daemon.ask('POST /run/command', { command, background: true })
    const pid = Number(await eventually(async () => (await daemon.ask('GET /files/pid?content=true')).body.content))
    assert.ok(isAlive(left) && isAlive(pid))
    return { ...daemon, pids: [left, pid] }
  }

  for (const [signal, end] of [
    ['SIGTERM', 0],
    ['SIGINT', 0],
    ['SIGHUP', 0],
    ['SIGKILL', 'SIGKILL'],
  ]) {
    test(`by ${signal} takes its commands and its folder along`, async (t) => {
      const daemon = await busy(t)
      process.kill(-daemon.child.pid, signal)
      assert.equal(await daemon.ended, end)
      await eventually(() => !daemon.pids.some(isAlive))
      await eventually(() => isGone(daemon.folder))
    })
  }

  test('comes with that of the process that has started it', async (t) => {
    const { command, args } = daemonCommand()
    const code = `const { spawn } = require('node:child_process')
      const options = { stdio: ['ignore', 'pipe', 'inherit'], detached: true }
      const child = spawn(${JSON.stringify(command)}, ${JSON.stringify(args)}, options)
      child.stdout.once('data', () => { console.log(child.pid); setInterval(() => {}, 1000) })`
    const parent = spawn(process.execPath, ['-e', code], {
      env: { PATH: process.env.PATH, COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => parent.kill('SIGKILL'))
    const pid = await new Promise((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
    assert.ok(isAlive(pid))
    parent.kill('SIGKILL')
    await eventually(() => !isAlive(pid))
  })

  test('comes with that of a fake server used by hand, whose --daemon has started it', async (t) => {
    const file = fileURLToPath(new URL('servers/start.mjs', import.meta.url))
    const server = spawn(process.execPath, [file, 'railway', '--daemon'], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => server.kill('SIGKILL'))
    let output = ''
    server.stdout.on('data', (text) => (output += text))
    await eventually(() => output.includes('Ctrl-C'))
    const said = (name) => new RegExp(`^export RAILWAY_${name}=(.*)$`, 'm').exec(output)[1]
    const [baseUrl, apiKey, projectId] = ['BASE_URL', 'API_KEY', 'PROJECT_ID'].map(said)
    const provider = railway({ baseUrl, apiKey, projectId, environmentId: said('ENVIRONMENT_ID') })
    await provider.create({ daemonConfig: { accessToken: ACCESS_TOKEN } })
    const url = await eventually(() => /^listening on (\S+)$/m.exec(output)?.[1])
    server.kill('SIGINT')
    assert.equal(await new Promise((resolve) => server.once('close', resolve)), 0)
    assert.match(output, /^ending: stopped by SIGTERM$/m)
    const headers = { authorization: `Bearer ${ACCESS_TOKEN}` }
    await assert.rejects(fetch(`${url}/health`, { headers }), TypeError)
  })

  for (const [name, start] of Object.entries(PLACES)) {
    for (const how of ['destroy', 'close']) {
      const when = how === 'destroy' ? 'is destroyed' : 'is there no more, for the server has been closed'
      test(`at ${name} comes when its instance ${when}`, async (t) => {
        const gateway = await startGateway(t)
        const fixture = await start()
        t.after(() => fixture.close())
        const daemonConfig = { accessToken: ACCESS_TOKEN, gatewayUrl: gateway.url, env: { GREETING: 'bonjour' } }
        const { instanceId } = await fixture.provider.create({ daemonConfig })
        const { body } = await eventually(() => gateway.seen[0])
        const headers = { authorization: `Bearer ${ACCESS_TOKEN}` }
        const run = async (command) => {
          const request = { method: 'POST', headers, body: JSON.stringify({ command }) }
          return (await (await fetch(`${body.url}/run/command`, request)).json()).data.stdout
        }
        const info = await (await fetch(`${body.url}/info`, { headers })).json()
        assert.equal(await run('echo $GREETING'), 'bonjour\n')
        const child = Number(await run('sleep 60 & echo $!'))
        const [daemon, ...others] = daemonsOf(fixture)
        assert.deepEqual(others, [])
        assert.ok(isAlive(child) && isAlive(daemon))
        await (how === 'destroy' ? fixture.provider.destroy(instanceId) : fixture.server.close())
        await eventually(() => ![child, daemon].some(isAlive))
        await eventually(() => isGone(info.data.folder))
      })
    }
  }
})
