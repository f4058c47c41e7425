// Lists and waits at the Namespace server.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { MARK } from '../../support/canary.mjs'
import { eventually } from '../../support/eventually.mjs'
import { PLANS } from './index.mjs'
import { ABSENT, setUp, START } from './test-client.mjs'

describe('list', () => {
  test('holds the whole workspace and nothing else, flat and without keys', async () => {
    const { createId, list, ask, world, workspace } = await setUp()
    const empty = world.addToken({ workspace: world.createWorkspace() })
    assert.deepEqual(await ask('ListInstances', {}, { by: empty }), {})
    const other = world.addInstance(workspace, { purpose: 'CI runner', labels: { 'runner.job': '1' } })
    const own = await createId()
    await createId({}, { region: 'eu' })
    const entries = await list()
    assert.deepEqual(entries.map(({ instanceId }) => instanceId), [own, other.id])
    assert.equal(entries[1].documentedPurpose, 'CI runner')
    assert.deepEqual(entries[1].labels, [{ name: 'runner.job', value: '1' }])
    for (const entry of entries) {
      assert.ok(!('metadata' in entry) && !('extendedMetadata' in entry))
      assert.ok(JSON.stringify(entry).includes(MARK))
    }
  })

  test('shows all regions as an option', async () => {
    const { createId, ids } = await setUp({ listAllRegions: true })
    const made = [await createId({}, { region: 'eu' }), await createId()]
    assert.deepEqual((await ids()).sort(), made.sort())
    assert.deepEqual((await ids({}, { region: 'eu' })).sort(), made.sort())
  })

  test('shows what starts or runs, and with complete runs also what is destroyed or has failed', async () => {
    const { list, world, workspace, server } = await setUp({ listOrder: 'oldest' })
    const states = ['PENDING', 'CREATING', 'RUNNING', 'DESTROYED', 'DESTROYING', 'SUSPENDING', 'SUSPENDED', 'ERROR']
    for (const status of states) world.addInstance(workspace, { status })
    const seen = async (body) => (await list(body)).map(({ status }) => status)
    assert.deepEqual(await seen(), ['PENDING', 'CREATING', 'RUNNING'])
    const complete = await seen({ includeCompleteRuns: true })
    assert.deepEqual(complete, ['PENDING', 'CREATING', 'RUNNING', 'DESTROYED', 'ERROR'])
    server.settings.statesOfCompleteList = states
    assert.deepEqual(await seen({ includeCompleteRuns: true }), states)
  })

  for (const options of [{}, { sparsePages: true }, { listOrder: 'oldest' }]) {
    test(`leads through all pages by its cursor ${JSON.stringify(options)}`, async () => {
      const { ask, world, workspace } = await setUp(options)
      const expected = []
      for (let index = 0; index < 250; index += 1) {
        const instance = world.addInstance(workspace, { status: index % 5 === 0 ? 'DESTROYED' : 'RUNNING' })
        if (index % 5 !== 0) expected.push(instance.id)
      }
      const pages = []
      let paginationCursor
      do {
        const page = await ask('ListInstances', { ...(paginationCursor && { paginationCursor }) })
        pages.push((page.instances ?? []).map(({ instanceId }) => instanceId))
        paginationCursor = page.paginationCursor
      } while (paginationCursor)
      const all = pages.flat()
      if (options.listOrder !== 'oldest') all.reverse()
      assert.deepEqual(all, expected)
      assert.equal(pages[0].length, options.sparsePages ? 80 : 100)
    })
  }

  test('keeps to the size that is asked for, and to its own maximum', async () => {
    const { ask, world, workspace, server } = await setUp()
    for (let index = 0; index < 12; index += 1) world.addInstance(workspace)
    const size = async (maxEntries) => (await ask('ListInstances', { maxEntries })).instances.length
    assert.deepEqual([await size(5), await size('5'), await size(1000)], [5, 5, 12])
    server.settings.pageSizeMaximum = 10
    assert.deepEqual([await size(5), await size(1000), await size(0)], [5, 10, 10])
  })

  test('may have empty pages that are not the last', async () => {
    const { ask, world, workspace } = await setUp({ sparsePages: true, pageSizeMaximum: 10, listOrder: 'oldest' })
    for (let index = 0; index < 20; index += 1) world.addInstance(workspace, { status: 'DESTROYED' })
    world.addInstance(workspace)
    const first = await ask('ListInstances', {})
    assert.deepEqual(Object.keys(first), ['paginationCursor'])
  })

  test('takes back only a cursor of its own, with the same request', async () => {
    const { ask, refused, world, workspace } = await setUp({ pageSizeMaximum: 1 })
    for (let index = 0; index < 3; index += 1) world.addInstance(workspace)
    const { paginationCursor } = await ask('ListInstances', {})
    assert.match(paginationCursor, /[+/]/, 'and it is not made for URLs')
    const wrong = [
      { paginationCursor: 'AAEC' },
      { paginationCursor, includeCompleteRuns: true },
      { paginationCursor, maxEntries: 1 },
    ]
    for (const body of wrong) await refused('ListInstances', body, 400, 'invalid_argument')
    assert.equal((await ask('ListInstances', { paginationCursor })).instances.length, 1)
  })

  test('filters by labels, all of them, and by age', async () => {
    let clock = START
    const { ids, refused, world, workspace } = await setUp({ now: () => clock, listOrder: 'oldest' })
    const one = world.addInstance(workspace, { labels: { a: '1', b: '1' } }).id
    const two = world.addInstance(workspace, { labels: { a: '2', b: '1' } }).id
    clock += 1000
    const none = world.addInstance(workspace).id
    const filtered = (...entries) => ids({ labelFilter: entries })
    assert.deepEqual(await filtered({ name: 'a', value: '1', op: 'EQUAL' }), [one])
    assert.deepEqual(await filtered({ name: 'a', value: '1', op: 'NOT_EQUAL' }), [two, none])
    assert.deepEqual(await filtered({ name: 'a', op: 'EXIST' }), [one, two])
    assert.deepEqual(await filtered({ name: 'b', value: '1', op: 1 }, { name: 'a', value: '2', op: 'EQUAL' }), [two])
    assert.deepEqual(await ids({ notOlderThan: '2026-09-01T10:00:01Z' }), [none])
    for (const entry of [{ name: 'a', value: '1' }, { name: 'a', op: 7 }, { op: 'EXIST' }]) {
      await refused('ListInstances', { labelFilter: [entry] }, 400, 'invalid_argument')
    }
    await refused('ListInstances', { maxEntries: -1 }, 400, 'invalid_argument')
  })
})

