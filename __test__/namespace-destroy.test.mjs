// When destroy at Namespace resolves: the deletion was accepted, or there is nothing to delete.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { canary } from './support/canary.mjs'
import { ABSENT_ID, stranger, withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, details, wrongPlace } from './servers/namespace/index.mjs'

const when = 'DestroyInstance'

const idsOf = (instances) => instances.map(({ id }) => id)

/** Another client's instance, so that this process does not know it before. */
async function withInstance(t, { status, ...options } = {}) {
  const fixture = await withNamespace(t, options)
  const { id } = fixture.world.addInstance(fixture.workspace, { status })
  return { ...fixture, id, exists: () => fixture.instances().some((instance) => instance.id === id) }
}

describe('destroy', () => {
  test('asks for it once, and says why', async (t) => {
    const { provider, world, id, asked, requestsFor } = await withInstance(t)
    assert.equal(await provider.destroy(id), undefined)
    assert.deepEqual(asked(), [when])
    assert.deepEqual(requestsFor(when)[0].json, { instanceId: id, reason: 'Destroyed by the ComputeSDK gateway' })
    assert.equal(world.get(id).status, 'DESTROYING')
  })

  test('gives the reason of the config', async (t) => {
    const { provider, world, id } = await withInstance(t, { config: { destroyReason: 'sandbox of Ann is over' } })
    await provider.destroy(id)
    assert.equal(world.get(id).destroyReason, 'sandbox of Ann is over')
  })

  test('resolves when it is accepted: the instance is stopped for a while, and then gone', async (t) => {
    const { provider, id } = await withInstance(t)
    await provider.destroy(id)
    assert.equal((await provider.getById(id)).instance.status, 'stopped')
    assert.equal(await provider.getById(id), null)
  })

  for (const status of ['PENDING', 'CREATING', 'ERROR', 'SUSPENDING', 'SUSPENDED', 'STATUS_OF_TOMORROW']) {
    test(`destroys an instance that is ${status}`, async (t) => {
      const { provider, id, exists } = await withInstance(t, { status })
      await provider.destroy(id)
      assert.equal(exists(), false)
    })
  }

  test('ignores white space around an id', async (t) => {
    const { provider, id, exists } = await withInstance(t)
    await provider.destroy(` ${id}\n`)
    assert.equal(exists(), false)
  })
})

/** How errors may look (docs/providers/namespace.md). */
const FORMS = [{}, { code: 'number' }, { code: 'upper' }, { details: false }, { details: false, message: false }]

describe('an instance that is gone is destroyed with success:', () => {
  for (const destroyDead of ['not_found', 'failed_precondition']) {
    for (const errorForm of FORMS) {
      test(`by ${destroyDead} ${JSON.stringify(errorForm)}`, async (t) => {
        const { provider, id, asked } = await withInstance(t, {
          status: 'DESTROYED',
          server: { destroyDead, errorForm },
        })
        assert.equal(await provider.destroy(id), undefined)
        const doubtful = destroyDead === 'failed_precondition' && errorForm.details === false
        assert.deepEqual(asked(), doubtful ? [when, 'DescribeInstance'] : [when])
      })
    }
  }

  test('an unknown id', async (t) => {
    const { provider, asked } = await withNamespace(t)
    assert.equal(await provider.destroy(ABSENT_ID), undefined)
    assert.deepEqual(asked(), [when])
  })

  for (const destroyDying of ['accept', 'refuse']) {
    test(`one that is being deleted (${destroyDying})`, async (t) => {
      const { provider, id } = await withInstance(t, { status: 'DESTROYING', server: { destroyDying } })
      assert.equal(await provider.destroy(id), undefined)
    })

    test(`one that is destroyed three times at once (${destroyDying})`, async (t) => {
      const { provider, instances, requestsFor } = await withNamespace(t, { server: { destroyDying } })
      const { instanceId } = await provider.create()
      await Promise.all([1, 2, 3].map(() => provider.destroy(instanceId)))
      assert.deepEqual(idsOf(instances()), [])
      assert.equal(requestsFor(when).length, 3, 'a known deletion waits for nothing')
    })
  }
})

describe('an answer that can mean "gone" and "failed" needs a read:', () => {
  const answers = {
    'failed_precondition without a detail': connectError('failed_precondition', { message: 'not now' }),
    'failed_precondition with another detail': connectError('failed_precondition', {
      message: 'not now',
      details: [details.userMessage('not now')],
    }),
    'a page': { kind: 'html', status: 200 },
    'an empty 200': { kind: 'respond', status: 200 },
    'text that is no JSON': { kind: 'respond', status: 200, body: 'OK' },
    null: { kind: 'respond', status: 200, body: 'null' },
    // No message of Connect's holds that; a 200 is a success, or nothing of Namespace's.
    'a 200 that tells of an error': { kind: 'respond', status: 200, body: { error: { code: 'internal' } } },
    'a 200 of something else': { kind: 'respond', status: 200, body: { data: null } },
    'an array': { kind: 'respond', status: 200, body: [] },
  }
  for (const [title, fault] of Object.entries(answers)) {
    test(`${title} for what is gone resolves`, async (t) => {
      const { provider, server, id, exists, asked } = await withInstance(t)
      server.faults.add({ ...fault, when, effect: true })
      assert.equal(await provider.destroy(id), undefined)
      assert.equal(exists(), false)
      assert.deepEqual(asked(), [when, 'DescribeInstance'])
    })

    test(`${title} for what is still there rejects`, async (t) => {
      const { provider, server, id, exists } = await withInstance(t)
      server.faults.add({ ...fault, when })
      await rejection(provider.destroy(id), { operation: 'destroy', instanceId: id })
      assert.equal(exists(), true)
      await provider.destroy(id)
      assert.equal(exists(), false)
    })
  }

  for (const title of ['failed_precondition without a detail', 'a page', 'an empty 200']) {
    test(`${title} does not count as gone for an instance that another process has just made and no read shows yet`, async (t) => {
      const fixture = await withNamespace(t)
      fixture.world.lag = { reads: 1 }
      const { instanceId } = await stranger(fixture).create()
      fixture.server.faults.add({ ...answers[title], when })
      await fixture.provider.destroy(instanceId)
      assert.deepEqual(idsOf(fixture.instances()), [])
    })
  }

  test('a read that fails rejects', async (t) => {
    const { provider, server, id, exists } = await withInstance(t)
    server.faults.add({ ...answers['failed_precondition without a detail'], when })
    server.faults.add({ ...connectError('unavailable'), when: 'DescribeInstance' })
    await rejection(provider.destroy(id), { operation: 'destroy', instanceId: id })
    assert.equal(exists(), true)
  })
})

