// What list and getById at Namespace give, out of a workspace in which others work as well.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { assertNoSecret } from './support/canary.mjs'
import { ABSENT_ID, stranger, withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, SECRETS } from './servers/namespace/index.mjs'

const when = 'ListInstances'

const ids = (results) => results.map(({ instanceId }) => instanceId).sort()
const fill = ({ world, workspace }, count, options) =>
  Array.from({ length: count }, () => world.addInstance(workspace, options).id).sort()

describe('list gives', () => {
  test('an empty array when there is nothing', async (t) => {
    const { provider, asked } = await withNamespace(t)
    assert.deepEqual(await provider.list(), [])
    assert.deepEqual(asked(), [when])
  })

  test('the instances of the workspace and the region, out of several', async (t) => {
    const fixture = await withNamespace(t)
    const mine = fill(fixture, 45)
    fill(fixture, 5, { region: 'eu' })
    fill({ ...fixture, workspace: fixture.world.createWorkspace() }, 5)
    const results = await fixture.provider.list()
    assert.deepEqual(ids(results), mine)
    for (const { instance, instanceId } of results) {
      const { createdAt, deadline, ...rest } = instance
      assert.deepEqual(rest, { instanceId, status: 'running', managed: false })
      assert.ok(Date.parse(createdAt) < Date.parse(deadline))
    }
    assertNoSecret(results, SECRETS)
  })

  for (const settings of [{}, { sparsePages: true }, { listOrder: 'oldest' }]) {
    test(`all of several pages, by the cursor as it came ${JSON.stringify(settings)}`, async (t) => {
      const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10, ...settings } })
      const all = fill(fixture, 45)
      assert.deepEqual(ids(await fixture.provider.list()), all)
      const [first, ...others] = fixture.requestsFor(when).map(({ json }) => json)
      assert.equal(others.length, 4)
      const { paginationCursor, ...request } = first
      assert.equal(paginationCursor, undefined)
      for (const { paginationCursor: cursor, ...other } of others) {
        assert.equal(typeof cursor, 'string')
        assert.deepEqual(other, request, 'a cursor belongs to the request that it came from')
      }
    })
  }

  test('the instances after empty pages', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10, sparsePages: true } })
    const [first] = fill(fixture, 1, { labels: { 'computesdk.managed': 'true' } })
    fill(fixture, 35)
    assert.deepEqual(ids(await fixture.provider.list({ managed: true })), [first])
    assert.equal(fixture.requestsFor(when).length, 4)
  })

  test('all in one request where Namespace allows large pages', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 1000 } })
    const all = fill(fixture, 300)
    assert.deepEqual(ids(await fixture.provider.list()), all)
    assert.equal(fixture.requestsFor(when).length, 1)
  })

  test('each instance once, though pages shift while they are read', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10 } })
    const all = fill(fixture, 25)
    let previous
    fixture.server.faults.add({
      kind: 'replace',
      times: 3,
      map(json) {
        if (previous) json.instances.unshift(previous)
        previous = json.instances.at(-1)
        return json
      },
    })
    assert.deepEqual(ids(await fixture.provider.list()), all)
  })

  test('failed instances, which exist and cost', async (t) => {
    const fixture = await withNamespace(t)
    const [failed] = fill(fixture, 1, { status: 'ERROR' })
    const results = await fixture.provider.list()
    assert.deepEqual(ids(results), [failed])
    assert.equal(results[0].instance.status, 'failed')
    assert.equal(fixture.requestsFor(when)[0].json.includeCompleteRuns, true)
  })

  test('nothing that is gone, however many there are', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10 } })
    fill(fixture, 25, { status: 'DESTROYED' })
    const [live] = fill(fixture, 1)
    fill(fixture, 25, { status: 'DESTROYED' })
    assert.deepEqual(ids(await fixture.provider.list()), [live])
  })

  test('no destroyed instance, whatever else the response says of it', async (t) => {
    const { provider, server } = await withNamespace(t)
    const instances = [{ instanceId: ABSENT_ID, status: 'RUNNING', destroyedAt: '2026-09-01T10:30:00Z' }]
    server.faults.add({ kind: 'respond', status: 200, body: { instances } })
    assert.deepEqual(await provider.list(), [])
  })

  const states = {
    PENDING: 'pending',
    CREATING: 'pending',
    RUNNING: 'running',
    DESTROYING: 'stopped',
    SUSPENDING: 'stopped',
    SUSPENDED: 'stopped',
    ERROR: 'failed',
    STATUS_OF_TOMORROW: 'unknown',
  }
  for (const [state, status] of Object.entries(states)) {
    test(`${state} as ${status}, if Namespace lists it, and so does getById`, async (t) => {
      const fixture = await withNamespace(t, { server: { statesOfCompleteList: Object.keys(states) } })
      const [id] = fill(fixture, 1, { status: state })
      assert.deepEqual((await fixture.provider.list()).map(({ instance }) => instance.status), [status])
      assert.equal((await fixture.provider.getById(id)).instance.status, status)
    })
  }

  test('an instance without a state, as unknown', async (t) => {
    const { provider, server } = await withNamespace(t)
    server.faults.add({ kind: 'respond', status: 200, body: { instances: [{ instanceId: ABSENT_ID }] } })
    const [{ instance }] = await provider.list()
    assert.deepEqual(instance, { instanceId: ABSENT_ID, status: 'unknown', managed: false })
  })

  test('instances with fields of newer versions, without these', async (t) => {
    const { provider, server } = await withNamespace(t)
    const labels = [{ name: 'a', more: [] }]
    const entry = { instanceId: ABSENT_ID, status: 'RUNNING', placement: { cell: 'x' }, labels }
    server.faults.add({ kind: 'respond', status: 200, body: { instances: [entry], totalCount: '1' } })
    assert.deepEqual(ids(await provider.list()), [ABSENT_ID])
  })
})

