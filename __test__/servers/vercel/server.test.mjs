import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { eventually } from '../../support/eventually.mjs'
import { CREATE } from './bodies.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { apiError, encodeOidcToken, tooManyRequests } from './index.mjs'
import { ROUTES } from './routes.mjs'
import { setUp, takeViolations } from './test-client.mjs'

const RUNNING = { commandPlan: { reads: Infinity } }

describe('creating and reading', () => {
  test('a sandbox runs at once, and answers with session and routes', async () => {
    const { world, server, teamId, projectId, create, get } = await setUp({ now: () => 1_790_000_000_000 })
    const tags = { computesdk: 'managed', 'computesdk-mark': 'm1' }
    const wanted = { name: 'box-1', env: { SECRET: 's' }, ports: [18_080], tags, resources: { vcpus: 4 } }
    const created = await create(wanted)
    const { sandbox, session, routes } = created
    assert.deepEqual(Object.keys(created), ['sandbox', 'session', 'routes'])
    assert.equal(sandbox.name, 'box-1')
    assert.equal(sandbox.status, 'running')
    assert.equal(sandbox.createdAt, 1_790_000_000_000)
    assert.equal(sandbox.currentSessionId, session.id)
    assert.equal(sandbox.timeout, 300_000)
    assert.deepEqual([sandbox.vcpus, sandbox.memory, sandbox.region, sandbox.persistent], [4, 8192, 'iad1', false])
    assert.deepEqual(sandbox.tags, tags)
    assert.match(sandbox.image, /^vercel\/sandbox\/universal@sha256:[0-9a-f]{64}$/)
    assert.match(session.id, /^sbx_[A-Za-z0-9]{28}$/)
    assert.equal(session.projectId, projectId)
    assert.equal(session.sourceSandboxName, 'box-1')
    assert.match(routes[0].url, /^https:\/\/sb-[a-z0-9]{12}\.vercel\.run$/)
    assert.equal(routes[0].port, 18_080)

    const found = await get('box-1')
    assert.equal(found.sandbox.expiresAt, 1_790_000_300_000)
    assert.equal(found.resumed, false)
    assert.deepEqual([found.session, found.routes], [session, routes])
    assert.ok(!JSON.stringify([created, found]).includes('SECRET'), 'no answer holds a variable')
    assert.deepEqual(world.sandbox('box-1').env, { SECRET: 's' })
    assert.match(teamId, /^team_/)
    assert.deepEqual(server.operations(), { createSandbox: 1, getSandbox: 1 })
    assert.deepEqual(server.violations, [])
  })

  test('without a name it gets one, without `persistent` it is persistent', async () => {
    const { create } = await setUp()
    const { sandbox } = await create({ persistent: undefined })
    assert.match(sandbox.name, /^[a-z]+-[a-z]+-[a-z]+-[a-z0-9]{6}$/)
    assert.equal(sandbox.persistent, true)
  })

  test('a name is taken in its project until it is deleted, stopped or not', async () => {
    const { world, call, create, remove, projectId, data } = await setUp()
    const other = world.createProject(world.projects.get(projectId).teamId)
    const { session } = await create({ name: 'taken' })
    await create({ name: 'taken', projectId: other.id })
    await data('POST', `/v2/sandboxes/sessions/${session.id}/stop`, { body: {} })
    const { status, json } = await call('POST', '/v3/sandboxes', { body: { projectId, name: 'taken' } })
    assert.equal(status, 400)
    assert.equal(json.error.code, 'bad_request')
    assert.match(json.error.message, /^A sandbox with the name 'taken' already exists for this project\. Use GET /)
    await remove('taken')
    await create({ name: 'taken' })
    assert.equal(world.allSandboxes(projectId).length, 2)
  })

  test('a name may be held after a deletion, and a clash may come as 409', async () => {
    let clock = 0
    const { world, create, createRefused, remove, getRefused } = await setUp({ now: () => clock, nameTakenStatus: 409 })
    world.nameHeldMilliseconds = 1000
    await create({ name: 'held' })
    await remove('held')
    assert.equal(await getRefused('held'), '404 not_found')
    assert.equal(await createRefused({ name: 'held' }), '409 bad_request')
    clock = 1000
    await create({ name: 'held' })
  })

  test('a session goes through its plan, a state with each read', async () => {
    const { world, create, get, list, data } = await setUp({ plan: ['pending', 'pending', 'running'] })
    const { sandbox, session } = await create({ name: 'slow' })
    assert.equal(sandbox.status, 'pending')
    assert.equal(session.startedAt, undefined)
    assert.equal((await list()).sandboxes[0].status, 'pending', 'a listing moves nothing')
    assert.equal((await get('slow')).sandbox.status, 'pending')
    assert.equal((await data('GET', `/v2/sandboxes/sessions/${session.id}`)).session.status, 'running')
    world.planNext(['pending', 'failed'])
    await create({ name: 'bad' })
    assert.equal((await get('bad')).sandbox.status, 'failed')
    world.planNext(['aborted'])
    assert.equal((await create({ name: 'worse' })).session.status, 'aborted')
    world.planNext(['pending'])
    await create({ name: 'never' })
    for (let read = 0; read < 3; read += 1) assert.equal((await get('never')).sandbox.status, 'pending')
    const running = world.runningSandboxes([...world.projects.keys()][0]).map(({ name }) => name)
    assert.deepEqual(running, ['slow', 'never'])
  })

  test('plans by name, and states that change by themselves', async () => {
    const plan = [{ name: /^bad/, plan: ['failed'] }]
    const byName = await setUp({ plan })
    assert.equal((await byName.create({ name: 'bad-1' })).sandbox.status, 'failed')
    assert.equal((await byName.create({ name: 'good' })).sandbox.status, 'running')
    const byTime = await setUp({ plan: () => ['pending', 'running'], stepMilliseconds: 1 })
    assert.equal((await byTime.create({ name: 'timed' })).sandbox.status, 'pending')
    const timed = byTime.world.sandbox('timed')
    await eventually(() => timed.session.status === 'running', 'running')
  })

  test('images come from the own registry only, and may not be ready', async () => {
    const { world, projectId, create, createRefused } = await setUp()
    const other = world.createProject(world.projects.get(projectId).teamId)
    for (const image of ['computesdk/compute:latest', 'docker.io/library/node', 'node', 'vercel/sandbox/node:18']) {
      assert.equal(await createRefused({ image }), '400 bad_request')
    }
    const pinned = world.addImage(projectId, 'box', { notReadyFor: 1 })
    assert.equal(await createRefused({ image: 'box' }), '422 image_not_ready')
    for (const image of ['box', 'box:latest', 'vcr.vercel.com/box', pinned]) {
      assert.equal((await create({ image })).sandbox.image, pinned)
    }
    await create({ image: 'vercel/sandbox/node:24' })
    assert.equal(await createRefused({ image: 'box', projectId: other.id }), '400 bad_request')
    assert.equal(world.liveSandboxes(other.id).length, 0)
  })

  test('plan limits are refused and are no mistakes of the client', async () => {
    const limits = { concurrencyLimit: 1, timeoutMaximum: 5000 }
    const { server, world, projectId, create, createRefused } = await setUp(limits)
    const wrong = [
      { timeout: 5001 },
      { resources: { vcpus: 3 } },
      { resources: { vcpus: 16 } },
      { resources: { vcpus: 2, memory: 2048 } },
      { failoverRegions: ['iad1'] },
    ]
    for (const body of wrong) assert.equal(await createRefused({ timeout: 1000, ...body }), '400 bad_request')
    await create({ resources: { vcpus: 1, memory: 2048 }, timeout: 5000, region: 'fra1', failoverRegions: ['iad1'] })
    assert.equal(await createRefused({}), '429 rate_limited')
    assert.equal(world.liveSandboxes(projectId).length, 1)
    assert.deepEqual(server.violations, [])
  })
})

