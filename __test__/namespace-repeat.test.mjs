// The unique tag makes a repeated create safe: what is lost is sent again, and one instance comes of it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { assertNoSecret } from './support/canary.mjs'
import { withFastClock } from './support/fast-clock.mjs'
import { stranger, withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, details, PLANS, SECRETS } from './servers/namespace/index.mjs'

const { addon } = withFastClock()

const when = 'CreateInstance'
const HANDLES = { 'no name': {}, 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } }
const page = '<!DOCTYPE html>\n<title>Bad gateway</title>\n'

/** Answers that leave open whether the create took effect. Each of them comes with and without the effect. */
const LOST = {
  'a connection that is reset': ({ effect }) => ({ kind: effect ? 'reset-after' : 'reset-before' }),
  'an internal error': ({ effect }) => connectError('internal', { effect }),
  'an unknown error': ({ effect }) => connectError('unknown', { effect }),
  'an error of its time limit': ({ effect }) => connectError('deadline_exceeded', { effect }),
  'an aborted call': ({ effect }) => connectError('aborted', { effect }),
  'a call that a proxy has cancelled': ({ effect }) => connectError('canceled', { effect }),
  'a page of a proxy': ({ effect }) => ({ kind: 'respond', status: 502, body: page, effect }),
  'a bare 400': ({ effect }) => ({ kind: 'respond', status: 400, effect }),
  'a success that is a page': ({ effect }) => ({ kind: 'html', status: 200, effect }),
  'an empty success': ({ effect }) => ({ kind: 'respond', status: 200, body: {}, effect }),
}

const idsOf = (instances) => instances.map(({ id }) => id)

describe('a create is sent again, and makes one instance, after', { concurrency: true }, () => {
  for (const [title, fault] of Object.entries(LOST)) {
    for (const effect of [true, false]) {
      for (const [how, options] of Object.entries(HANDLES)) {
        test(`${title} ${effect ? 'with' : 'without'} effect, with ${how}`, async (t) => {
          const { provider, server, instances, requestsFor } = await withNamespace(t, { config: { maxRetries: 1 } })
          server.faults.add({ ...fault({ effect }), when })
          const { instanceId } = await provider.create(options)
          assert.deepEqual(idsOf(instances()), [instanceId])
          const [first, second, ...others] = requestsFor(when)
          assert.equal(others.length, 0)
          assert.equal(first.body, second.body, 'the same to the byte, tag and deadline included')
        })
      }
    }
  }

  test('half an answer', async (t) => {
    const { provider, server, instances } = await withNamespace(t, { config: { maxRetries: 1 } })
    server.faults.add({ kind: 'cut', when })
    const { instanceId } = await provider.create()
    assert.deepEqual(idsOf(instances()), [instanceId])
  })

  test('an answer that holds no id, which is not quoted', async (t) => {
    const { provider, server, instances, asked } = await withNamespace(t)
    const withoutId = ({ metadata: { instanceId, ...metadata }, ...answer }) => ({ ...answer, metadata })
    server.faults.add({ kind: 'replace', when, map: withoutId })
    const created = await provider.create()
    assert.deepEqual(idsOf(instances()), [created.instanceId])
    assert.deepEqual(asked(), [when, 'ListInstances'], 'without retries it is looked for')
    assertNoSecret(created, SECRETS)
  })

  test('three lost sendings', async (t) => {
    const { provider, server, instances, requestsFor } = await withNamespace(t, { config: { maxRetries: 3 } })
    server.faults.add({ kind: 'reset-after', when, times: 3 })
    const { instanceId } = await provider.create()
    assert.deepEqual(idsOf(instances()), [instanceId])
    assert.equal(requestsFor(when).length, 4)
    assert.equal(new Set(requestsFor(when).map(({ body }) => body)).size, 1)
  })

  test('a rate limit that refused it', async (t) => {
    const { provider, server, instances, requestsFor } = await withNamespace(t, { config: { maxRetries: 1 } })
    server.faults.add({ ...connectError('resource_exhausted'), when })
    const { instanceId } = await provider.create()
    assert.deepEqual(idsOf(instances()), [instanceId])
    assert.equal(requestsFor(when).length, 2)
  })
})

