import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { ACCESS_TOKEN, API_KEY, assertSame, PROJECT_TOKEN } from './support/canary.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'

const { name, version } = createRequire(import.meta.url)('@computesdk/gateway/package.json')

/** One call of each method, and then some: every kind of request there is. */
async function callEverything({ provider }) {
  const { instanceId } = await provider.create({ vcpus: 1, envs: { A: 'b' } })
  await provider.getById(instanceId)
  await provider.list()
  await provider.destroy(instanceId)
  await provider.destroy(ABSENT_ID)
}

test('every request names package and version', async (t) => {
  const fixture = await withRailway(t)
  await callEverything(fixture)
  const agents = new Set(fixture.server.requests.map(({ headers }) => headers['user-agent']))
  assert.equal(agents.size, 1)
  const [agent] = agents
  assert.ok(agent.includes(name.replace(/^@/, '').replace('/', '-')), agent)
  assert.ok(agent.includes(`/${version}`), agent)
})

test('every request is a POST of JSON to the one endpoint and names its source', async (t) => {
  const fixture = await withRailway(t)
  await callEverything(fixture)
  assert.ok(fixture.server.requests.length > 8)
  for (const { method, url, headers, json } of fixture.server.requests) {
    assert.equal(method, 'POST')
    assert.equal(url, '/graphql/v2?source=computesdk_gateway')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers.accept, 'application/json')
    assert.deepEqual(Object.keys(json).sort(), ['operationName', 'query', 'variables'])
  }
})

test('an account key travels as a bearer, and in no other header', async (t) => {
  const fixture = await withRailway(t)
  await callEverything(fixture)
  for (const { headers } of fixture.server.requests) {
    assertSame(headers.authorization, `Bearer ${fixture.apiKey}`, 'Authorization')
    const holders = Object.keys(headers).filter((header) => headers[header].includes(fixture.apiKey))
    assert.deepEqual(holders, ['authorization'])
  }
})

test('a project token travels in its own header, and in no other', async (t) => {
  const fixture = await withRailway(t, { config: { apiKey: undefined, projectToken: PROJECT_TOKEN } })
  await callEverything(fixture)
  for (const { headers } of fixture.server.requests) {
    assertSame(headers['project-access-token'], PROJECT_TOKEN, 'Project-Access-Token')
    assert.equal('authorization' in headers, false)
  }
})

test('no variable and no key is in a URL or a document: they travel as variables', async (t) => {
  const fixture = await withRailway(t)
  await fixture.provider.create({ envs: { SECRET: ACCESS_TOKEN } })
  for (const { url, json } of fixture.server.requests) {
    for (const secret of [ACCESS_TOKEN, fixture.apiKey]) {
      assert.equal(url.includes(secret), false)
      assert.equal(json.query.includes(secret), false)
    }
  }
})

describe('connections', () => {
  test('are reused: 200 calls one after another need very few', async (t) => {
    const { provider, server } = await withRailway(t)
    for (let count = 0; count < 200; count += 1) await provider.getById(ABSENT_ID)
    assert.equal(server.requests.length, 200)
    assert.ok(server.connections.total <= 2, `${server.connections.total} connections`)
  })

  test('are shared by two providers of one origin', async (t) => {
    const { server, makeProvider } = await withRailway(t)
    const [first, second] = [makeProvider(), makeProvider({ apiKey: undefined, projectToken: PROJECT_TOKEN })]
    for (let count = 0; count < 20; count += 1) {
      await first.list()
      await second.list()
    }
    assert.ok(server.connections.total <= 2, `${server.connections.total} connections`)
    // Shared connections, separate credentials.
    server.requests.forEach(({ headers }, index) => assert.equal('authorization' in headers, index % 2 === 0))
  })

  test('carry 64 calls at once', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x' })
    const results = await Promise.all(Array.from({ length: 64 }, () => provider.getById(id)))
    assert.ok(results.every(({ instanceId }) => instanceId === id))
    assert.ok(server.connections.total <= 64)
    await provider.getById(id)
  })

  test('that the server has closed while they were idle are not used again', async (t) => {
    const { provider, server } = await withRailway(t)
    assert.deepEqual(await provider.list(), [])
    // A request sent before the client has noticed is lost; that is no fault.
    await server.stopListening({ untilSeen: true })
    await server.listenAgain()
    assert.deepEqual(await provider.list(), [])
  })
})

test('answers to calls at the same time are not mixed up', async (t) => {
  const { provider, server, world, project } = await withRailway(t)
  const ids = Array.from({ length: 64 }, () => world.addService(project, { image: 'x' }).id)
  // The later ones overtake the earlier ones.
  ids.forEach((id, index) => {
    server.faults.add({ kind: 'slow', milliseconds: 64 - index, when: ({ variables }) => variables?.serviceId === id })
  })
  const results = await Promise.all(ids.map((id) => provider.getById(id)))
  assert.deepEqual(results.map(({ instanceId }) => instanceId), ids)
})

test('two providers of different places do not see each other', async (t) => {
  const { makeProvider, world } = await withRailway(t)
  const other = world.createProject({ name: 'other' })
  const place = { projectId: other.id, environmentId: other.environments[0].id }
  const [here, there] = [makeProvider(), makeProvider(place)]
  const [a, b] = await Promise.all([here.create(), there.create()])
  assert.deepEqual((await here.list()).map(({ instanceId }) => instanceId), [a.instanceId])
  assert.deepEqual((await there.list()).map(({ instanceId }) => instanceId), [b.instanceId])
  assert.equal(await here.getById(b.instanceId), null)
  await here.destroy(b.instanceId)
  assert.equal((await there.list()).length, 1)
})

test('without a base URL a provider is made and sends nothing before its first call', () => {
  assert.equal(railway({ apiKey: API_KEY, projectId: ABSENT_ID, environmentId: ABSENT_ID }).name, 'railway')
})