describe('the end of a sandbox', () => {
  test('deleting stops the session first, and what is missing is 404', async () => {
    const { world, projectId, create, remove, removeRefused, getRefused, refused } = await setUp(RUNNING)
    const { session } = await create({ name: 'gone' })
    const { sandbox } = await remove('gone')
    assert.equal(sandbox.status, 'stopped')
    assert.equal(sandbox.expiresAt, undefined)
    assert.equal(await getRefused('gone'), '404 not_found')
    assert.equal(await removeRefused('gone'), '404 not_found')
    assert.equal(await refused('GET', `/v2/sandboxes/sessions/${session.id}`), '404 not_found')
    assert.deepEqual(world.liveSandboxes(projectId), [])
    assert.notEqual(world.sandbox('gone').deletedAt, null)
    const kept = await setUp({ deletedSession: 'sandbox_stopped' })
    const { session: other } = await kept.create({ name: 'gone' })
    await kept.remove('gone')
    assert.equal(await kept.refused('GET', `/v2/sandboxes/sessions/${other.id}`), '410 sandbox_stopped')
  })

  test('a stopped sandbox stays, is listed, and is not started by reading', async () => {
    const { create, data, get, list, getRefused } = await setUp()
    const { session } = await create({ name: 'idle' })
    const stop = () => data('POST', `/v2/sandboxes/sessions/${session.id}/stop`, { body: {} })
    const stopped = await stop()
    assert.equal(stopped.session.status, 'stopped')
    assert.equal(stopped.sandbox.status, 'stopped')
    assert.equal(stopped.snapshot, undefined)
    assert.equal((await stop()).session.status, 'stopped')
    assert.equal((await get('idle')).sandbox.status, 'stopped')
    assert.equal((await list()).sandboxes[0].status, 'stopped')
    assert.equal(await getRefused('idle', '&resume=true'), '400 snapshot_not_found')
  })

  test('a persistent one leaves a snapshot, and resumes in a new session when it is asked to', async () => {
    const { create, data, get, world } = await setUp()
    const { session } = await create({ name: 'kept', persistent: true })
    const { snapshot } = await data('POST', `/v2/sandboxes/sessions/${session.id}/stop`, { body: {} })
    assert.equal(snapshot.sourceSessionId, session.id)
    assert.equal((await get('kept')).resumed, false)
    const resumed = await get('kept', '&resume=true')
    assert.equal(resumed.resumed, true)
    assert.equal(resumed.sandbox.status, 'running')
    assert.notEqual(resumed.session.id, session.id)
    assert.equal(world.sandbox('kept').sessions.length, 2)
  })

  test('a lifetime ends by the clock, and can be extended up to the maximum', async () => {
    let clock = 1_000_000
    const { create, get, data, refused, world, projectId } = await setUp({ now: () => clock, timeoutMaximum: 10_000 })
    const { session } = await create({ name: 'short', timeout: 5000 })
    const extend = (duration) => ['POST', `/v2/sandboxes/sessions/${session.id}/extend-timeout`, { body: { duration } }]
    const extended = await data(...extend(2000))
    assert.equal(extended.session.timeout, 7000)
    assert.equal(await refused(...extend(4000)), '400 bad_request')
    clock += 6999
    const alive = await get('short')
    assert.deepEqual([alive.sandbox.status, alive.sandbox.timeout], ['running', 5000])
    assert.equal(alive.sandbox.expiresAt, 1_007_000)
    clock += 1
    assert.equal(world.runningSandboxes(projectId).length, 0)
    const dead = await get('short')
    assert.deepEqual([dead.sandbox.status, dead.session.stoppedAt], ['stopped', 1_007_000])
    assert.equal(dead.sandbox.expiresAt, undefined)
    assert.equal(await refused(...extend(1000)), '410 sandbox_stopped')
  })

  test('a lifetime ends by itself where the clock is the real one', async () => {
    const { world, projectId } = await setUp()
    const { session } = world.addSandbox(projectId, { timeout: 1 })
    await eventually(() => session.status === 'stopped', 'stopped')
  })
})

