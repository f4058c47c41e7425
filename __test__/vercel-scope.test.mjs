// What `getById` and `destroy` look at and touch: sandboxes by name, in the configured project, as they are.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { ABSENT_NAME, withVercel } from './support/vercel.mjs'
import { apiError } from './servers/vercel/index.mjs'

describe('getById', () => {
  test('asks for the sandbox by its name, in its project, and resumes nothing', async (t) => {
    const { provider, world, project, requestsFor, teamId, projectId } = await withVercel(t)
    world.addSandbox(project, { name: 'box', persistent: true })
    const { session } = world.sandbox('box')
    // It leaves a snapshot: it could be resumed (docs/providers/vercel.md).
    world.stopSession(session)
    const { instance, instanceId } = await provider.getById('box')
    assert.deepEqual([instanceId, instance.name, instance.status], ['box', 'box', 'stopped'])
    assert.equal(world.sandbox('box').session, session, 'no new session')
    const [{ query, path, body, headers }] = requestsFor('getSandbox')
    assert.deepEqual([path, { ...query }, body], ['/api/v2/sandboxes/box', { teamId, projectId }, ''])
    assert.equal(headers['content-type'], 'application/json')
  })

  const statuses = [
    ['pending', 'pending'],
    ['running', 'running'],
    ['stopping', 'stopped'],
    ['snapshotting', 'stopped'],
    ['stopped', 'stopped'],
    ['failed', 'failed'],
    ['aborted', 'failed'],
  ]
  for (const [status, expected] of statuses) {
    test(`says ${expected} where Vercel says ${status}`, async (t) => {
      const { provider, world, project } = await withVercel(t)
      world.addSandbox(project, { name: 'box', status })
      assert.equal((await provider.getById('box')).instance.status, expected)
      assert.equal((await provider.list())[0].instance.status, expected)
    })
  }

  test('says unknown where Vercel says something new', async (t) => {
    const { provider, server, world, project } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    const map = (answer) => ({ ...answer, sandbox: { ...answer.sandbox, status: 'hibernating' } })
    server.faults.add({ kind: 'replace', map })
    assert.equal((await provider.getById('box')).instance.status, 'unknown')
  })

  test('reads answers that hold no more than both descriptions of the API agree on', async (t) => {
    const { provider, server, projectId, teamId } = await withVercel(t)
    const routes = [{ port: 3000, url: 'https://x.vercel.run' }]
    const body = {
      sandbox: { name: 'box', status: 'running', currentSessionId: 'sbx_1' },
      session: { id: 'sbx_1', status: 'running' },
      routes,
    }
    server.faults.add({ kind: 'respond', status: 200, body })
    const { instance } = await provider.getById('box')
    const expected = { projectId, teamId, sessionId: 'sbx_1', name: 'box', status: 'running', managed: false }
    assert.deepEqual(instance, { ...expected, routes, url: routes[0].url })
  })

  test('shows no routes of Vercel’s own', async (t) => {
    const { provider, server, world, project } = await withVercel(t)
    world.addSandbox(project, { name: 'box', ports: [3000] })
    const system = { url: 'https://system.vercel.run', subdomain: 'system', port: 23_456, system: true }
    server.faults.add({ kind: 'replace', map: (answer) => ({ ...answer, routes: [system, ...answer.routes] }) })
    const { routes, url } = (await provider.getById('box')).instance
    assert.deepEqual(routes.map(({ port }) => port), [3000])
    assert.equal(url, routes[0].url)
  })

  test('is null for a sandbox of another project, and for one that is deleted', async (t) => {
    const { provider, world, team, project } = await withVercel(t)
    world.addSandbox(world.createProject(team), { name: 'theirs' })
    const gone = world.addSandbox(project, { name: 'gone' })
    world.deleteSandbox(gone)
    assert.equal(await provider.getById('theirs'), null)
    assert.equal(await provider.getById('gone'), null)
  })

  test('finds the one of this project where two have the same name', async (t) => {
    const { provider, world, team, project } = await withVercel(t)
    world.addSandbox(world.createProject(team), { name: 'box', region: 'fra1' })
    world.addSandbox(project, { name: 'box', region: 'iad1' })
    assert.equal((await provider.getById('box')).instance.region, 'iad1')
  })

  test('of a sandbox that this process has just made waits until it shows', async (t) => {
    const { provider, world } = await withVercel(t)
    world.lag.reads = 2
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
  })

  test('does not take 410 for a missing sandbox', async (t) => {
    const { provider, server, world, project } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    // Listed for records too; what is missing there is the session (docs/providers/vercel.md).
    server.faults.add(apiError(410, 'sandbox_stopped'))
    await rejection(provider.getById('box'), { httpStatus: 410, providerCode: 'sandbox_stopped' })
  })

  // The record is there, and a list shows it.
  test('finds a sandbox whose snapshot is gone in the list', async (t) => {
    const { provider, server, world, project, asked } = await withVercel(t)
    for (const name of ['box', 'box-1', 'bo', 'a', 'z']) world.addSandbox(project, { name })
    server.faults.add({ ...apiError(410, 'snapshot_not_found'), times: 2, when: 'getSandbox' })
    assert.equal((await provider.getById('box')).instanceId, 'box')
    assert.equal(await provider.getById('none'), null)
    assert.deepEqual(asked(), ['getSandbox', 'listSandboxes', 'getSandbox', 'listSandboxes'])
  })
})