describe('managed', () => {
  test('marks what this package has created, by its label and by nothing else', async (t) => {
    const fixture = await withNamespace(t)
    fill(fixture, 1, { labels: { 'computesdk.sandbox': 's-1' }, purpose: 'ComputeSDK sandbox' })
    const unnamed = await fixture.provider.create()
    const named = await fixture.provider.create({ name: 'box' })
    const managed = (await fixture.provider.list()).filter(({ instance }) => instance.managed)
    assert.deepEqual(ids(managed), ids([unnamed, named]))
    assert.equal((await fixture.provider.getById(named.instanceId)).instance.managed, true)
  })

  test('true asks Namespace for no more than that', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10 } })
    fill(fixture, 50)
    const { instanceId } = await fixture.provider.create()
    assert.deepEqual(ids(await fixture.provider.list({ managed: true })), [instanceId])
    const [{ json }, ...others] = fixture.requestsFor(when)
    assert.deepEqual(json.labelFilter, [{ name: 'computesdk.managed', value: 'true', op: 'EQUAL' }])
    assert.equal(others.length, 0)
  })

  test('true leaves out the rest also where Namespace does not', async (t) => {
    const { provider, server } = await withNamespace(t)
    server.faults.add({ kind: 'respond', status: 200, body: { instances: [{ instanceId: ABSENT_ID }] } })
    assert.deepEqual(await provider.list({ managed: true }), [])
  })

  test('false and nothing ask for all', async (t) => {
    const fixture = await withNamespace(t)
    const all = fill(fixture, 3)
    for (const options of [undefined, {}, { managed: false }, { managed: undefined }]) {
      assert.deepEqual(ids(await fixture.provider.list(options)), all)
    }
    assert.ok(fixture.requestsFor(when).every(({ json }) => !('labelFilter' in json)))
  })
})