describe('listing', () => {
  test('has neither sessions nor routes, is newest first, and ends with a null cursor', async () => {
    const { world, projectId, list, names } = await setUp()
    for (let index = 0; index < 45; index += 1) world.addSandbox(projectId, { name: `s-${index}`, ports: [3000] })
    const first = await list()
    assert.deepEqual(Object.keys(first), ['sandboxes', 'pagination'])
    assert.equal(first.sandboxes[0].session, undefined)
    assert.equal(first.sandboxes[0].routes, undefined)
    assert.equal(first.pagination.count, 20)
    const seen = []
    const sizes = []
    let cursor = ''
    do {
      const { sandboxes, pagination } = await list(`&limit=30${cursor}`)
      seen.push(...sandboxes.map(({ name }) => name))
      sizes.push(pagination.count)
      cursor = pagination.next && `&cursor=${pagination.next}`
    } while (cursor)
    assert.deepEqual(sizes, [30, 15])
    assert.deepEqual(seen, Array.from({ length: 45 }, (_, index) => `s-${44 - index}`))
    assert.deepEqual((await names('&limit=1&sortOrder=asc')), ['s-0'])
  })

  test('a cursor stays good when its record is deleted, and belongs to its own listing', async () => {
    const { server, world, projectId, list, remove, refused } = await setUp()
    for (const name of ['a', 'b', 'c']) world.addSandbox(projectId, { name })
    const { next } = (await list('&limit=2')).pagination
    await remove('b')
    await remove('c')
    assert.deepEqual((await list(`&limit=2&cursor=${next}`)).sandboxes.map(({ name }) => name), ['a'])
    assert.equal(await refused('GET', `/v2/sandboxes?project=${projectId}&cursor=nonsense`), '400 bad_request')
    const other = `/v2/sandboxes?project=${projectId}&sortBy=name&cursor=${next}`
    assert.equal(await refused('GET', other), '400 bad_request')
    assert.deepEqual(takeViolations(server), ['query', 'query'])
  })

  test('filters: a tag, a state, the beginning of a name', async () => {
    const { world, projectId, names, refused } = await setUp()
    world.addSandbox(projectId, { name: 'b-ours', tags: { computesdk: 'managed', url: 'a:b' } })
    world.addSandbox(projectId, { name: 'a-theirs', status: 'stopped' })
    world.addSandbox(projectId, { name: 'a-other', tags: { computesdk: 'no' }, status: 'stopping' })
    assert.deepEqual(await names('&tags=computesdk:managed'), ['b-ours'])
    assert.deepEqual(await names('&tags=url:a:b'), ['b-ours'])
    assert.deepEqual(await names('&status=stopped'), ['a-theirs'])
    assert.deepEqual(await names('&sortBy=name&sortOrder=asc&namePrefix=a'), ['a-other', 'a-theirs'])
    const listing = `/v2/sandboxes?project=${projectId}`
    assert.equal(await refused('GET', `${listing}&namePrefix=a`), '400 bad_request')
    assert.equal(await refused('GET', `${listing}&sortBy=name&status=stopped`), '400 bad_request')
  })

  test('pages can be made small, end with an empty one, and be filtered only then', async () => {
    const { server, world, projectId, list } = await setUp({ emptyLastPage: true, filterPages: true })
    server.settings.pageSizeMaximum = 1
    world.addSandbox(projectId, { name: 'ours', tags: { a: 'b' } })
    world.addSandbox(projectId, { name: 'theirs' })
    const pages = []
    let cursor = ''
    do {
      const { sandboxes, pagination } = await list(`&limit=50&tags=a:b${cursor}`)
      assert.equal(pagination.count, sandboxes.length)
      pages.push(sandboxes.map(({ name }) => name))
      cursor = pagination.next && `&cursor=${pagination.next}`
    } while (cursor)
    assert.deepEqual(pages, [[], ['ours'], []])
  })
})