describe('destroy', () => {
  test('deletes the sandbox by its name, in its project', async (t) => {
    const { provider, world, project, sandboxes, requestsFor, asked, teamId, projectId } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    assert.equal(await provider.destroy('box'), undefined)
    assert.deepEqual(sandboxes(), [])
    assert.deepEqual(asked(), ['deleteSandbox'])
    const [{ path, query, body }] = requestsFor('deleteSandbox')
    assert.deepEqual([path, { ...query }, body], ['/api/v2/sandboxes/box', { teamId, projectId }, ''])
  })

  for (const status of ['pending', 'running', 'stopping', 'stopped', 'failed']) {
    test(`deletes one that is ${status}`, async (t) => {
      const { provider, world, project, sandboxes } = await withVercel(t)
      world.addSandbox(project, { name: 'box', status })
      await provider.destroy('box')
      assert.deepEqual(sandboxes(), [])
    })
  }

  test('leaves one of the same name in another project alone', async (t) => {
    const { provider, world, team, project } = await withVercel(t)
    const foreign = world.createProject(team)
    for (const place of [foreign, project]) world.addSandbox(place, { name: 'box' })
    await provider.destroy('box')
    await provider.destroy('box')
    assert.equal(world.liveSandboxes(foreign).length, 1)
  })

  test('takes 404 for gone', async (t) => {
    const { provider, asked } = await withVercel(t)
    await provider.destroy(ABSENT_NAME)
    assert.deepEqual(asked(), ['deleteSandbox'])
  })

  test('of one that this process has just made is not satisfied with a 404 at once', async (t) => {
    const { provider, world, sandboxes } = await withVercel(t)
    Object.assign(world.lag, { reads: 2, deletes: true })
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(sandboxes(), [])
  })

  const strange = [
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' }],
    ['nothing', { body: '' }],
    ['something else', { body: { ok: true } }],
    ['another sandbox', { body: { sandbox: { name: 'another' } } }],
  ]
  for (const [what, answer] of strange) {
    const add = ({ faults }, effect) =>
      faults.add({ kind: 'respond', status: 200, ...answer, effect, when: 'deleteSandbox' })

    test(`rejects after a 200 about ${what} while the sandbox exists`, async (t) => {
      const { provider, world, project, server, sandboxes } = await withVercel(t)
      world.addSandbox(project, { name: 'box' })
      add(server, false)
      await rejection(provider.destroy('box'), { code: 'PROTOCOL', instanceId: 'box' })
      assert.equal(sandboxes().length, 1)
    })

    test(`reads the sandbox, if a 200 is about ${what}, and resolves when it is gone`, async (t) => {
      const { provider, world, project, server, asked } = await withVercel(t)
      world.addSandbox(project, { name: 'box' })
      add(server, true)
      await provider.destroy('box')
      assert.deepEqual(asked(), ['deleteSandbox', 'getSandbox'])
    })
  }

  test('does not take 410 for gone', async (t) => {
    const { provider, world, project, server, sandboxes } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    server.faults.add(apiError(410, 'sandbox_stopped'))
    await rejection(provider.destroy('box'), { httpStatus: 410, instanceId: 'box' })
    assert.equal(sandboxes().length, 1)
  })

  // Whether Vercel answers a deletion so is not known. The sandbox stays deletable, and is not called gone while it is not.
  test('of a sandbox whose snapshot is gone depends on a read', async (t) => {
    const { provider, world, project, server, sandboxes } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    const gone = (when, effect) => server.faults.add({ ...apiError(410, 'snapshot_not_found', 'Gone.', { effect }), when })
    gone('deleteSandbox', false)
    gone('getSandbox', false)
    const expected = { httpStatus: 410, providerCode: 'snapshot_not_found', instanceId: 'box', message: /: Gone\.$/ }
    await rejection(provider.destroy('box'), expected)
    assert.equal(sandboxes().length, 1)
    gone('deleteSandbox', true)
    gone('getSandbox', false)
    await provider.destroy('box')
    assert.equal(sandboxes().length, 0)
  })

  const passing = [
    { kind: 'reset-after' },
    apiError(500, 'internal_server_error', 'Oh.', { effect: true }),
    apiError(422, 'sandbox_stopping'),
  ]
  for (const fault of passing) {
    test(`is repeated where it may not have worked (${fault.kind}${fault.status ?? ''})`, async (t) => {
      const { makeProvider, world, project, server, sandboxes } = await withVercel(t)
      world.addSandbox(project, { name: 'box' })
      server.faults.add(fault)
      await makeProvider({ maxRetries: 2 }).destroy('box')
      assert.deepEqual(sandboxes(), [])
    })
  }
})
