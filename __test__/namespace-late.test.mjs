// A create whose answer was lost is sent again at once. The lost one may still take effect: it does nothing while the instance
// is there, for it holds the tag, and making another one when it is gone.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { withFastClock } from './support/fast-clock.mjs'
import { stranger, withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, wrongPlace } from './servers/namespace/index.mjs'

const { addon, real } = withFastClock()

/** For so long after it was lost, a create may take effect. */
const ABSENCE = 60_000

const create = 'CreateInstance'
const destroy = 'DestroyInstance'
const list = 'ListInstances'

/** A fixture whose provider lives faster, and in which what is destroyed is gone at once, its tag free. */
async function withFastNamespace(t, { server, config } = {}) {
  const fixture = await withNamespace(t, { server: { ending: ['DESTROYED'], ...server } })
  const makeProvider = (changes) => addon.namespace({ ...fixture.config, maxRetries: 1, ...config, ...changes })
  return { ...fixture, makeProvider, provider: makeProvider() }
}

const late = (milliseconds) => ({ kind: 'late-effect', milliseconds: real(milliseconds), when: create })
const bareNotFound = () => ({ kind: 'respond', ...wrongPlace() })
const idsOf = (instances) => instances.map(({ id }) => id)

/** Nothing is left, although the lost sending has made an instance, too. */
function assertBothGone({ world, workspace, instances }) {
  assert.equal(world.allInstances(workspace).length, 2, 'the lost sending has made one, too')
  assert.deepEqual(idsOf(instances()), [])
}

// Mostly waits, so they run side by side.
describe('an instance that a lost create makes late', { concurrency: true }, () => {
  test('is nothing as long as the instance is there', async (t) => {
    const { provider, server, world, workspace } = await withFastNamespace(t)
    server.faults.add(late(5_000))
    const { instanceId } = await provider.create()
    await server.quiet()
    assert.deepEqual(idsOf(world.allInstances(workspace)), [instanceId])
  })

  const handles = { 'no name': {}, 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } }
  for (const [how, options] of Object.entries(handles)) {
    test(`is removed before a destroy that comes soon resolves, with ${how}`, async (t) => {
      const fixture = await withFastNamespace(t)
      fixture.server.faults.add(late(40_000))
      const { instanceId } = await fixture.provider.create(options)
      await fixture.provider.destroy(instanceId)
      assertBothGone(fixture)
    })
  }

  test('is removed before either of two destroys resolves', async (t) => {
    const fixture = await withFastNamespace(t)
    fixture.server.faults.add(late(40_000))
    const { instanceId } = await fixture.provider.create()
    await Promise.race([fixture.provider.destroy(instanceId), fixture.provider.destroy(instanceId)])
    assertBothGone(fixture)
  })

  test('is removed when the instance does not start', async (t) => {
    const fixture = await withFastNamespace(t, { server: { plan: ['ERROR'] } })
    fixture.server.faults.add(late(40_000))
    await rejection(fixture.provider.create({ waitUntilReady: true }), { code: 'PROVISION_FAILED' })
    assertBothGone(fixture)
  })

  test('is removed after an abort', async (t) => {
    const fixture = await withFastNamespace(t, { server: { plan: ['CREATING'] } })
    fixture.server.faults.add(late(40_000))
    const controller = new AbortController()
    const { signal } = controller
    const ended = rejection(fixture.provider.create({ waitUntilReady: true, signal }), { code: 'ABORTED' })
    await fixture.server.waitForRequest('DescribeInstance')
    controller.abort()
    await ended
    await fixture.server.waitForRequest(destroy, { count: 2 })
    assertBothGone(fixture)
  })

  test('is removed by a second destroy, when the first one could not', async (t) => {
    const fixture = await withFastNamespace(t)
    fixture.server.faults.add(late(40_000))
    const { instanceId } = await fixture.provider.create()
    fixture.server.faults.add({ ...connectError('permission_denied'), when: list })
    await rejection(fixture.provider.destroy(instanceId), { code: 'PERMISSION_DENIED', instanceId })
    await fixture.provider.destroy(instanceId)
    assertBothGone(fixture)
  })

  test('is removed by a second destroy, however late that comes', async (t) => {
    const fixture = await withFastNamespace(t)
    fixture.server.faults.add(late(40_000))
    const { instanceId } = await fixture.provider.create()
    fixture.server.faults.add({ ...connectError('permission_denied'), when: list })
    await rejection(fixture.provider.destroy(instanceId), { code: 'PERMISSION_DENIED', instanceId })
    await sleep(real(ABSENCE + 1_000))
    await fixture.provider.destroy(instanceId)
    assertBothGone(fixture)
  })

  test('is removed although the sending that was lost last was not repeated', async (t) => {
    const fixture = await withFastNamespace(t)
    const { server, provider } = fixture
    server.faults.add({ kind: 'reset-after', when: create })
    // A lookup after 8 s shows what the first one has made, and it is given up. Its own effect comes after that.
    server.faults.add({ kind: 'slow', effectFirst: false, milliseconds: real(75_000), when: create })
    const { instanceId } = await provider.create()
    assert.equal(fixture.requestsFor(create).length, 2)
    await provider.destroy(instanceId)
    await server.quiet()
    assertBothGone(fixture)
  })

  test('is removed also where the list shows it before a read by its id does', async (t) => {
    const fixture = await withFastNamespace(t)
    const { server, provider } = fixture
    server.faults.add(late(52_000))
    const { instanceId } = await provider.create({ idempotencyKey: 'key' })
    // Until the window is over, a read by id shows nothing.
    const isLate = ({ operation, json }) => operation === 'DescribeInstance' && json.instanceId !== instanceId
    server.faults.add({ ...connectError('not_found'), when: isLate, times: 3 })
    await provider.destroy(instanceId)
    assertBothGone(fixture)
  })

  test("is distinguished from another client's instance of that name", async (t) => {
    const fixture = await withFastNamespace(t)
    const { server, provider, instances } = fixture
    server.faults.add({ kind: 'reset-before', when: create })
    const { instanceId } = await provider.create({ name: 'box' })
    const destroyed = provider.destroy(instanceId)
    await server.waitForRequest(destroy)
    const { instanceId: theirs } = await stranger(fixture).create({ name: 'box' })
    await destroyed
    assert.deepEqual(idsOf(instances()), [theirs])
  })
})

describe('after an abort, the clean-up goes on', { concurrency: true }, () => {
  /** Aborted as soon as its create has arrived. */
  async function aborted(t, faults) {
    // Without retries, so that what is lost is looked for.
    const fixture = await withFastNamespace(t, { config: { maxRetries: 0 } })
    for (const fault of faults) fixture.server.faults.add(fault)
    const controller = new AbortController()
    const ended = rejection(fixture.provider.create({ signal: controller.signal }), { code: 'ABORTED' })
    await fixture.server.waitForRequest(create)
    controller.abort()
    await ended
    await fixture.server.waitForRequest((request) => request.operation === destroy && request.effect)
    assert.deepEqual(idsOf(fixture.instances()), [])
  }

  const lost = { kind: 'reset-after', when: create }
  const obstacles = {
    'a moment in which the address is unknown': bareNotFound,
    'a page that forbids it': () => ({ kind: 'html', status: 403 }),
    'a time without service': () => connectError('unavailable'),
  }
  for (const [title, fault] of Object.entries(obstacles)) {
    test(`after ${title}, when it destroys`, (t) => aborted(t, [lost, { ...fault(), when: destroy }]))
    test(`after ${title}, when it looks the service up`, (t) => aborted(t, [lost, { ...fault(), when: list }]))
  }
})