describe('lag', () => {
  test('a new sandbox is unseen per kind of read, but its name is taken and its session there', async () => {
    const { world, create, createRefused, names, get, getRefused, data, remove } = await setUp()
    world.lag = { reads: 2 }
    const { session } = await create({ name: 'late', tags: { a: 'b' } })
    assert.equal(await createRefused({ name: 'late' }), '400 bad_request')
    for (const expected of [[], [], ['late']]) assert.deepEqual(await names(), expected)
    for (const expected of [[], [], ['late']]) assert.deepEqual(await names('&tags=a:b'), expected)
    assert.equal(await getRefused('late'), '404 not_found')
    assert.equal((await data('GET', `/v2/sandboxes/sessions/${session.id}`)).session.status, 'running')
    assert.equal(await getRefused('late'), '404 not_found')
    assert.equal((await get('late')).sandbox.name, 'late')
    await create({ name: 'unseen' })
    await remove('unseen')
  })

  test('a deletion lags only as an option, and by the clock of the server', async () => {
    let clock = 0
    const { world, projectId, create, remove, removeRefused } = await setUp({ now: () => clock })
    world.lag = { milliseconds: 1000, deletes: true }
    await create({ name: 'late' })
    assert.equal(await removeRefused('late'), '404 not_found')
    assert.equal(world.liveSandboxes(projectId).length, 1)
    clock = 1000
    await remove('late')
    assert.deepEqual(world.liveSandboxes(projectId), [])
  })

  test('a deleted sandbox may still be seen, stopped or as if nothing had happened', async () => {
    const { world, create, remove, removeRefused, get, getRefused, names } = await setUp()
    world.stale = { reads: 1 }
    await create({ name: 'first' })
    await remove('first')
    assert.equal((await get('first')).sandbox.status, 'stopped')
    assert.deepEqual(await names(), ['first'])
    assert.equal(await getRefused('first'), '404 not_found')
    assert.equal(await removeRefused('first'), '404 not_found')
    world.stale = { reads: 1, showStopped: false }
    await create({ name: 'second' })
    await remove('second')
    const ghost = await get('second')
    assert.deepEqual([ghost.sandbox.status, ghost.session.status], ['running', 'running'])
    assert.deepEqual(await names('&limit=1'), ['second'])
    assert.deepEqual(await names(), [])
  })
})

