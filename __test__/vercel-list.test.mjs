// `list`: all pages of one project, whatever state its sandboxes are in.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { withVercel } from './support/vercel.mjs'

const names = (results) => results.map(({ instanceId }) => instanceId).sort()
const listed = 'listSandboxes'

describe('list', () => {
  test('asks for the project in the fewest pages', async (t) => {
    const { provider, requestsFor, teamId, projectId } = await withVercel(t)
    assert.deepEqual(await provider.list(), [])
    assert.deepEqual({ ...requestsFor(listed)[0].query }, { teamId, project: projectId, limit: '50' })
  })

  test('shows of an instance what a listing has, and reads none by itself', async (t) => {
    const { provider, asked, world, projectId, teamId } = await withVercel(t)
    const { instanceId } = await provider.create({ ports: [3000], vcpus: 4 })
    const { session, createdAt } = world.sandbox(instanceId)
    const [{ instance }] = await provider.list()
    assert.equal(Date.parse(instance.createdAt), createdAt)
    assert.deepEqual(instance, {
      projectId,
      teamId,
      sessionId: session.id,
      region: 'iad1',
      vcpus: 4,
      name: instanceId,
      status: 'running',
      createdAt: instance.createdAt,
      managed: true,
    })
    assert.deepEqual(asked(), ['createSandbox', listed])
  })

  test('shows a stopped sandbox, which exists until it is deleted', async (t) => {
    const { provider, world } = await withVercel(t)
    const { instanceId } = await provider.create()
    world.stopSession(world.sandbox(instanceId).session)
    assert.deepEqual(
      (await provider.list({ managed: true })).map(({ instance }) => [instance.name, instance.status]),
      [[instanceId, 'stopped']],
    )
    await provider.destroy(instanceId)
    assert.deepEqual(await provider.list(), [])
  })

  test('keeps to its project', async (t) => {
    const { provider, world, team, project } = await withVercel(t)
    world.addSandbox(world.createProject(team), { name: 'theirs', tags: { computesdk: 'managed' } })
    world.addSandbox(project, { name: 'ours' })
    assert.deepEqual(names(await provider.list()), ['ours'])
    assert.deepEqual(names(await provider.list({ managed: true })), [])
  })

  test('{ managed: true } asks for our tag, and keeps only sandboxes that have it', async (t) => {
    const { provider, world, project, requestsFor, server } = await withVercel(t)
    const ours = { computesdk: 'managed' }
    const tags = [undefined, ours, { computesdk: 'other' }, { managed: 'computesdk' }, { ...ours, more: 'x' }]
    for (const [index, value] of tags.entries()) world.addSandbox(project, { name: `box-${index}`, tags: value })
    assert.deepEqual(names(await provider.list({ managed: true })), ['box-1', 'box-4'])
    assert.equal(requestsFor(listed)[0].query.tags, 'computesdk:managed')
    const all = await provider.list()
    assert.deepEqual(names(all.filter(({ instance }) => instance.managed)), ['box-1', 'box-4'])
    // If Vercel ignores the filter, the list shows everything.
    const sandboxes = tags.map((value, index) => ({ name: `box-${index}`, status: 'running', tags: value }))
    server.faults.add({ kind: 'respond', status: 200, body: { sandboxes, pagination: { count: 5, next: null } } })
    assert.deepEqual(names(await provider.list({ managed: true })), ['box-1', 'box-4'])
  })

  // What is not known of pages, either way.
  const either = [{}, { emptyLastPage: true }, { filterPages: true }, { emptyLastPage: true, filterPages: true }]
  for (const server of either) {
    test(`follows cursors to the end (${JSON.stringify(server)})`, async (t) => {
      const { provider, world, project, requestsFor } = await withVercel(t, { server })
      const all = Array.from({ length: 120 }, (_, index) => {
        const tags = index % 3 === 0 ? { computesdk: 'managed' } : undefined
        return world.addSandbox(project, { name: `box-${index}`, tags }).name
      })
      assert.deepEqual(names(await provider.list()), all.sort())
      assert.ok(requestsFor(listed).length >= 3)
      assert.equal((await provider.list({ managed: true })).length, 40)
    })
  }

  test('takes a sandbox once that two pages show', async (t) => {
    const { provider, server, world, project } = await withVercel(t, { server: { pageSizeMaximum: 2 } })
    for (const name of ['a', 'b', 'c']) world.addSandbox(project, { name })
    const again = { name: 'c', status: 'running' }
    server.faults.add({ kind: 'replace', map: (answer) => ({ ...answer, sandboxes: [...answer.sandboxes, again] }) })
    assert.deepEqual(names(await provider.list()), ['a', 'b', 'c'])
  })

  test('does not go round in circles', async (t) => {
    const { provider, server } = await withVercel(t)
    const body = { sandboxes: [], pagination: { count: 0, next: 'same' } }
    server.faults.add({ kind: 'respond', status: 200, body, times: Infinity })
    await rejection(provider.list(), { code: 'PROTOCOL' })
  })

  const pagination = { next: null }
  const strange = [
    {},
    { sandboxes: [] },
    { sandboxes: null, pagination },
    { sandboxes: [{ status: 'running' }], pagination },
    { sandboxes: [], pagination: { next: {} } },
  ]
  for (const body of strange) {
    test(`does not take ${JSON.stringify(body)} for a listing`, async (t) => {
      const { provider, server } = await withVercel(t)
      server.faults.add({ kind: 'respond', status: 200, body })
      await rejection(provider.list(), { code: 'PROTOCOL', httpStatus: 200 })
    })
  }
})
