// Who starts the daemon when a create is repeated, or an answer is lost: once where that can be, and never not at all.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { uniqueCanary } from './support/fixture.mjs'
import { rejection } from './support/rejection.mjs'
import { DAEMON, withFastVercel, withVercel } from './support/vercel.mjs'
import { asksForDaemon, COMMAND_PLANS } from './servers/vercel/index.mjs'

const started = 'runCommand'
const KEYED = { ...DAEMON, idempotencyKey: 'key' }
const SUCCEEDS = { server: { commandPlan: COMMAND_PLANS.succeeds } }
const RETRIES = { config: { maxRetries: 3 } }

describe('a sandbox that a create with the same key has made before', { concurrency: true }, () => {
  test('gets its daemon if none was started', async (t) => {
    const { provider, makeProvider, requestsFor } = await withVercel(t, SUCCEEDS)
    // As a process leaves it that is killed between the two requests.
    const { instanceId } = await provider.create({ ...KEYED, installCommand: false })
    assert.equal(requestsFor(started).length, 0)
    assert.equal((await makeProvider().create(KEYED)).instanceId, instanceId)
    assert.equal(requestsFor(started).length, 1)
  })

  test('keeps the daemon that was started', async (t) => {
    const { provider, makeProvider, requestsFor, asked } = await withFastVercel(t)
    const { instanceId } = await provider.create(KEYED)
    const before = asked().length
    assert.equal((await makeProvider().create(KEYED)).instanceId, instanceId)
    assert.equal(requestsFor(started).length, 1)
    assert.deepEqual([...new Set(asked().slice(before))], ['getSandbox', 'listCommands'])
  })

  test('keeps one that was started and has gone to the background', async (t) => {
    const { provider, makeProvider, requestsFor } = await withVercel(t, SUCCEEDS)
    await provider.create(KEYED)
    await makeProvider().create({ ...KEYED, installCommand: 'another' })
    assert.equal(requestsFor(started).length, 1)
  })

  test('does not count as one because of foreign commands', async (t) => {
    const { provider, makeProvider, world, requestsFor } = await withVercel(t, SUCCEEDS)
    const { instanceId } = await provider.create({ ...KEYED, installCommand: false })
    const { session } = world.sandbox(instanceId)
    for (const args of [[], ['-c', 'compute start'], ['-c', 'x', 'computesdk-ready-0123456789abcdef']]) {
      await world.commands.start(session, { command: 'sh', args }, {})
    }
    await makeProvider().create(KEYED)
    assert.equal(requestsFor(started).length, 1)
  })

  test('is left as it is when its daemon has failed, and is named', async (t) => {
    const { provider, makeProvider, sandboxes, world } = await withVercel(t, SUCCEEDS)
    const { instanceId } = await provider.create({ ...KEYED, installCommand: false })
    world.planNextCommand(COMMAND_PLANS.fails)
    // Another caller may hold it: only its creator may delete it.
    await rejection(makeProvider().create(KEYED), { code: 'PROVISION_FAILED', instanceId, message: /exit code 1/ })
    assert.deepEqual(sandboxes().map(({ name }) => name), [instanceId])
  })

  test('is left as it is when it has stopped, and is named', async (t) => {
    const { provider, makeProvider, sandboxes, world } = await withVercel(t, SUCCEEDS)
    const { instanceId } = await provider.create(KEYED)
    world.stopSession(world.sandbox(instanceId).session)
    await rejection(makeProvider().create(KEYED), { code: 'PROVISION_FAILED', instanceId, message: /status stopped/ })
    assert.equal(sandboxes().length, 1)
  })

  // Reads show one that another process has destroyed, as it was or stopped.
  for (const showStopped of [false, true]) {
    for (const waitUntilReady of [false, true]) {
      const how = `${showStopped ? 'stopped' : 'running'}${waitUntilReady ? ', with waitUntilReady' : ''}`
      test(`is replaced when it is gone, and reads showed it ${how}`, async (t) => {
        const { provider, makeProvider, sandboxes, world } = await withFastVercel(t, SUCCEEDS)
        const { instanceId } = await provider.create(KEYED)
        const former = world.sandbox(instanceId)
        world.stale = { reads: 1, showStopped }
        world.deleteSandbox(former)
        const token = world.addToken({ token: uniqueCanary('elsewhere') })
        const again = await makeProvider({ token }).create({ ...KEYED, waitUntilReady })
        assert.equal(again.instanceId, instanceId)
        assert.deepEqual(sandboxes().map(({ name }) => name), [instanceId])
        assert.notEqual(world.sandbox(instanceId), former)
      })
    }
  }

  test('proves itself anew to a call that waits for it', async (t) => {
    const { provider, makeProvider, world, requestsFor } = await withVercel(t, SUCCEEDS)
    const waiting = { ...KEYED, waitUntilReady: true, readyTimeoutMs: 2_000 }
    const { instanceId } = await provider.create(waiting)
    // What was true then may not be true any more.
    world.planNextCommand(COMMAND_PLANS.stays)
    await rejection(makeProvider().create(waiting), { code: 'TIMEOUT', instanceId })
    const asking = requestsFor(started).filter(({ json }) => asksForDaemon(json))
    assert.equal(new Set(asking.map(({ json }) => json.args[2])).size, 2)
  })

  test('gets one daemon from two calls at once', async (t) => {
    const { provider, requestsFor, sandboxes } = await withVercel(t, SUCCEEDS)
    const results = await Promise.all([provider.create(KEYED), provider.create(KEYED), provider.create(KEYED)])
    assert.equal(new Set(results.map(({ instanceId }) => instanceId)).size, 1)
    assert.equal(sandboxes().length, 1)
    assert.equal(requestsFor(started).length, 1)
  })
})

