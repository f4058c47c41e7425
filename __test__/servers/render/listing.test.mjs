import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { setUp } from './client.mjs'

describe('listing', () => {
  test('shows 20 a page by default, and cursors lead through all of them when percent-encoded', async () => {
    const { world, ownerId, get } = await setUp()
    for (let index = 0; index < 45; index += 1) world.addService(ownerId, { name: `s-${index}` })
    const pages = []
    let cursor = ''
    do {
      pages.push(await get(`/services?ownerId=${ownerId}${cursor}`))
      const last = pages.at(-1).at(-1)?.cursor
      cursor = last ? `&cursor=${encodeURIComponent(last)}` : ''
    } while (cursor && pages.at(-1).length === 20)
    assert.deepEqual(pages.map(({ length }) => length), [20, 20, 5])
    const names = pages.flat().map(({ service }) => service.name)
    assert.deepEqual(names, Array.from({ length: 45 }, (_, index) => `s-${index}`))
    assert.equal((await get(`/services?ownerId=${ownerId}&limit=100`)).length, 45)
  })

  test('a cursor has to be percent-encoded', async () => {
    const { server, get, refusal } = await setUp({}, true)
    const [{ cursor }] = await get('/services?limit=1')
    assert.match(cursor, /\+.*\/.*=$/)
    assert.deepEqual(await get(`/services?cursor=${encodeURIComponent(cursor)}`), [])
    assert.equal((await refusal('GET', `/services?cursor=${cursor}`))[0], 400)
    assert.equal(server.violations[0].kind, 'query')
  })

  test('a full last page is followed by an empty one, and a cursor outlives its service', async () => {
    const { world, ownerId, get, send } = await setUp()
    for (let index = 0; index < 4; index += 1) world.addService(ownerId, { name: `s-${index}` })
    const page = await get(`/services?ownerId=${ownerId}&limit=2`)
    await send('DELETE', `/services/${page[1].service.id}`)
    const second = await get(`/services?ownerId=${ownerId}&limit=2&cursor=${encodeURIComponent(page[1].cursor)}`)
    assert.deepEqual(second.map(({ service }) => service.name), ['s-2', 's-3'])
    assert.deepEqual(
      await get(`/services?ownerId=${ownerId}&limit=2&cursor=${encodeURIComponent(second[1].cursor)}`),
      [],
    )
  })

  test('smaller pages, and the newest first, as options', async () => {
    const { server, world, ownerId, list } = await setUp({ pageSizeMaximum: 2 })
    for (let index = 0; index < 3; index += 1) world.addService(ownerId, { name: `s-${index}` })
    assert.deepEqual(await list(`?ownerId=${ownerId}&limit=100`), ['s-0', 's-1'])
    server.settings.newestFirst = true
    assert.deepEqual(await list(`?ownerId=${ownerId}`), ['s-2', 's-1'])
  })

  test('shows every workspace of the key by default, and no other', async () => {
    const { server, world, ownerId, otherOwnerId, list, refusal } = await setUp()
    world.addService(ownerId, { name: 'mine' })
    const foreign = world.createOwner()
    world.addService(foreign, { name: 'foreign' })
    assert.deepEqual(await list(), ['shop', 'mine'])
    assert.deepEqual(await list(`?ownerId=${ownerId}`), ['mine'])
    assert.deepEqual(await list(`?ownerId=${ownerId},${otherOwnerId}`), ['shop', 'mine'])
    assert.deepEqual(await list(`?ownerId=${ownerId}%2C${otherOwnerId}`), ['shop', 'mine'])
    assert.deepEqual(await list(`?ownerId=${foreign.id}`), [])
    server.settings.foreignOwnerInList = 404
    assert.deepEqual(await refusal('GET', `/services?ownerId=${foreign.id}`), [404, `not found: ${foreign.id}`])
  })

  test('filters by type, name, region, environment and suspension, several values with commas', async () => {
    const { world, ownerId, list } = await setUp()
    const environmentId = world.createEnvironment(ownerId).id
    world.addService(ownerId, { name: 'web', details: { region: 'ohio' } })
    world.addService(ownerId, { name: 'worker', type: 'background_worker', environmentId })
    world.addService(ownerId, { name: 'cron', type: 'cron_job' })
    world.addService(ownerId, { name: 'site', type: 'static_site', suspendedBy: ['user'] })
    const inOwn = (query) => list(`?ownerId=${ownerId}&${query}`)
    assert.deepEqual(await inOwn('type=web_service,private_service,background_worker'), ['web', 'worker'])
    assert.deepEqual(await inOwn('name=web'), ['web'])
    assert.deepEqual(await inOwn('name=we'), [])
    assert.deepEqual(await inOwn('name=web,cron'), ['web', 'cron'])
    assert.deepEqual(await inOwn('region=ohio'), ['web'])
    assert.deepEqual(await inOwn(`environmentId=${environmentId}`), ['worker'])
    assert.deepEqual(await inOwn('suspended=suspended'), ['site'])
    assert.deepEqual(await inOwn('suspended=not_suspended'), ['web', 'worker', 'cron'])
  })

  test('may match names in part, as an option', async () => {
    const { world, ownerId, list } = await setUp({ nameFilter: 'partial' })
    for (const name of ['box', 'my-box-2', 'other']) world.addService(ownerId, { name })
    assert.deepEqual(await list('?name=box'), ['box', 'my-box-2'])
  })

  test('shows previews by default', async () => {
    const { world, ownerId, get, list } = await setUp()
    const base = world.addService(ownerId, { name: 'app' })
    world.addService(ownerId, { name: 'app PR #1', parent: base })
    const [, { service }] = await get(`/services?ownerId=${ownerId}`)
    assert.deepEqual(service.serviceDetails.parentServer, { id: base.id, name: 'app' })
    assert.deepEqual(await list(`?ownerId=${ownerId}&includePreviews=true`), ['app', 'app PR #1'])
    assert.deepEqual(await list(`?ownerId=${ownerId}&includePreviews=false`), ['app'])
  })

  test('cron jobs have ids of their own, and neither they nor sites are hidden by themselves', async () => {
    const { world, ownerId, get } = await setUp()
    world.addService(ownerId, { type: 'cron_job', name: 'nightly' })
    world.addService(ownerId, { type: 'static_site', name: 'docs' })
    const [cron, site] = (await get(`/services?ownerId=${ownerId}`)).map(({ service }) => service)
    assert.match(cron.id, /^crn-/)
    assert.equal(cron.serviceDetails.schedule, '0 * * * *')
    assert.equal(site.imagePath, undefined)
    assert.equal(site.serviceDetails.url, 'https://docs.onrender.com')
  })

  test('refuses parameters that it does not know, or not in this form', async () => {
    const { server, ownerId, refusal } = await setUp({}, true)
    const wrong = [
      'owner=x',
      'ownerId=',
      `ownerId=${ownerId}&ownerId=${ownerId}`,
      'ownerId[]=x',
      'type=sandbox',
      'suspended=true',
      'includePreviews=no',
      'limit=0',
      'limit=101',
      'limit=x',
      'cursor=',
      'cursor=x',
    ]
    for (const query of wrong) assert.equal((await refusal('GET', `/services?${query}`))[0], 400, query)
    assert.deepEqual(server.violations.map(({ kind }) => kind), wrong.map(() => 'query'))
  })
})

