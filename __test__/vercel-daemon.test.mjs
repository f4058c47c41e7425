// How the daemon gets into a sandbox: by a command after the creation, for no image with it can be given.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertSame, canary } from './support/canary.mjs'
import { withFastClock } from './support/fast-clock.mjs'
import { withFolder } from './support/folder.mjs'
import { rejection } from './support/rejection.mjs'
import { DAEMON, REALLY, withFastVercel, withVercel } from './support/vercel.mjs'
import { COMMAND_PLANS, planDaemon } from './servers/vercel/index.mjs'

const started = 'runCommand'

/** A daemon: tells where it listens, and answers with the token that it was given. */
const DAEMON_PROGRAM = `
  const answer = (request, response) => response.end(process.env.COMPUTESDK_ACCESS_TOKEN)
  const server = require('node:http').createServer(answer)
  const tell = () => require('node:fs').writeFileSync(process.env.PORT_FILE, String(server.address().port))
  server.listen(0, '127.0.0.1', tell)`

const SUCCEEDS = { server: { commandPlan: COMMAND_PLANS.succeeds } }

describe('the command that starts the daemon', () => {
  test('is not sent where no daemon is asked for', async (t) => {
    const { provider, asked } = await withVercel(t)
    await provider.create({ installCommand: 'compute start', envs: { A: 'b' }, waitUntilReady: true })
    assert.deepEqual(asked(), ['createSandbox', 'getSandbox'])
  })

  test('is not sent where it is switched off', async (t) => {
    const { provider, world, asked } = await withVercel(t)
    const { instanceId } = await provider.create({ ...DAEMON, installCommand: false, waitUntilReady: true })
    assertSame(world.sandbox(instanceId).env, { COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN }, 'variables')
    assert.deepEqual(asked(), ['createSandbox', 'getSandbox'])
  })

  test('is a shell script that runs as root with the variables, detached', async (t) => {
    const { provider, requestsFor, world, teamId } = await withVercel(t, SUCCEEDS)
    const script = 'echo "$EXTRA" && compute start # of ours'
    const { instance } = await provider.create({ ...DAEMON, envs: { EXTRA: canary('extra') }, installCommand: script })
    const [{ json, query, url, headers }] = requestsFor(started)
    const expected = {
      command: 'sh',
      args: ['-c', script, 'computesdk-install'],
      env: { COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN, EXTRA: canary('extra') },
      sudo: true,
    }
    assertSame(json, expected, 'the command')
    assert.ok(url.startsWith(`/api/v2/sandboxes/sessions/${instance.sessionId}/cmd?`), url)
    assert.deepEqual({ ...query }, { teamId })
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(world.sandbox(instance.name).commands.length, 1)
  })

  for (const installCommand of [undefined, null, '', ' ']) {
    test(`is the ComputeSDK’s installer by default (${JSON.stringify(installCommand)})`, async (t) => {
      const { provider, requestsFor } = await withVercel(t, SUCCEEDS)
      await provider.create({ ...DAEMON, installCommand })
      const [{ json }] = requestsFor(started)
      const [flag, script] = json.args
      assert.equal(flag, '-c')
      // docs/providers/vercel.md
      const parts = ['https://computesdk.com/install.sh', '--non-interactive', '/usr/local/bin', 'compute start']
      for (const part of parts) assert.ok(script.includes(part), part)
      assert.ok(!script.includes(ACCESS_TOKEN), 'the token stands in its variable, not in the script')
    })
  }

  const wrong = [
    ['installCommand', 5],
    ['installCommand', true],
    ['installCommand', {}],
    ['readyCommand', false],
    ['readyCommand', 5],
  ]
  for (const [name, value] of wrong) {
    test(`cannot be ${name}: ${JSON.stringify(value)}`, async (t) => {
      const { provider, server } = await withVercel(t)
      const message = new RegExp(`options\\.${name} must be a string`)
      await rejection(provider.create({ ...DAEMON, [name]: value }), { code: 'INVALID_ARGUMENT', message })
      assert.equal(server.requests.length, 0)
    })
  }

  test('really starts a process, which ends with its sandbox', async (t) => {
    const { provider, world } = await withFastVercel(t, REALLY)
    const file = join(withFolder(t), 'port')
    const { instanceId } = await provider.create({
      ...DAEMON,
      envs: { PORT_FILE: file, PROGRAM: DAEMON_PROGRAM },
      installCommand: 'exec node -e "$PROGRAM"',
      readyCommand: 'test -s "$PORT_FILE"',
      waitUntilReady: true,
    })
    const port = Number(await readFile(file, 'utf8'))
    const response = await fetch(`http://127.0.0.1:${port}`)
    assertSame(await response.text(), ACCESS_TOKEN, 'what the daemon was given')
    const [daemon] = world.sandbox(instanceId).commands
    assert.equal(daemon.exitCode, null)
    await provider.destroy(instanceId)
    await daemon.exited
    await assert.rejects(fetch(`http://127.0.0.1:${port}`))
  })

  test('waits for a sandbox that is still starting', async (t) => {
    const server = { plan: ['pending', 'pending', 'running'], commandPlan: COMMAND_PLANS.succeeds }
    const { provider, asked } = await withVercel(t, { server })
    assert.equal((await provider.create(DAEMON)).instance.status, 'running')
    const first = asked().indexOf(started)
    assert.deepEqual(asked().slice(0, first), ['createSandbox', 'getSandbox', 'getSandbox'])
  })

  for (const code of ['sandbox_snapshotting', 'sandbox_stopping']) {
    test(`is sent again where the session is in transition (${code})`, async (t) => {
      const { provider, server, world } = await withFastVercel(t, { ...SUCCEEDS, config: { maxRetries: 3 } })
      server.faults.add({ kind: 'respond', status: 422, body: { error: { code, message: 'later' } }, when: started })
      const { instanceId } = await provider.create(DAEMON)
      assert.equal(world.sandbox(instanceId).commands.length, 1)
    })
  }
})