describe('wait', () => {
  test('answers when the instance is up, without other reads', async () => {
    const { createId, ask } = await setUp()
    const answer = await ask('WaitInstanceSync', { instanceId: await createId() })
    assert.deepEqual([answer.metadata.status, answer.containerStatus], ['RUNNING', 'running'])
    assert.ok(!('extendedMetadata' in answer))
  })

  test('lasts until something happens', async () => {
    const { createId, call, world } = await setUp({ plan: PLANS.never })
    for (const [status, expected] of [
      ['RUNNING', 200],
      ['ERROR', 500],
    ]) {
      const instanceId = await createId()
      const waiting = call('WaitInstanceSync', { instanceId })
      await eventually(() => world.get(instanceId).status === 'CREATING', 'it has moved as far as it goes')
      world.setStatus(instanceId, status)
      const answer = await waiting
      assert.equal(answer.status, expected, answer.text)
    }
  })

  test('moves on by the clock', async () => {
    const { createId, ask } = await setUp({ stepMilliseconds: 1 })
    assert.equal((await ask('WaitInstanceSync', { instanceId: await createId() })).metadata.status, 'RUNNING')
  })

  test('fails when the instance does, or is destroyed meanwhile, unless that is fine', async () => {
    const { createId, call, ask, refused, destroy, world } = await setUp({ plan: PLANS.fails })
    await refused('WaitInstanceSync', { instanceId: await createId() }, 500, 'internal')
    for (const destroyedOk of [false, true]) {
      world.planNext(PLANS.never)
      const instanceId = await createId()
      const waiting = call('WaitInstanceSync', { instanceId, destroyedOk })
      await eventually(() => world.get(instanceId).status === 'CREATING', 'it waits')
      await destroy(instanceId)
      const { status, json } = await waiting
      if (destroyedOk) assert.deepEqual([status, json.metadata.status], [200, 'DESTROYING'])
      else assert.deepEqual([status, json.code], [400, 'failed_precondition'])
    }
    await refused('WaitInstanceSync', { instanceId: ABSENT }, 404, 'not_found')
    const instanceId = world.addInstance([...world.workspaces.values()][0]).id
    await ask('WaitInstanceSync', { instanceId, containerName: 'main' })
    await refused('WaitInstanceSync', { instanceId, containerName: 'other' }, 400, 'invalid_argument')
  })

  test('ends when its client leaves', async () => {
    const { createId, call, server, world } = await setUp({ plan: PLANS.never })
    const instanceId = await createId()
    const leaving = new AbortController()
    const waiting = call('WaitInstanceSync', { instanceId }, { signal: leaving.signal })
    await eventually(() => world.get(instanceId).status === 'CREATING', 'it waits')
    leaving.abort()
    await assert.rejects(waiting, { name: 'AbortError' })
    await server.quiet()
    assert.equal(server.requests.at(-1).aborted, true)
  })

  test('ends when the server closes', async () => {
    const { createId, call, server, world } = await setUp({ plan: PLANS.never })
    const instanceId = await createId()
    const waiting = call('WaitInstanceSync', { instanceId })
    await eventually(() => world.get(instanceId).status === 'CREATING', 'it waits')
    const [outcome] = await Promise.allSettled([waiting, server.close()])
    assert.equal(outcome.status, 'rejected')
    await server.quiet()
  })

  test('ends at the time-out that the client has announced', async () => {
    const { createId, refused } = await setUp({ plan: PLANS.never })
    const body = { instanceId: await createId() }
    await refused('WaitInstanceSync', body, 504, 'deadline_exceeded', { headers: { 'connect-timeout-ms': '20' } })
  })
})