describe('reads that lag behind writes', () => {
  test('a new service is missing in listings, and its name is taken at once', async () => {
    const { world, ownerId, create, post, get, list } = await setUp()
    world.lag.reads = 2
    const { id } = await create()
    assert.equal((await get(`/services/${id}`)).id, id)
    assert.equal((await post()).status, 400)
    const find = () => list(`?ownerId=${ownerId}&name=box&includePreviews=false&limit=100`)
    await list(`?ownerId=${ownerId}&name=another`) // does not count: it would not have shown it
    for (const expected of [[], [], ['box']]) assert.deepEqual(await find(), expected)
  })

  test('reads by id and deletions lag as options', async () => {
    const { world, create, refusal, send } = await setUp()
    Object.assign(world.lag, { reads: 1, serviceById: true })
    const one = await create()
    assert.deepEqual(await refusal('GET', `/services/${one.id}`), [404, `not found: ${one.id}`])
    assert.equal((await send('GET', `/services/${one.id}`)).status, 200)
    world.lag.deletes = true
    const other = await create({ name: 'other' })
    assert.equal((await refusal('DELETE', `/services/${other.id}`))[0], 404)
    assert.equal(world.services.get(other.id).deletedAt, null)
    assert.equal((await send('DELETE', `/services/${other.id}`)).status, 204)
  })

  test('a lag by the clock of the server', async () => {
    let clock = 1_000_000
    const { world, ownerId, create, list } = await setUp({ now: () => clock })
    world.lag.milliseconds = 5000
    await create()
    assert.deepEqual(await list(`?ownerId=${ownerId}`), [])
    clock += 5000
    assert.deepEqual(await list(`?ownerId=${ownerId}`), ['box'])
  })

  test('what is deleted may still be shown, for a while or for good, and cannot be deleted twice', async () => {
    const { world, ownerId, create, get, list, refusal, send } = await setUp()
    world.stale.reads = 1
    const { id } = await create()
    await send('DELETE', `/services/${id}`)
    assert.equal((await get(`/services/${id}`)).suspended, 'not_suspended')
    assert.equal((await refusal('GET', `/services/${id}`))[0], 404)
    assert.deepEqual(await list(`?ownerId=${ownerId}`), ['box'])
    assert.deepEqual(await list(`?ownerId=${ownerId}`), [])
    const ghost = world.addService(ownerId, { name: 'ghost', deleted: true })
    assert.equal((await refusal('DELETE', `/services/${ghost.id}`))[0], 404)
    for (let read = 0; read < 3; read += 1) assert.deepEqual(await list(`?ownerId=${ownerId}`), ['ghost'])
    assert.deepEqual(world.liveServices(ownerId), [])
  })
})
