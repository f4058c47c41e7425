// Answers that are lost on the way from a real engine: one container comes of a create, or none.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { forEachEngine, IMAGE, withEngine } from './support/docker.mjs'

const FAULTS = {
  'its answer is lost': { kind: 'reset-after' },
  'half of its answer comes': { kind: 'cut' },
  'it never arrives': { kind: 'reset-before' },
  'a failure is answered after its effect': { kind: 'respond', status: 503, body: 'upstream connect error', effect: true },
  'a failure is answered instead': { kind: 'respond', status: 500, body: '{"message":"internal"}' },
  'a page is answered after its effect': { kind: 'respond', status: 200, body: '<html></html>', effect: true },
}

forEachEngine(describe, (kind) => {
  for (const operation of ['create', 'start', 'inspect', 'inspectImage', 'version']) {
    for (const [title, fault] of Object.entries(FAULTS)) {
      test(`one container comes of a create although of its ${operation} ${title}`, async (t) => {
        const { makeProvider, server, existing, inspect, requestsFor } = await withEngine(t, kind)
        const provider = makeProvider({ maxRetries: 3 })
        server.faults.add({ ...fault, when: operation })
        const created = await provider.create({ image: IMAGE }).catch((error) => error)
        if (created instanceof Error) {
          // A page in the place of a read is no answer of an engine, and may come again.
          assert.ok(['version', 'inspectImage'].includes(operation) && fault.status === 200, created.message)
          assert.deepEqual(existing(), [])
          return
        }
        assert.deepEqual(existing(), [created.instanceId])
        assert.equal(inspect(created.instanceId).State.Status, 'running')
        const started = requestsFor('start').filter(({ effect }) => effect)
        assert.equal(started.length, 1, 'it was started once')
      })
    }
  }

  for (const [title, fault] of Object.entries(FAULTS)) {
    test(`a container is gone although of its removal ${title}`, async (t) => {
      const { makeProvider, server, existing } = await withEngine(t, kind)
      const provider = makeProvider({ maxRetries: 3 })
      const { instanceId } = await provider.create({ image: IMAGE })
      server.faults.add({ ...fault, when: 'remove' })
      const failure = await provider.destroy(instanceId).catch((error) => error)
      // Only an empty answer says that it is gone: this one is not repeated, because it is no failure that passes.
      if (failure) assert.equal(failure.code, 'PROTOCOL')
      assert.deepEqual(existing(), [])
      await provider.destroy(instanceId)
    })
  }

  test('the same name under two creates makes one container, whichever is lost', async (t) => {
    const { makeProvider, server, existing } = await withEngine(t, kind)
    const provider = makeProvider({ maxRetries: 3 })
    server.faults.add({ kind: 'reset-after', when: 'create' })
    const key = { image: IMAGE, idempotencyKey: 'lost twins' }
    const [one, other] = await Promise.all([provider.create(key), provider.create(key)])
    assert.equal(one.instanceId, other.instanceId)
    assert.deepEqual(existing(), [one.instanceId])
  })
})
