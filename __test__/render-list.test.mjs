// `list` at Render: what is asked for, page by page, until the last one (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

const ids = (results) => results.map(({ instanceId }) => instanceId).sort()
const fill = (world, owner, count, options) =>
  Array.from({ length: count }, () => world.addService(owner, options).id).sort()

/** The server gives Render's default page at most, whatever is asked for. */
const SMALL = { server: { pageSizeMaximum: 20 } }

describe('list', () => {
  test('asks for services of our types in the configured workspace, without previews, many at once', async (t) => {
    const { provider, requestsFor, ownerId } = await withRender(t)
    assert.deepEqual(await provider.list(), [])
    const [{ url }] = requestsFor('listServices')
    const types = 'web_service,private_service,background_worker'
    assert.equal(url, `/v1/services?ownerId=${ownerId}&type=${types}&includePreviews=false&limit=100`)
  })

  for (const [title, options, count] of [
    ['over three pages of twenty', SMALL, 3],
    ['over pages of twenty, newest first', { server: { ...SMALL.server, newestFirst: true } }, 3],
    // A page of fewer than a hundred need not be the last: a limit may have been lowered on the way.
    ['where one page holds them all', {}, 2],
  ]) {
    test(`gives 45 services out of two workspaces, ${title}`, async (t) => {
      const { provider, world, owner, otherOwner, ownerId, requestsFor } = await withRender(t, options)
      const mine = fill(world, owner, 45)
      fill(world, otherOwner, 5)
      for (const type of ['static_site', 'cron_job']) fill(world, owner, 2, { type })
      fill(world, owner, 1, { parent: world.services.get(mine[0]) })
      const results = await provider.list()
      assert.deepEqual(ids(results), mine)
      assert.ok(results.every(({ instance, instanceId }) => instance.serviceId === instanceId))
      assert.ok(results.every(({ instance }) => instance.ownerId === ownerId))
      assert.equal(requestsFor('listServices').length, count)
    })
  }

  test('gives as many as there are where pages end full', async (t) => {
    const { provider, world, owner, requestsFor } = await withRender(t, SMALL)
    const mine = fill(world, owner, 40)
    assert.deepEqual(ids(await provider.list()), mine)
    assert.equal(requestsFor('listServices').length, 3, 'the last one is empty')
  })

  test('hands cursors back percent-encoded', async (t) => {
    const { provider, world, owner, requestsFor } = await withRender(t, SMALL)
    const mine = fill(world, owner, 21)
    assert.deepEqual(ids(await provider.list()), mine)
    const [, { url, query }] = requestsFor('listServices')
    // The server's hold all that spoils a query if it is written as it is (docs/providers/render.md).
    assert.match(query.cursor, /[+/]/)
    assert.match(query.cursor, /=$/)
    assert.match(url, /&cursor=[\w%.*-]+$/)
  })

  test('takes any text for a cursor', async (t) => {
    const { provider, server, world, owner } = await withRender(t, SMALL)
    fill(world, owner, 20)
    const cursor = 'cfQ74cE2sDI=&limit=1#/?%20 ä'
    server.faults.add({ kind: 'replace', map: (page) => page.map((entry) => ({ ...entry, cursor })) })
    server.faults.add({ kind: 'respond', status: 200, body: [] })
    assert.equal((await provider.list()).length, 20)
    assert.equal(server.requests[1].query.cursor, cursor)
  })

  test('gives each service once, though pages shift while they are read', async (t) => {
    const { provider, server, world, owner } = await withRender(t, SMALL)
    const mine = fill(world, owner, 45)
    let previous
    const map = (page) => {
      const shifted = previous ? [previous, ...page] : page
      previous = page.at(-1)
      return shifted
    }
    server.faults.add({ kind: 'replace', map, times: 3 })
    assert.deepEqual(ids(await provider.list()), mine)
  })

  test('leaves out what is gone, and gives what has failed or is suspended', async (t) => {
    const { provider, world, owner } = await withRender(t)
    const kept = [
      world.addService(owner, { plan: ['update_failed'] }),
      world.addService(owner, { suspendedBy: ['billing'] }),
    ]
    world.deleteService(world.addService(owner))
    assert.deepEqual(ids(await provider.list()), kept.map(({ id }) => id).sort())
  })

  test('costs a request per page and none per service', async (t) => {
    const { provider, world, owner, asked } = await withRender(t)
    fill(world, owner, 10)
    await provider.list()
    assert.deepEqual(asked(), ['listServices'])
  })
})