// Mostly waits between two probes, so they run side by side.
describe('the daemon', { concurrency: true }, () => {
  test('is watched for at least two seconds', async (t) => {
    const { provider, requestsFor, real, asked } = await withFastVercel(t)
    await provider.create(DAEMON)
    const [{ at }] = requestsFor(started)
    const looks = requestsFor('getCommand')
    assert.ok(looks.at(-1).at - at >= real(2_000), `only ${looks.at(-1).at - at} ms`)
    assert.equal(asked().includes('listCommands'), false, 'nothing can run in a new sandbox')
  })

  test('that ends in this time is a failure', async (t) => {
    const { real } = withFastClock()
    const ends = { milliseconds: real(1_500), exitCode: 3 }
    const { provider, sandboxes } = await withFastVercel(t, { server: { commandPlan: ends } })
    await rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', message: /exit code 3/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('that has gone to the background is not waited for', async (t) => {
    const { provider, requestsFor, world } = await withVercel(t, REALLY)
    const { instanceId } = await provider.create({ ...DAEMON, installCommand: 'sleep 30 & exit 0' })
    assert.equal(world.sandbox(instanceId).commands[0].exitCode, 0)
    const [{ at }] = requestsFor(started)
    assert.ok(requestsFor('getCommand').at(-1).at - at < 2_000)
  })
})

describe('waitUntilReady', { concurrency: true }, () => {
  test('waits until readyCommand succeeds', async (t) => {
    const { provider, world } = await withFastVercel(t, REALLY)
    const file = join(withFolder(t), 'ready')
    const created = provider.create({
      ...DAEMON,
      envs: { FILE: file },
      installCommand: 'sleep 0.5; touch "$FILE"; exec sleep 30',
      readyCommand: 'until test -e "$FILE"; do sleep 0.05; done',
      waitUntilReady: true,
    })
    const { instance, instanceId } = await created
    assert.equal(await readFile(file, 'utf8'), '', 'not before it is there')
    assert.equal(instance.status, 'running')
    const [install, ready] = world.sandbox(instanceId).commands
    assert.deepEqual([install.exitCode, ready.exitCode], [null, 0])
  })

  test('asks the daemon on its port by default', async (t) => {
    const { provider, requestsFor } = await withFastVercel(t, { server: { commandPlan: planDaemon } })
    await provider.create({ ...DAEMON, waitUntilReady: true })
    const [, { json }] = requestsFor(started)
    assert.match(json.args[2], /^computesdk-ready-[0-9a-f]{16}$/)
    assert.match(json.args[1], /^until .*curl .*127\.0\.0\.1:18080\/health/)
  })

  test('runs readyCommand in a loop of its own, whatever it is made of', async (t) => {
    const { provider, world } = await withFastVercel(t, REALLY)
    const file = join(withFolder(t), 'tries')
    const readyCommand = 'echo x >> "$FILE" # a remark\ntest "$(wc -l < "$FILE")" -ge 2'
    const options = { ...DAEMON, envs: { FILE: file }, installCommand: 'exec sleep 30', readyCommand }
    const { instanceId } = await provider.create({ ...options, waitUntilReady: true })
    assert.equal(await readFile(file, 'utf8'), 'x\nx\n')
    assert.equal(world.sandbox(instanceId).commands.length, 2)
  })

  test('gives up on a readyCommand that no shell can read', async (t) => {
    const { provider, sandboxes } = await withFastVercel(t, REALLY)
    const options = { ...DAEMON, installCommand: 'exec sleep 30', readyCommand: 'if', waitUntilReady: true }
    await rejection(provider.create(options), { code: 'PROVISION_FAILED', message: /exit code 2/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('that runs out of time destroys the sandbox', async (t) => {
    const { provider, sandboxes, asked } = await withFastVercel(t)
    const options = { ...DAEMON, waitUntilReady: true, readyTimeoutMs: 5_000 }
    await rejection(provider.create(options), { code: 'TIMEOUT', message: /removed again.*5000 ms/ })
    assert.deepEqual(sandboxes(), [])
    assert.equal(asked().at(-1), 'deleteSandbox')
  })

  test('ends when the daemon does', async (t) => {
    const file = join(withFolder(t), 'end')
    const { provider, sandboxes } = await withFastVercel(t, REALLY)
    const created = provider.create({
      ...DAEMON,
      envs: { FILE: file },
      installCommand: 'until test -e "$FILE"; do sleep 0.05; done; echo "no more"; exit 4',
      readyCommand: 'touch "$FILE"; false',
      waitUntilReady: true,
    })
    await rejection(created, { code: 'PROVISION_FAILED', message: /exit code 4\. It printed: no more$/ })
    assert.deepEqual(sandboxes(), [])
  })
})