describe('a lost answer', { concurrency: true }, () => {
  for (const fault of [{ kind: 'reset-after' }, { kind: 'cut' }, { kind: 'respond', status: 500, effect: true }]) {
    test(`to the command that was started: it is found, and not started again (${fault.kind})`, async (t) => {
      const { provider, server, world, asked } = await withFastVercel(t, RETRIES)
      server.faults.add({ ...fault, when: started })
      const { instanceId } = await provider.create(DAEMON)
      assert.equal(world.sandbox(instanceId).commands.length, 1)
      assert.ok(asked().includes('listCommands'))
    })
  }

  test('to a command that was never started: it is started again', async (t) => {
    const { provider, server, world, requestsFor } = await withFastVercel(t, RETRIES)
    server.faults.add({ kind: 'reset-before', when: started })
    const { instanceId } = await provider.create(DAEMON)
    assert.equal(requestsFor(started).length, 2)
    assert.equal(world.sandbox(instanceId).commands.length, 1)
  })

  test('to the command, where nothing may be repeated: the sandbox is removed', async (t) => {
    const { provider, server, sandboxes } = await withFastVercel(t)
    server.faults.add({ kind: 'reset-after', when: started })
    await rejection(provider.create(DAEMON), { code: 'NETWORK', message: /removed again/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('to the create: the sandbox is found, and gets its daemon', async (t) => {
    const { provider, server, world, sandboxes, requestsFor } = await withFastVercel(t, RETRIES)
    server.faults.add({ kind: 'reset-after', when: 'createSandbox' })
    const { instanceId } = await provider.create(DAEMON)
    assert.deepEqual(sandboxes().map(({ name }) => name), [instanceId])
    assert.equal(requestsFor('createSandbox').length, 1)
    assert.equal(world.sandbox(instanceId).commands.length, 1)
  })

  // Nothing is recorded of commands that show late; nothing says that they do not.
  test('is not what a command means that does not show yet', async (t) => {
    const { provider, world, requestsFor } = await withFastVercel(t)
    world.commandLag.reads = 5
    const { instanceId } = await provider.create(DAEMON)
    assert.equal(requestsFor(started).length, 1)
    assert.equal(world.sandbox(instanceId).commands.length, 1)
  })

  test('to a probe of the daemon: the probe is repeated', async (t) => {
    const { provider, server, world } = await withFastVercel(t, RETRIES)
    server.faults.add({ kind: 'reset-before', when: 'getCommand', times: 2 })
    const { instanceId } = await provider.create(DAEMON)
    assert.equal(world.sandbox(instanceId).commands.length, 1)
  })
})