describe('managed', () => {
  const OURS = 'computesdk-0123456789abcdefghjk'
  const OTHERS = ['computesdk-gateway', 'computesdk-', `x-${OURS}`, OURS.toUpperCase(), `${OURS}-pr-1`, 'postgres']

  test('marks what this package has created, by its name', async (t) => {
    const { provider, world, owner } = await withRender(t)
    for (const name of [OURS, ...OTHERS]) world.addService(owner, { name })
    const { instance: created } = await provider.create()
    const managed = (await provider.list()).filter(({ instance }) => instance.managed)
    assert.deepEqual(managed.map(({ instance }) => instance.name).sort(), [OURS, created.name].sort())
  })

  test('list({ managed: true }) leaves out the rest, over pages', async (t) => {
    const { provider, world, owner } = await withRender(t, SMALL)
    fill(world, owner, 25)
    const { instanceId } = await provider.create()
    fill(world, owner, 25)
    assert.deepEqual(ids(await provider.list({ managed: true })), [instanceId])
    assert.equal((await provider.list({ managed: false })).length, 51)
  })
})

describe('list rejects instead of giving half of it', () => {
  const isLater = ({ query }) => query.cursor !== undefined

  test('when a cursor comes twice', async (t) => {
    const { provider, server, world, owner, requestsFor } = await withRender(t, SMALL)
    fill(world, owner, 25)
    const first = { kind: 'replace', map: (page) => page.map((entry) => ({ ...entry, cursor: '+//+AAAAAQ==' })) }
    server.faults.add({ ...first, times: Infinity })
    await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /cursor/ })
    assert.equal(requestsFor('listServices').length, 2)
  })

  test('when cursors go round', async (t) => {
    const { provider, server, requestsFor } = await withRender(t)
    const page = (cursor) => Array.from({ length: 20 }, (_, index) => ({ service: { id: `srv-${index}` }, cursor }))
    for (const cursor of ['a', 'b', 'c', 'a']) server.faults.add({ kind: 'respond', status: 200, body: page(cursor) })
    await rejection(provider.list(), { code: 'PROTOCOL', message: /cursor/ })
    assert.equal(requestsFor('listServices').length, 4)
  })

  for (const [title, cursor] of [['no', undefined], ['an empty', ''], ['a null', null]]) {
    test(`when a full page comes with ${title} cursor`, async (t) => {
      const { provider, server, world, owner, requestsFor } = await withRender(t, SMALL)
      fill(world, owner, 25)
      server.faults.add({ kind: 'replace', map: (page) => page.map(({ service }) => ({ service, cursor })) })
      await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /cursor/ })
      assert.equal(requestsFor('listServices').length, 1)
    })
  }

  test('when a later page fails', async (t) => {
    const { provider, server, world, owner } = await withRender(t, SMALL)
    fill(world, owner, 25)
    server.faults.add({ kind: 'respond', status: 503, when: isLater })
    await rejection(provider.list(), { code: 'UNAVAILABLE', httpStatus: 503 })
  })

  for (const status of [403, 404]) {
    test(`when Render answers ${status} to another workspace`, async (t) => {
      const { makeProvider, world } = await withRender(t, { server: { foreignOwnerInList: status } })
      const foreign = world.createOwner({ name: 'foreign' })
      const code = status === 403 ? 'PERMISSION_DENIED' : 'NOT_FOUND'
      await rejection(makeProvider({ ownerId: foreign.id }).list(), { code, retryable: false })
    })
  }

  test('when the answer has another shape than promised', async (t) => {
    const { provider, server } = await withRender(t)
    const lists = [[[]], [{}], [{ service: null }], [{ service: {} }], [{ service: { id: 5 } }], [5]]
    for (const body of [...lists, {}, { services: [] }, 'text', '"text"', 'null']) {
      server.faults.add({ kind: 'respond', status: 200, body })
      await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, httpStatus: 200 })
    }
  })
})