describe('list rejects, and gives no part,', () => {
  test('when a cursor comes again', async (t) => {
    const { provider, server, requestsFor } = await withNamespace(t)
    server.faults.add({ kind: 'respond', status: 200, body: { paginationCursor: 'AAEC' }, times: Infinity })
    await rejection(provider.list(), { code: 'PROTOCOL', operation: 'list', message: /same page cursor twice/ })
    assert.equal(requestsFor(when).length, 2)
  })

  test('when a later page fails', async (t) => {
    const fixture = await withNamespace(t, { server: { pageSizeMaximum: 10 } })
    fill(fixture, 25)
    const isSecond = ({ json }) => json.paginationCursor !== undefined
    fixture.server.faults.add({ ...connectError('unavailable'), when: isSecond })
    await rejection(fixture.provider.list(), { code: 'UNAVAILABLE', operation: 'list' })
  })

  const strange = {
    'a page of a proxy': { kind: 'html', status: 200 },
    'nothing at all': { kind: 'respond', status: 200 },
    null: { kind: 'respond', status: 200, body: 'null' },
    'an array': { kind: 'respond', status: 200, body: [] },
    'an error as a success': { kind: 'respond', status: 200, body: { error: { code: 'internal' } } },
    'instances that are no list': { kind: 'respond', status: 200, body: { instances: {} } },
    'an instance without an id': { kind: 'respond', status: 200, body: { instances: [{ status: 'RUNNING' }] } },
  }
  for (const [title, fault] of Object.entries(strange)) {
    test(`when the answer is ${title}`, async (t) => {
      const { provider, server } = await withNamespace(t)
      server.faults.add(fault)
      await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, operation: 'list' })
    })
  }

  test('at a wrong address', async (t) => {
    const { provider } = await withNamespace(t, { server: { wrongHost: true } })
    await rejection(provider.list(), { code: 'PROTOCOL', httpStatus: 404 })
  })
})

describe('getById gives', () => {
  test('one instance, by one request, without its keys', async (t) => {
    const fixture = await withNamespace(t)
    const [id] = fill(fixture, 1, { labels: { 'computesdk.name': 'box' } })
    const found = await fixture.provider.getById(id)
    assert.equal(found.instanceId, id)
    assert.equal(found.instance.name, 'box')
    assert.deepEqual(fixture.asked(), ['DescribeInstance'])
    assertNoSecret(found, SECRETS)
  })

  for (const server of [{}, { forgetDestroyed: true }]) {
    test(`null for what is gone ${JSON.stringify(server)}`, async (t) => {
      const fixture = await withNamespace(t, { server })
      const [id] = fill(fixture, 1, { status: 'DESTROYED' })
      assert.equal(await fixture.provider.getById(id), null)
      assert.equal(await fixture.provider.getById(ABSENT_ID), null)
    })
  }

  for (const errorForm of [{ code: 'number' }, { code: 'upper' }, { details: false, message: false }]) {
    test(`null by the code alone, however it is written ${JSON.stringify(errorForm)}`, async (t) => {
      const { provider } = await withNamespace(t, { server: { errorForm } })
      assert.equal(await provider.getById(ABSENT_ID), null)
    })
  }

  test('null at once for what another process has destroyed, though it was made here moments ago', async (t) => {
    const fixture = await withNamespace(t, { server: { ending: ['DESTROYED'] } })
    const { instanceId } = await fixture.provider.create()
    await stranger(fixture).destroy(instanceId)
    assert.equal(await fixture.provider.getById(instanceId), null)
    assert.equal(fixture.requestsFor('DescribeInstance').length, 1)
  })

  test('an instance that this process has just made, though Namespace does not show it yet', async (t) => {
    const { provider, world, requestsFor } = await withNamespace(t)
    world.lag = { reads: 2 }
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
    assert.equal(requestsFor('DescribeInstance').length, 3)
  })

  const not = {
    'a bare 404': { kind: 'respond', status: 404, body: '404 page not found' },
    'a 404 of another API': { kind: 'respond', status: 404, body: { message: 'Not Found', code: 404 } },
    'a message that says 404': connectError('unavailable', { message: 'upstream 127.0.0.1:4040 said 404' }),
    'a message that says not found': connectError('internal', { message: 'instance not found in cache' }),
  }
  for (const [title, fault] of Object.entries(not)) {
    test(`no null for ${title}`, async (t) => {
      const fixture = await withNamespace(t)
      const [id] = fill(fixture, 1)
      fixture.server.faults.add(fault)
      await rejection(fixture.provider.getById(id), { operation: 'getById' })
    })
  }
})
