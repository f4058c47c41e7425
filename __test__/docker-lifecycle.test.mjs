// Reading, listing and removing containers of real engines.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { forEachEngine, IMAGE, withEngine } from './support/docker.mjs'
import { eventually } from './support/eventually.mjs'
import { rejection } from './support/rejection.mjs'

forEachEngine(describe, (kind) => {
  test('a container is found by its id and by its short id', async (t) => {
    const { provider } = await withEngine(t, kind)
    const { instanceId } = await provider.create({ image: IMAGE })
    for (const id of [instanceId, instanceId.slice(0, 12), instanceId.slice(0, 20), ` ${instanceId} `]) {
      assert.equal((await provider.getById(id)).instanceId, instanceId)
    }
    assert.equal(await provider.getById(`${instanceId.slice(0, 63)}${instanceId.endsWith('0') ? 1 : 0}`), null)
  })

  test('a container whose name looks like an id is neither found nor removed by it', async (t) => {
    const { provider, addOther, engine, existing } = await withEngine(t, kind)
    const id = addOther()
    const name = 'deadbeefcafe'
    assert.equal((await engine.call('POST', `/containers/${id}/rename?name=${name}`)).status, 204)
    assert.equal(await provider.getById(name), null)
    await provider.destroy(name)
    assert.deepEqual(existing(), [id])
    // Nor taken for what a create of this name has made.
    await rejection(provider.create({ image: IMAGE, name }), { code: 'ALREADY_EXISTS' })
  })

  test('a name that is the beginning of an id is free', async (t) => {
    const { provider, addOther } = await withEngine(t, kind)
    const id = addOther()
    const { instance, instanceId } = await provider.create({ image: IMAGE, name: id.slice(0, 12) })
    assert.notEqual(instanceId, id)
    assert.equal(instance.name, id.slice(0, 12))
  })

  test('containers in every state are listed, with what they do', async (t) => {
    const { provider, addOther, engine } = await withEngine(t, kind)
    const make = async (command) => (await provider.create({ image: IMAGE, command })).instanceId
    const running = await make(['/bin/sleep', '1000'])
    const ended = await make(['/bin/true'])
    const failed = await make(['/bin/false'])
    const created = addOther()
    for (const id of [ended, failed]) await engine.call('POST', `/containers/${id}/wait`)
    const expected = { [running]: 'running', [ended]: 'stopped', [failed]: 'failed', [created]: 'pending' }
    const listed = await provider.list()
    assert.deepEqual(Object.fromEntries(listed.map(({ instanceId, instance }) => [instanceId, instance.status])), expected)
    for (const [id, status] of Object.entries(expected)) assert.equal((await provider.getById(id)).instance.status, status)
    const managed = await provider.list({ managed: true })
    assert.deepEqual(managed.map(({ instanceId }) => instanceId).sort(), [running, ended, failed].sort())
  })

  test('only the engine filters by label', async (t) => {
    const { provider, requestsFor } = await withEngine(t, kind)
    await provider.list()
    await provider.list({ managed: true })
    const [all, managed] = requestsFor('list').map(({ query }) => query)
    assert.deepEqual(all, { all: '1' })
    assert.deepEqual(JSON.parse(managed.filters), { label: ['computesdk.managed=true'] })
  })

  test('a container is removed in every state', async (t) => {
    const { provider, addOther, engine, existing } = await withEngine(t, kind)
    const running = (await provider.create({ image: IMAGE })).instanceId
    const ended = (await provider.create({ image: IMAGE, command: ['/bin/true'] })).instanceId
    const paused = (await provider.create({ image: IMAGE })).instanceId
    const isPaused = (await engine.call('POST', `/containers/${paused}/pause`)).status === 204
    const ids = [running, ended, addOther(), ...(isPaused ? [paused] : [])]
    await Promise.all(ids.map((id) => provider.destroy(id)))
    if (!isPaused) await provider.destroy(paused)
    assert.deepEqual(existing(), [])
  })

  test('a removal that is under way is waited for', async (t) => {
    const { provider, makeProvider, engine, existing } = await withEngine(t, kind)
    for (let turn = 0; turn < 5; turn += 1) {
      const { instanceId } = await provider.create({ image: IMAGE })
      const stranger = makeProvider({ host: engine.host })
      await Promise.all([provider.destroy(instanceId), stranger.destroy(instanceId), provider.destroy(instanceId.slice(0, 12))])
      assert.deepEqual(existing(), [])
    }
  })

  test('an aborted create leaves nothing', async (t) => {
    const { provider, server, existing } = await withEngine(t, kind)
    for (const operation of ['inspectImage', 'create', 'start', 'inspect']) {
      server.reset()
      const controller = new AbortController()
      server.faults.add({ kind: 'slow', milliseconds: 100, when: operation })
      const ended = rejection(provider.create({ image: IMAGE, signal: controller.signal }), { code: 'ABORTED' })
      const isMet = (request) => request.operation === operation && request.fault
      await eventually(() => server.requests.some(isMet), 'the fault is met')
      controller.abort()
      await ended
      const isRemoved = operation === 'inspectImage'
      if (!isRemoved) await server.waitForRequest(({ operation: asked, status }) => asked === 'remove' && status === 204)
      assert.deepEqual(existing(), [], operation)
    }
  })
})