describe('a create is not sent again', () => {
  const invalid = ['invalid_argument', 'failed_precondition', 'out_of_range', 'unimplemented']
  for (const code of [...invalid, 'permission_denied', 'unauthenticated']) {
    test(`after ${code}`, async (t) => {
      const { provider, server, asked } = await withNamespace(t, { config: { maxRetries: 3 } })
      server.faults.add({ ...connectError(code, { message: 'said' }), when })
      await rejection(provider.create(), { providerCode: code, retryable: false, message: /said$/ })
      assert.deepEqual(asked(), [when])
    })
  }

  test('after a limit of the workspace, which no wait helps against', async (t) => {
    const { provider, server, asked } = await withNamespace(t, { config: { maxRetries: 3 } })
    const fault = connectError('resource_exhausted', { details: [details.usageLimits({ used: 10, limits: 10 })] })
    server.faults.add({ ...fault, when })
    await rejection(provider.create(), { code: 'QUOTA_EXCEEDED', retryable: false })
    assert.deepEqual(asked(), [when])
  })

  test('at a wrong address', async (t) => {
    const options = { server: { wrongHost: true }, config: { maxRetries: 3 } }
    const { provider, instances, asked } = await withNamespace(t, options)
    await rejection(provider.create(), { code: 'PROTOCOL', retryable: false })
    assert.deepEqual(asked(), [when])
    assert.deepEqual(idsOf(instances()), [])
  })

  test('without retries, but looked for by its label and adopted', async (t) => {
    const { provider, server, instances, requestsFor, asked } = await withNamespace(t)
    server.faults.add({ kind: 'reset-after', when })
    const { instance, instanceId } = await provider.create()
    assert.deepEqual(idsOf(instances()), [instanceId])
    assert.deepEqual(asked(), [when, 'ListInstances'])
    const [{ json }] = requestsFor('ListInstances')
    assert.deepEqual(json.labelFilter, [{ name: 'computesdk.name', value: instance.name, op: 'EQUAL' }])
    assert.equal(json.includeCompleteRuns, true, 'it may have failed meanwhile')
  })

  test('without retries, and adopted although it has failed meanwhile', async (t) => {
    const { provider, server, instances } = await withNamespace(t, { server: { plan: ['ERROR'] } })
    server.faults.add({ kind: 'reset-after', when })
    const { instance, instanceId } = await provider.create()
    assert.equal(instance.status, 'failed')
    assert.deepEqual(idsOf(instances()), [instanceId])
  })

  test('when a lost instance is found by its label among others, even if the filter is ignored', async (t) => {
    const { provider, server, world, workspace, instances } = await withNamespace(t)
    const others = ['a', 'b', 'c'].map((name) => world.addInstance(workspace, { labels: { 'computesdk.name': name } }))
    server.faults.add({ kind: 'reset-after', when })
    // As a server would that does not know the filter.
    server.faults.add({
      kind: 'replace',
      when: 'ListInstances',
      times: Infinity,
      map: ({ instances: found }) => ({
        instances: [
          ...others.map(({ id, labels }) => ({ instanceId: id, status: 'RUNNING', labels })),
          ...found,
        ],
      }),
    })
    const { instanceId } = await provider.create()
    assert.ok(!idsOf(others).includes(instanceId))
    assert.equal(instances().length, 4)
  })
})

describe('a tag that another instance holds', () => {
  for (const otherBody of ['reuse', 'refuse']) {
    test(`is ALREADY_EXISTS with the id of the instance that has it, which stays (${otherBody})`, async (t) => {
      const fixture = await withNamespace(t, { server: { otherBody } })
      const { instanceId } = await stranger(fixture).create({ name: 'box' })
      await rejection(fixture.provider.create({ name: 'box' }), {
        code: 'ALREADY_EXISTS',
        retryable: false,
        instanceId,
        resourceName: 'box',
      })
      assert.deepEqual(idsOf(fixture.instances()), [instanceId])
      assert.equal(fixture.requestsFor(when).length, 1, 'one look has told')
    })

    test(`is ALREADY_EXISTS also if the list does not show the instance that has it yet (${otherBody})`, async (t) => {
      const fixture = await withNamespace(t, { server: { otherBody } })
      fixture.world.lag = { reads: 1 }
      const { instanceId } = await stranger(fixture).create({ name: 'box' })
      const expected = { code: 'ALREADY_EXISTS', retryable: false, instanceId }
      await rejection(fixture.provider.create({ name: 'box', waitUntilReady: true }), expected)
      assert.deepEqual(idsOf(fixture.instances()), [instanceId])
      assert.equal(fixture.requestsFor('DestroyInstance').length, 0)
    })
  }

  test('is ALREADY_EXISTS also if the instance that has it has labels that are not ours', async (t) => {
    const { provider, world, workspace, instances } = await withNamespace(t)
    const { id } = world.addInstance(workspace, { uniqueTag: 'box', labels: { team: 'blue' } })
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: id })
    assert.deepEqual(idsOf(instances()), [id])
  })

  test('is ALREADY_EXISTS also if the instance that has it has no labels', async (t) => {
    const fixture = await withNamespace(t)
    const { id } = fixture.world.addInstance(fixture.workspace, { uniqueTag: 'box' })
    const provider = addon.namespace(fixture.config)
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: id })
    assert.deepEqual(idsOf(fixture.instances()), [id])
  })

  test('in another workspace is another tag, and no create waits for one of another tenant', async (t) => {
    const { provider, server, makeProvider, world } = await withNamespace(t, { server: { plan: PLANS.never } })
    const theirs = makeProvider({ token: world.addToken({ workspace: world.createWorkspace() }) })
    const options = { name: 'box', waitUntilReady: true, readyTimeoutMs: 3_000 }
    const first = rejection(provider.create(options), { code: 'TIMEOUT' })
    await server.waitForRequest('DescribeInstance')
    const second = theirs.create({ name: 'box' })
    assert.equal(await Promise.race([first.then(() => 'first'), second.then(() => 'second')]), 'second')
    await first
  })

  test('in another region is another tag', async (t) => {
    const { provider, makeProvider, server, instances } = await withNamespace(t)
    const { instanceId: here } = await provider.create({ name: 'box' })
    const { instanceId: there } = await makeProvider({ baseUrl: server.endpoint('eu') }).create({ name: 'box' })
    assert.notEqual(here, there)
    assert.deepEqual(instances().map(({ region }) => region), ['us', 'eu'])
  })
})