describe('destroy rejects, and the instance is still there, after', () => {
  const refusals = {
    unauthenticated: 'UNAUTHENTICATED',
    permission_denied: 'PERMISSION_DENIED',
    resource_exhausted: 'RATE_LIMITED',
    invalid_argument: 'INVALID_ARGUMENT',
    unimplemented: 'PROTOCOL',
    internal: 'UNAVAILABLE',
    unavailable: 'UNAVAILABLE',
    unknown: 'UNAVAILABLE',
    aborted: 'UNAVAILABLE',
    canceled: 'UNAVAILABLE',
    data_loss: 'UNAVAILABLE',
    deadline_exceeded: 'TIMEOUT',
  }
  const faults = {
    ...Object.fromEntries(
      Object.entries(refusals).map(([code, meaning]) => [code, [connectError(code, { message: 'said' }), meaning]]),
    ),
    'a bare 401': [{ kind: 'respond', status: 401 }, 'UNAUTHENTICATED'],
    'a bare 403': [{ kind: 'respond', status: 403 }, 'UNAVAILABLE'],
    'a bare 404': [{ kind: 'respond', ...wrongPlace() }, 'PROTOCOL'],
    'a 404 that speaks JSON, but not of a code': [
      { kind: 'respond', status: 404, body: { message: 'no instance' } },
      'PROTOCOL',
    ],
    'a bare 429': [{ kind: 'respond', status: 429 }, 'RATE_LIMITED'],
    'a bare 500': [{ kind: 'respond', status: 500 }, 'UNAVAILABLE'],
    'a bare 503': [{ kind: 'respond', status: 503 }, 'UNAVAILABLE'],
    'a lost connection': [{ kind: 'reset-before' }, 'NETWORK'],
  }
  for (const [title, [fault, code]] of Object.entries(faults)) {
    test(title, async (t) => {
      const { provider, server, id, exists } = await withInstance(t)
      server.faults.add({ ...fault, when })
      await rejection(provider.destroy(id), { code, operation: 'destroy', instanceId: id })
      assert.equal(exists(), true)
    })
  }

  test('a token that may not', async (t) => {
    const { makeProvider, world, workspace, id, exists } = await withInstance(t)
    const token = world.addToken({ workspace, actions: ['get', 'list'], token: canary('reader') })
    await rejection(makeProvider({ token }).destroy(id), { code: 'PERMISSION_DENIED', retryable: false })
    assert.equal(exists(), true)
  })

  test('a host that is none of the Compute API', async (t) => {
    const { provider, server, id, exists } = await withInstance(t)
    server.settings.wrongHost = true
    await rejection(provider.destroy(id), { code: 'PROTOCOL', message: /NSC_ENDPOINT/ })
    assert.equal(exists(), true)
  })
})

describe('destroy asks again', () => {
  const passing = {
    'after a lost connection': { kind: 'reset-after' },
    'after a failure': connectError('internal'),
    'after a rate limit': connectError('resource_exhausted'),
  }
  for (const [title, fault] of Object.entries(passing)) {
    test(title, async (t) => {
      const { provider, server, id, exists, requestsFor } = await withInstance(t, { config: { maxRetries: 1 } })
      server.faults.add({ ...fault, when })
      await provider.destroy(id)
      assert.equal(exists(), false)
      assert.equal(requestsFor(when).length, 2)
    })
  }

  test('for what this process has just made and Namespace does not know yet', async (t) => {
    const { provider, world, instances, requestsFor } = await withNamespace(t)
    world.lag = { reads: 1, destroy: true }
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(idsOf(instances()), [])
    assert.equal(requestsFor(when).length, 2)
  })
})

describe('an instance outside the scope counts as gone and is not touched:', () => {
  test('an instance of another workspace', async (t) => {
    const { provider, world } = await withNamespace(t)
    const foreign = world.addInstance(world.createWorkspace())
    assert.equal(await provider.destroy(foreign.id), undefined)
    assert.equal(foreign.status, 'RUNNING')
  })

  test('an instance of another region', async (t) => {
    const { provider, makeProvider, server, world, workspace } = await withNamespace(t)
    const foreign = world.addInstance(workspace, { region: 'eu' })
    assert.equal(await provider.destroy(foreign.id), undefined)
    assert.equal(foreign.status, 'RUNNING')
    await makeProvider({ baseUrl: server.endpoint('eu') }).destroy(foreign.id)
    assert.equal(foreign.status, 'DESTROYING')
  })
})
