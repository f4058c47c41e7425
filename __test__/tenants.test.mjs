// Two tenants in one process: with two credentials, and at two addresses. Neither hides or delays what the other has.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'

import { namespace, render } from '@computesdk/gateway'

import { canary } from './support/canary.mjs'
import { withFastClock } from './support/fast-clock.mjs'
import { withNamespace } from './support/namespace.mjs'
import { listenUntilEnd } from './support/listen.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

const KEY = { idempotencyKey: 'order-1' }

/** An address of a caller's own, which answers as it likes. */
async function withAddress(t, listener) {
  const { url } = await listenUntilEnd(t, createServer(listener))
  return url
}

test("a destroy with another credential's id does not hide the service from its owner", async (t) => {
  const { world, config, provider } = await withNamespace(t)
  const { instanceId } = await provider.create(KEY)
  const token = world.addToken({ workspace: world.createWorkspace({ name: 'other' }), token: canary('other-tenant') })
  await namespace({ ...config, token }).destroy(instanceId)
  assert.equal((await provider.create(KEY)).instanceId, instanceId)
})

test('a destroy with another credential for the same workspace finds and deletes it', async (t) => {
  const { world, owner, config, services } = await withRender(t)
  // It waits until the list must show what it does not.
  const { addon } = withFastClock()
  const provider = addon.render(config)
  const { instanceId } = await provider.create(KEY)
  const apiKey = world.addApiKey({ owners: [owner], key: canary('rotated-key') })
  await addon.render({ ...config, apiKey }).destroy(instanceId)
  assert.equal(services().length, 0)
  assert.notEqual((await provider.create(KEY)).instanceId, instanceId)
})

for (const [title, apiKey] of [
  ['another credential', canary('own-key')],
  ['the same credential', undefined],
]) {
  test(`a destroy at another address with ${title} does not hide the resource, whatever its answer was`, async (t) => {
    const { ownerId, config, provider } = await withRender(t)
    const { instanceId } = await provider.create(KEY)
    const asked = []
    const baseUrl = await withAddress(t, ({ method }, answer) => {
      asked.push(method)
      if (method === 'DELETE') return answer.writeHead(204).end()
      answer.setHeader('content-type', 'application/json')
      answer.end(JSON.stringify({ id: instanceId, ownerId, type: 'web_service', name: 'mine' }))
    })
    await render({ ...config, baseUrl, ...(apiKey && { apiKey }) }).destroy(instanceId)
    assert.deepEqual(asked, ['GET', 'DELETE'])
    assert.equal((await provider.create(KEY)).instanceId, instanceId)
  })
}

test('a create that hangs at another address holds up no create with the same key', async (t) => {
  const { config, provider } = await withRender(t)
  let arrive
  const arrival = new Promise((resolve) => (arrive = resolve))
  const baseUrl = await withAddress(t, arrive)
  const controller = new AbortController()
  const hanging = render({ ...config, baseUrl }).create({ ...KEY, signal: controller.signal })
  await arrival
  assert.ok((await provider.create(KEY)).instanceId)
  controller.abort()
  await rejection(hanging, { code: 'ABORTED' })
})

test('a create that hangs holds up no create of another credential with the same key', async (t) => {
  const { world, owner, config, provider, server } = await withRender(t)
  const controller = new AbortController()
  const arrival = new Promise((resolve) => {
    server.faults.add({ kind: 'slow', when: () => (resolve(), true), milliseconds: 60_000 })
  })
  const hanging = provider.create({ ...KEY, signal: controller.signal })
  await arrival
  const apiKey = world.addApiKey({ owners: [owner], key: canary('second-key') })
  assert.ok((await render({ ...config, apiKey }).create(KEY)).instanceId)
  controller.abort()
  await rejection(hanging, { code: 'ABORTED' })
})