describe('a key', () => {
  const key = { idempotencyKey: 'sandbox-4711' }

  test('gives the same instance again, without another create', async (t) => {
    const { provider, instances, requestsFor } = await withNamespace(t)
    const { instanceId } = await provider.create(key)
    assert.equal((await provider.create(key)).instanceId, instanceId)
    assert.deepEqual(idsOf(instances()), [instanceId])
    assert.equal(requestsFor(when).length, 1)
  })

  for (const otherBody of ['reuse', 'refuse']) {
    for (const reads of [0, 1]) {
      test(`gives the same instance to another process (${otherBody}, ${reads} reads of lag)`, async (t) => {
        const fixture = await withNamespace(t, { server: { otherBody } })
        fixture.world.lag = { reads }
        const { instanceId } = await fixture.provider.create(key)
        assert.equal((await stranger(fixture).create({ ...key, timeout: 7_200_000 })).instanceId, instanceId)
        assert.deepEqual(idsOf(fixture.instances()), [instanceId])
      })
    }

    test(`gives one instance to many processes at once (${otherBody})`, async (t) => {
      const fixture = await withNamespace(t, { server: { otherBody } })
      const providers = Array.from({ length: 8 }, () => stranger(fixture))
      const results = await Promise.all(providers.map((provider) => provider.create(key)))
      assert.equal(new Set(results.map(({ instanceId }) => instanceId)).size, 1)
      assert.equal(fixture.instances().length, 1)
    })
  }

  test('is the same after a rotated token, and another one in another region', async (t) => {
    const fixture = await withNamespace(t)
    await fixture.provider.create(key)
    await stranger(fixture).create(key)
    await fixture.makeProvider({ baseUrl: fixture.server.endpoint('eu') }).create(key)
    assert.deepEqual(fixture.instances().map(({ region }) => region), ['us', 'eu'])
  })

  test('of an instance that is gone makes a new one', async (t) => {
    const { provider, instances } = await withNamespace(t, { server: { ending: ['DESTROYED'] } })
    const { instanceId } = await provider.create(key)
    await provider.destroy(instanceId)
    const again = await provider.create(key)
    assert.notEqual(again.instanceId, instanceId)
    assert.deepEqual(idsOf(instances()), [again.instanceId])
  })

  test('does not remove what an earlier call has made when this one fails', async (t) => {
    const { provider, instances } = await withNamespace(t, { server: { plan: ['ERROR'] } })
    const { instanceId } = await provider.create(key)
    await rejection(provider.create({ ...key, waitUntilReady: true }), { code: 'PROVISION_FAILED', instanceId })
    assert.deepEqual(idsOf(instances()), [instanceId])
  })
})

describe('a tag whose instance is being deleted', () => {
  const HOLDERS = { 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } }

  for (const [how, options] of Object.entries(HOLDERS)) {
    test(`gives no instance that is being deleted: UNAVAILABLE, and later a new one, with ${how}`, async (t) => {
      const { provider, world, instances } = await withNamespace(t, { server: { destroyingHolder: 'reuse' } })
      const { instanceId } = await provider.create(options)
      await provider.destroy(instanceId)
      assert.equal(world.get(instanceId).status, 'DESTROYING')
      await rejection(provider.create(options), { code: 'UNAVAILABLE', retryable: true, instanceId })
      assert.deepEqual(idsOf(instances()), [])
      world.setStatus(instanceId, 'DESTROYED')
      assert.notEqual((await provider.create(options)).instanceId, instanceId)
    })

    test(`gives a new instance where Namespace makes one, with ${how}`, async (t) => {
      const { provider, instances } = await withNamespace(t, { server: { destroyingHolder: 'new' } })
      const { instanceId } = await provider.create(options)
      await provider.destroy(instanceId)
      const again = await provider.create(options)
      assert.notEqual(again.instanceId, instanceId)
      assert.deepEqual(idsOf(instances()), [again.instanceId])
    })

    test(`rejects where Namespace refuses, with ${how}`, async (t) => {
      const { provider, instances } = await withNamespace(t, { server: { destroyingHolder: 'refuse' } })
      const { instanceId } = await provider.create(options)
      await provider.destroy(instanceId)
      await rejection(provider.create(options), { providerCode: 'failed_precondition' })
      assert.deepEqual(idsOf(instances()), [])
    })
  }
})
