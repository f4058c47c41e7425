// What a test can make of the Namespace server: processes, faults, records, a world.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { eventually } from '../../support/eventually.mjs'
import { connectError, PLANS, tooManyRequests } from './index.mjs'
import { BODY, setUp } from './test-client.mjs'

describe('processes', () => {
  const shell = (script) => ({ command: '/bin/sh', args: ['-c', script] })

  test('run for containers that are up, with their environment, and stop with them', async () => {
    const { createId, ask, destroy, server } = await setUp({ runCommand: shell('echo "$GREETING"; exec sleep 60') })
    const instanceId = await createId()
    assert.equal(server.processes.length, 0)
    await ask('WaitInstanceSync', { instanceId })
    const [running] = server.processes
    assert.deepEqual([running.instanceId, running.containerName], [instanceId, 'main-container'])
    assert.deepEqual(running.environment, { PATH: process.env.PATH, GREETING: 'hello' })
    await eventually(() => running.output === 'hello\n', 'its output')
    await destroy(instanceId)
    await running.exited
    assert.equal(running.signal, 'SIGTERM')
  })

  test('of a SERVICE fail the instance when they end, whatever their exit code', async () => {
    for (const code of [0, 3]) {
      const { createId, ask, server, world } = await setUp({ runCommand: shell(`exit ${code}`) })
      const instanceId = await createId()
      await ask('WaitInstanceSync', { instanceId })
      await server.processes[0].exited
      assert.equal(world.get(instanceId).status, 'ERROR')
      const { shutdownReasons } = await ask('DescribeInstance', { instanceId })
      assert.deepEqual([shutdownReasons[0].errorCode ?? 0, shutdownReasons[0].containerName], [code, 'main-container'])
    }
  })

  test('of a JOB end the instance when they end', async () => {
    const { createId, ask, server, world } = await setUp({ runCommand: shell('exit 0') })
    const { workloadType, ...job } = BODY.containers[0]
    const instanceId = await createId({ containers: [job] })
    await ask('WaitInstanceSync', { instanceId })
    await server.processes[0].exited
    assert.equal(world.get(instanceId).status, 'DESTROYING')
  })

  test('are chosen by instance and container, and end with the server', async () => {
    const seen = []
    const { createId, ask, server } = await setUp({
      runCommand({ instance, container }, variables) {
        seen.push([instance.id, container.name, variables.GREETING])
        return shell('exec sleep 60')
      },
    })
    const instanceId = await createId()
    await ask('WaitInstanceSync', { instanceId })
    assert.deepEqual(seen, [[instanceId, 'main-container', 'hello']])
    await server.close()
    assert.equal(server.processes[0].signal, 'SIGTERM')
  })

  test('move by themselves with the clock', async () => {
    const { createId, server } = await setUp({ stepMilliseconds: 1, runCommand: shell('exec sleep 60') })
    await createId()
    await eventually(() => server.processes.length === 1, 'it is up without a read')
  })
})

describe('faults and records', () => {
  test('hit the method that they name, with or without its effect', async () => {
    const { call, refused, server, world, workspace } = await setUp()
    server.faults.add({ kind: 'reset-after', when: 'CreateInstance' })
    await assert.rejects(call('CreateInstance', BODY))
    assert.equal(world.allInstances(workspace).length, 1)
    server.faults.add({ ...connectError('unavailable', { message: 'later' }), when: 'CreateInstance' })
    await refused('CreateInstance', BODY, 503, 'unavailable')
    const internal = connectError('internal', { effect: true, form: { code: 'number' } })
    server.faults.add({ ...internal, when: 'CreateInstance' })
    await refused('CreateInstance', BODY, 500, 13)
    assert.equal(world.allInstances(workspace).length, 2)
    server.faults.add({ ...tooManyRequests({ retryAfter: 3 }), when: 'ListInstances' })
    assert.equal((await call('ListInstances', {})).headers['retry-after'], '3')
  })

  test('can cut, replace and delay answers', async () => {
    const { call, ask, server, world, workspace } = await setUp()
    server.faults.add({ kind: 'cut', when: 'CreateInstance' })
    await assert.rejects(call('CreateInstance', BODY))
    server.faults.add({ kind: 'replace', when: 'ListInstances', map: (json) => ({ ...json, surprise: 1 }) })
    assert.equal((await ask('ListInstances', {})).surprise, 1)
    server.faults.add({ kind: 'late-effect', when: 'CreateInstance', milliseconds: 5 })
    await assert.rejects(call('CreateInstance', BODY))
    await server.quiet()
    assert.equal(world.allInstances(workspace).length, 2)
    server.faults.add({ kind: 'late-effect', when: 'WaitInstanceSync', milliseconds: 5 })
    world.planNext(PLANS.never)
    const { metadata } = await ask('CreateInstance', BODY)
    await assert.rejects(call('WaitInstanceSync', { instanceId: metadata.instanceId }))
    await server.quiet()
  })

  test('keep what was asked, by method and region', async () => {
    const seen = []
    const onDone = ({ operation, region, status }) => seen.push([operation, region, status])
    const { ask, server } = await setUp({ onDone })
    await ask('ListInstances', { maxEntries: 3 })
    await ask('ListInstances', {}, { region: 'eu' })
    await eventually(() => seen.length === 2, 'both are done')
    assert.deepEqual(seen, [['ListInstances', 'us', 200], ['ListInstances', 'eu', 200]])
    assert.deepEqual(server.requests[0].json, { maxEntries: 3 })
    assert.deepEqual(server.operations(), { ListInstances: 2 })
  })

  test('repeat with the seed', async () => {
    const make = async (seed) => {
      const { world, createId } = await setUp({ seed })
      return [world.seed().token, await createId()]
    }
    assert.deepEqual(await make(3), await make(3))
    assert.notDeepEqual(await make(3), await make(4))
  })
})

test('a seeded world has a token, a workspace and an instance of others', async () => {
  const { world, ids, server } = await setUp({ runCommand: { command: 'sleep', args: ['60'] } })
  const { token, workspaceId } = world.seed()
  assert.equal((await ids({}, { by: token })).length, 2)
  assert.equal(world.liveInstances(workspaceId).length, 2)
  assert.deepEqual(server.processes, [], 'which is no business of ours')
})