describe('credentials', () => {
  test('missing, unknown, expired', async () => {
    let clock = 1_000_000_000_000
    const { server, world, projectId, call, get, create } = await setUp({ now: () => clock })
    await create({ name: 'box' })
    const path = `/v2/sandboxes/box?projectId=${projectId}`
    const error = async (authorization) => {
      const { status, json } = await call('GET', path, { headers: { authorization } })
      return [status, json.error.code, json.error.invalidToken]
    }
    assert.deepEqual(await error('Bearer nonsense'), [403, 'forbidden', true])
    assert.deepEqual(server.violations, [])
    assert.deepEqual(await error(''), [401, 'unauthorized', undefined])
    assert.deepEqual(await error('Basic abc'), [401, 'unauthorized', undefined])
    assert.deepEqual(takeViolations(server), ['authorization', 'authorization'])
    const expiring = `Bearer ${world.addToken({ expiresAt: clock + 1 })}`
    const oidc = `Bearer ${world.mintOidcToken(projectId, { lifetimeSeconds: 1 })}`
    for (const authorization of [expiring, oidc]) {
      assert.equal((await call('GET', path, { headers: { authorization } })).status, 200)
    }
    clock += 1000
    for (const authorization of [expiring, oidc]) assert.deepEqual(await error(authorization), [403, 'forbidden', true])
    await get('box')
    const strict = await setUp({ invalidTokenStatus: 401 })
    const headers = { authorization: 'Bearer nonsense' }
    assert.equal(await strict.refused('GET', '/v2/sandboxes?project=x', { headers }), '401 forbidden')
  })

  test('tokens reach their teams and projects, and do what they may', async () => {
    const { world, teamId, projectId, call, create, refused, data } = await setUp()
    const { session } = await create({ name: 'box' })
    const otherTeam = world.createTeam({ slug: 'other' })
    const foreign = world.createProject(otherTeam, { slug: 'foreign' })
    const sibling = world.createProject(teamId, { slug: 'sibling' })
    world.addSandbox(foreign, { name: 'theirs' })
    const as = (token) => ({ headers: { authorization: `Bearer ${token}` } })
    const reaching = (options) => as(world.addToken(options))
    const box = `/v2/sandboxes/box?projectId=${projectId}`

    const stranger = await call('GET', box, reaching({ teams: [otherTeam] }))
    assert.equal(stranger.status, 403)
    assert.equal(stranger.json.error.invalidToken, undefined)
    assert.equal(await refused('GET', box, { team: 'team_nobody' }), '403 forbidden')
    const narrow = reaching({ teams: [teamId], projects: [sibling] })
    assert.equal(await refused('GET', box, narrow), '403 forbidden')
    assert.equal(await refused('GET', `/v2/sandboxes/sessions/${session.id}`, narrow), '404 not_found')
    assert.equal(await refused('GET', `/v2/sandboxes?project=${foreign.id}`), '404 not_found')
    assert.equal(await refused('GET', '/v2/sandboxes?project=nonsense'), '404 not_found')
    const everywhere = { ...reaching({}), team: otherTeam.id }
    assert.equal((await data('GET', '/v2/sandboxes?project=foreign', everywhere)).sandboxes[0].name, 'theirs')
    assert.equal(await refused('GET', `/v2/sandboxes/sessions/${session.id}`, everywhere), '404 not_found')

    const reader = reaching({ may: ['read'] })
    await data('GET', box, reader)
    assert.equal(await refused('DELETE', box, reader), '403 forbidden')
    assert.equal(await refused('POST', '/v3/sandboxes', { body: { projectId }, ...reader }), '403 forbidden')
    const command = { body: { command: 'true' }, ...reader }
    assert.equal(await refused('POST', `/v2/sandboxes/sessions/${session.id}/cmd`, command), '403 forbidden')
    assert.equal(world.liveSandboxes(projectId).length, 1)
    const forbidding = await setUp({ foreignProject: 'forbidden' })
    assert.equal(await forbidding.refused('GET', '/v2/sandboxes?project=nonsense'), '403 forbidden')
  })

  test('team and project by slug, and by the claims of an OIDC token', async () => {
    const { server, world, projectId, oidcToken, data, refused, create } = await setUp()
    await create({ name: 'box' })
    await data('GET', '/v2/sandboxes/box?projectId=sandboxes&slug=acme', { team: null })
    assert.equal(await refused('GET', `/v2/sandboxes/box?projectId=${projectId}`, { team: null }), '400 bad_request')
    assert.equal(await refused('GET', '/v2/sandboxes/box'), '400 bad_request')
    assert.deepEqual(takeViolations(server), ['query', 'project'])
    const headers = { authorization: `Bearer ${oidcToken}` }
    await data('GET', '/v2/sandboxes/box', { headers })
    await data('POST', '/v3/sandboxes', { body: {}, headers })
    const sibling = world.createProject(world.projects.get(projectId).teamId)
    assert.equal(await refused('GET', `/v2/sandboxes?project=${sibling.id}`, { headers }), '403 forbidden')
    const claims = JSON.parse(Buffer.from(oidcToken.split('.')[1], 'base64url').toString())
    assert.equal(claims.project_id, projectId)
    assert.equal(claims.owner_id, [...world.teams.keys()][0])
    assert.equal(claims.exp - claims.iat, 43_200)
    const forged = { authorization: `Bearer ${encodeOidcToken(claims, { signature: 'Zm9yZ2Vk' })}` }
    assert.equal(await refused('GET', '/v2/sandboxes', { headers: forged }), '403 forbidden')
  })

  test('a team without a payment method', async () => {
    const { world, teamId, create, createRefused, getRefused, names } = await setUp()
    await create({ name: 'box' })
    world.teams.get(teamId).paymentMissing = true
    assert.equal(await createRefused({}), '402 payment_required')
    assert.equal(await getRefused('box'), '402 payment_required')
    assert.deepEqual(await names(), ['box'])
  })
})

describe('strictness', () => {
  test('routes, methods and the base path', async () => {
    const { server, teamId, projectId, refused } = await setUp()
    const unknown = [
      ['GET', '/v1/sandboxes'],
      ['POST', '/v2/sandboxes', { body: {} }],
      ['PATCH', '/v2/sandboxes/box', { body: {} }],
      ['GET', '/v2/sandboxes/sessions'],
      ['GET', '/v2/sandboxes/box/more'],
      ['GET', '/v3/sandboxes'],
    ]
    for (const request of unknown) assert.equal(await refused(...request), '404 not_found')
    assert.deepEqual(new Set(takeViolations(server)), new Set(['route']))
    const below = await fetch(`${server.origin}/v2/sandboxes?project=${projectId}&teamId=${teamId}`)
    assert.equal(below.status, 404)
    assert.deepEqual(takeViolations(server), ['route'])
    const bare = await setUp({ basePath: '' })
    assert.equal(bare.server.url, bare.server.origin)
    assert.deepEqual(await bare.names(), [])
  })

  test('content types, queries and parts of paths', async () => {
    const { server, projectId, send, refused } = await setUp()
    const listing = `/v2/sandboxes?project=${projectId}`
    const wrong = {
      'content-type': [['GET', listing, { headers: { 'content-type': 'text/plain' } }]],
      query: ['&since=1', '&limit=0', '&limit=51', '&limit=x', '&sortBy=age', '&status=pending', '&tags=a', '&cursor=']
        .concat('&tags=a:b&tags=c:d', `&teamId=again`)
        .map((query) => ['GET', `${listing}${query}`]),
      path: [
        ['GET', `/v2/sandboxes/${encodeURIComponent('a/b')}?projectId=${projectId}`],
        ['GET', `/v2/sandboxes/a%20b?projectId=${projectId}`],
        ['DELETE', `/v2/sandboxes/%zz?projectId=${projectId}`],
      ],
      body: [['DELETE', `/v2/sandboxes/box?projectId=${projectId}`, { body: {} }]],
    }
    for (const [kind, requests] of Object.entries(wrong)) {
      for (const request of requests) {
        assert.equal(await refused(...request), '400 bad_request')
        assert.deepEqual(takeViolations(server), [kind], JSON.stringify(request))
      }
    }
    const answer = await send('GET', listing, { headers: { 'content-type': 'application/json; charset=utf-8' } })
    assert.equal(answer.status, 200)
  })

  test('bodies of a create', async () => {
    const { server, world, projectId, createRefused, refused } = await setUp({ rateLimit: { limit: 100 } })
    const wrong = [
      { nonsense: 1 },
      { name: 'a b' },
      { name: '' },
      { name: 'x'.repeat(129) },
      { name: null },
      { ports: [80] },
      { ports: [23_456] },
      { ports: [3000, 3000] },
      { ports: Array.from({ length: 16 }, (_, index) => 3000 + index) },
      { ports: 3000 },
      { timeout: 999 },
      { timeout: '5m' },
      { resources: { vcpus: 2, cpus: 2 } },
      { resources: { vcpus: 0 } },
      { env: { A: 1 } },
      { env: [] },
      { persistent: 'false' },
      { image: '' },
      { region: 'mars1' },
      { tags: { a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' } },
      { tags: { a: 'x'.repeat(257) } },
      { runtime: 'node22' },
      { source: { type: 'git', url: 'https://example.com' } },
      { projectId: 5 },
    ]
    for (const body of wrong) {
      assert.equal(await createRefused(body), '400 bad_request')
      assert.deepEqual(takeViolations(server), ['body'], JSON.stringify(body))
    }
    for (const body of ['{', '[]', 'null', undefined]) {
      assert.equal(await refused('POST', '/v3/sandboxes', { body }), '400 bad_request')
      assert.deepEqual(takeViolations(server), ['body'])
    }
    assert.deepEqual(world.allSandboxes(projectId), [])
  })

  test('a violation names the request and not the value', async () => {
    const { server, createRefused } = await setUp({ now: () => 5 })
    await createRefused({ env: { TOKEN: ['secret'] } })
    const expected = {
      kind: 'body',
      message: 'body.env.TOKEN must be a string',
      method: 'POST',
      path: '/api/v3/sandboxes',
      operation: 'createSandbox',
      at: 5,
    }
    assert.deepEqual(server.violations.splice(0), [expected])
  })
})

describe("Vercel's own shapes", async () => {
  const full = await loadFullSchema()
  const skip = full ? false : 'the shapes of the API are not next to this checkout'

  test('our routes and parameters are among its own', { skip }, () => {
    for (const { operation, method, path, query, body } of ROUTES) {
      const theirs = full.operation(operation)
      const form = path.replace(':commandId', '{cmdId}').replaceAll(/:(\w+)/g, '{$1}')
      assert.equal(`${method} ${form}`, `${theirs.method} ${theirs.path}`)
      assert.deepEqual(full.checkQuery(operation, Object.keys(query)), [])
      assert.equal(body !== undefined && operation !== 'stopSession', theirs.body !== undefined, operation)
    }
    assert.deepEqual(full.checkQuery('listSandboxes', ['since']), ['no query parameter since'])
  })

  test('its example of a create passes ours, and what it refuses is not let through', { skip }, () => {
    const example = full.examples['createSandbox.request'].value
    assert.equal(CREATE(example, 'body'), undefined)
    assert.deepEqual(full.checkRequest('createSandbox', example), [])
    for (const wrong of [{ ports: [80] }, { nonsense: 1 }, { timeout: 1 }, { env: { A: 1 } }, { region: 'x' }]) {
      assert.notEqual(CREATE({ ...example, ...wrong }, 'body'), undefined)
      assert.notDeepEqual(full.checkRequest('createSandbox', { ...example, ...wrong }), [], JSON.stringify(wrong))
    }
  })

  test('our answers hold what its documents require', { skip }, async () => {
    const { server, create, get } = await setUp(RUNNING)
    assert.equal(server.fullSchema, true)
    await create({ name: 'box', ports: [3000] })
    const { sandbox, session, routes } = await get('box')
    const { NamedSandbox, Session, SandboxPublicRoute } = full.openapiRequired
    for (const name of NamedSandbox) assert.notEqual(sandbox[name], undefined, name)
    for (const name of Session) assert.notEqual(session[name], undefined, name)
    for (const name of SandboxPublicRoute) assert.notEqual(routes[0][name], undefined, name)
    assert.deepEqual(full.checkAnswer('getSandbox', 200, { sandbox, session, routes }), [])
    assert.notDeepEqual(full.checkAnswer('getSandbox', 200, { sandbox, session }), [])
    assert.deepEqual(full.checkAnswer('getSandbox', 404, { error: { code: 'a', message: 'b' } }), [])
    assert.notDeepEqual(full.checkAnswer('getSandbox', 404, { message: 'b' }), [])
  })
})

describe('rate limits', () => {
  test('headers in unix seconds, buckets per kind and team, refusals without effect', async () => {
    let clock = 1_000_000_000_000
    const { world, projectId, call, create, get, remove, names } = await setUp({ now: () => clock })
    const { headers } = await call('POST', '/v3/sandboxes', { body: { projectId, name: 'first' } })
    assert.equal(headers.get('x-ratelimit-limit'), '20')
    assert.equal(headers.get('x-ratelimit-remaining'), '19')
    assert.equal(headers.get('x-ratelimit-reset'), '1000000003')
    assert.match(headers.get('x-vercel-id'), /^iad1::/)
    for (let index = 1; index < 20; index += 1) await create({})
    const refused = await call('POST', '/v3/sandboxes', { body: { projectId } })
    assert.equal(refused.status, 429)
    assert.equal(refused.json.error.code, 'rate_limited')
    assert.equal(refused.headers.get('x-ratelimit-remaining'), '0')
    assert.equal(refused.headers.get('retry-after'), null)
    assert.equal(world.liveSandboxes(projectId).length, 20)
    await get('first')
    assert.equal((await names()).length, 20)
    await remove('first')
    const other = world.createProject(world.createTeam())
    const authorized = { authorization: `Bearer ${world.addToken()}` }
    await create({ projectId: other.id }, { team: other.teamId, headers: authorized })
    clock += 3000
    await create({})
  })

  test('can be set, and may say Retry-After', async () => {
    const small = await setUp({ now: () => 0, rateLimit: { other: { limit: 1 }, retryAfter: true } })
    await small.names()
    const { status, headers } = await small.call('GET', '/v2/sandboxes')
    assert.deepEqual([status, headers.get('retry-after')], [429, '60'])
    const { server } = await setUp({ rateLimit: { limit: 1_000_000 } })
    const { headers: huge } = await fetch(server.url)
    assert.equal(huge.get('x-ratelimit-limit'), '1000000')
    assert.deepEqual(takeViolations(server), ['route'])
  })
})

describe('faults', () => {
  test('by operation or by route, with and without the effect', async () => {
    const { server, world, projectId, call, create, createRefused } = await setUp()
    server.faults.add({ kind: 'reset-before', when: 'createSandbox' })
    server.faults.add({ kind: 'reset-after', when: 'POST /v3/sandboxes' })
    await assert.rejects(create({ name: 'one' }), TypeError)
    assert.equal(world.liveSandboxes(projectId).length, 0)
    await assert.rejects(create({ name: 'two' }), TypeError)
    assert.equal(world.liveSandboxes(projectId).length, 1)
    server.faults.add(apiError(500, 'internal_server_error', undefined, { effect: true }))
    assert.equal(await createRefused({ name: 'three' }), '500 internal_server_error')
    assert.equal(world.liveSandboxes(projectId).length, 2)
    server.faults.add({ ...apiError(403, 'forbidden', 'Not authorized', { extra: { invalidToken: true } }) })
    assert.equal((await call('GET', '/v2/sandboxes')).json.error.invalidToken, true)
    server.faults.add({ ...tooManyRequests({ retryAfter: 3 }), when: 'GET /v2/sandboxes/:name' })
    const limited = await call('GET', `/v2/sandboxes/two?projectId=${projectId}`)
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '3'])
    assert.deepEqual(server.faults.counts, { 'reset-before': 1, 'reset-after': 1, respond: 3 })
  })

  test('a seed repeats ids, names and tokens', async () => {
    const round = async () => {
      const { token, teamId, projectId, create } = await setUp({ now: () => 0 })
      return [token, teamId, projectId, (await create({})).sandbox]
    }
    assert.deepEqual(await round(), await round())
  })

  test('all requests are recorded and reported', async () => {
    const told = []
    const { server, create, token } = await setUp({ onDone: (request) => told.push(request) })
    const done = server.waitForRequest('createSandbox')
    await create({ name: 'box' })
    const { json, headers, params, status } = await done
    assert.equal(json.name, 'box')
    assert.equal(headers.authorization, `Bearer ${token}`)
    assert.deepEqual([params, status], [{}, 200])
    assert.deepEqual(told, server.requests)
  })
})

describe('by hand', () => {
  test('has a project to work in and runs nothing that a client asks for', async () => {
    const { start } = await import('./start.mjs')
    const { server, environment, hints } = await start({ port: 0 })
    try {
      const query = `teamId=${environment.VERCEL_TEAM_ID}`
      const headers = { authorization: `Bearer ${environment.VERCEL_TOKEN}`, 'content-type': 'application/json' }
      const post = async (path, body) => {
        const url = `${environment.VERCEL_BASE_URL}${path}?${query}`
        return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
      }
      const { session } = await post('/v3/sandboxes', { projectId: environment.VERCEL_PROJECT_ID, name: 'box' })
      assert.equal(session.status, 'pending')
      const record = server.world.sandbox('box')
      await eventually(() => record.session.status === 'running', 'running')
      await post(`/v2/sandboxes/sessions/${session.id}/cmd`, { command: 'true' })
      const [command] = record.commands
      assert.deepEqual([command.simulated, command.exitCode], [true, null])
      assert.match(hints, /VERCEL_OIDC_TOKEN=/)
    } finally {
      await server.close()
    }
  })
})
