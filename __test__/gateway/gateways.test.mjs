// Several gateways that share a database: to a client they are one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import { eventually } from '../support/eventually.mjs'
import { WITHOUT_POSTGRES } from '../support/postgres.mjs'
import { withDaemon } from './fake-daemon.mjs'
import { SECRET, withCluster, withGateways, withServer } from './gateways-fixture.mjs'
import { clientOf, keyOf, postgresState, requested, speakerOf, withProvider } from './fixture.mjs'

/** Until the test is over: the process that waits for the answer is killed before. */
const LONG_MILLISECONDS = 60_000
const SHORT_LEASE = { leaseMilliseconds: 1500 }

describe('gateways with one database', { skip: WITHOUT_POSTGRES }, () => {
  const server = withServer({ before, after })

  test('are one to the published client, whichever of them a request reaches', async (t) => {
    const provider = await withProvider(t, 'railway')
    const cluster = await withCluster(t, server, provider, 3, { options: { log: { level: 'debug' } } })
    const sandboxes = clientOf(provider, cluster)
    const sandbox = await sandboxes.create({ metadata: { purpose: 'test' } })
    assert.deepEqual(provider.existing(), [sandbox.sandboxId])
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) {
      assert.equal((await sandbox.runCommand(`echo ${word}`)).stdout, `${word}\n`)
    }
    const streamed = []
    const onStdout = (text) => streamed.push(text)
    await sandbox.runCommand('for i in 1 2 3; do echo $i; done', { onStdout })
    assert.equal(streamed.join(''), '1\n2\n3\n')
    for (let asked = 0; asked < cluster.gateways.length; asked += 1) {
      const again = await sandboxes.getById(sandbox.sandboxId)
      assert.deepEqual((await again.getInfo()).metadata, { purpose: 'test' })
    }
    const hasAnswered = ({ lines }) => lines.some(({ route }) => route)
    await eventually(() => cluster.gateways.every(hasAnswered), 'each of them has answered')
    await sandbox.destroy()
    assert.deepEqual(provider.existing(), [])
    assert.equal(await sandboxes.getById(sandbox.sandboxId), null)
  })

  test('make one sandbox for concurrent requests with one name', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const { gateways, query } = await withGateways(t, server, provider, 3)
    provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 500, times: Infinity })
    const ask = (gateway) => speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
    const answers = await Promise.all([...gateways, ...gateways].map(ask))
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200, 200, 200])
    assert.equal(new Set(answers.map(({ json }) => `${json.data.sandboxId} ${json.data.token}`)).size, 1)
    assert.equal(provider.requestsFor('serviceCreate').length, 1, 'one of them has asked for it')
    const [{ data }] = [answers[0].json]
    assert.deepEqual(provider.existing(), [data.sandboxId])

    const refused = await speakerOf(provider, gateways[1])('POST', '/v1/sandboxes', { name: 'app' })
    assert.deepEqual([refused.status, refused.json.code], [409, 'ALREADY_EXISTS'])
    provider.server.faults.clear()
    provider.server.faults.add({ kind: 'slow', when: 'serviceDelete', milliseconds: 500 })
    const remove = (gateway) => speakerOf(provider, gateway)('DELETE', `/v1/sandboxes/${data.sandboxId}`)
    const removals = await Promise.all(gateways.map(remove))
    assert.deepEqual(removals.map(({ status }) => status), [200, 200, 200])
    assert.deepEqual([provider.existing(), provider.requestsFor('serviceDelete').length], [[], 1])
    assert.deepEqual(await query('SELECT key FROM sandboxes'), [])
  })

  test('pass on to the one that holds a daemon’s connection, which registered once', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const { gateways } = await withGateways(t, server, provider, 3)
    const { json } = await speakerOf(provider, gateways[0])('POST', '/v1/sandboxes', {})
    const { sandboxId, token } = json.data
    const seen = []
    const daemon = await withDaemon(t, (incoming, answer) => {
      seen.push(incoming)
      answer.writeHead(207, { 'x-own': 'yes' })
      incoming.pipe(answer)
    })
    const sockets = new WebSocketServer({ server: daemon.server })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data).toUpperCase())))
    const headers = { authorization: `Bearer ${token}` }
    const address = (gateway) => `${gateway.url}/sb/${sandboxId}`

    const before = await fetch(`${address(gateways[2])}/health`, { headers })
    assert.equal(before.status, 503)
    await daemon.register(gateways[1], token)
    for (const [index, gateway] of gateways.entries()) {
      const answer = await fetch(`${address(gateway)}/files//a%2Fb?x=%2F`, { method: 'POST', body: 'ünï', headers })
      assert.deepEqual([answer.status, answer.headers.get('x-own'), await answer.text()], [207, 'yes', 'ünï'])
      assert.equal(seen[index].url, '/files//a%2Fb?x=%2F')
      assert.ok(!Object.keys(seen[index].headers).some((name) => name.startsWith('x-computesdk')))
      assert.equal(seen[index].headers.host, new URL(daemon.url).host)

      const socket = new WebSocket(`${address(gateway).replace('http', 'ws')}/ws?token=${token}`)
      await once(socket, 'open')
      socket.send('hello')
      assert.equal(String((await once(socket, 'message'))[0]), 'HELLO')
      socket.close()
    }
    const refused = await fetch(`${address(gateways[0])}/health`, { headers: { authorization: 'Bearer no' } })
    assert.equal(refused.status, 401)

    // Its gateway ends: until the daemon has found another one, no gateway has its connection.
    await gateways[1].close()
    assert.equal((await fetch(`${address(gateways[0])}/health`, { headers })).status, 502)
    await daemon.register(gateways[2], token)
    assert.equal((await fetch(`${address(gateways[0])}/health`, { headers })).status, 207)
  })

  test('pass a request on once, even if the daemon has gone to another gateway meanwhile', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const { gateways, query } = await withGateways(t, server, provider, 2)
    const { json } = await speakerOf(provider, gateways[0])('POST', '/v1/sandboxes', {})
    let reached = 0
    const daemon = await withDaemon(t, (_incoming, answer) => {
      reached += 1
      answer.end()
    })
    await daemon.register(gateways[0], json.data.token)
    // Leads to the second gateway, by an address at which that one does not know itself.
    await query('UPDATE routes SET gateway = $1', [gateways[1].url.replace('127.0.0.1', 'localhost')])
    const headers = { authorization: `Bearer ${json.data.token}` }
    assert.equal((await fetch(`${json.data.url}/health`, { headers })).status, 200)
    assert.equal(reached, 1)
  })

  test('a gateway that is killed in mid-create has its creates ended by another', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const cluster = await withCluster(t, server, provider, 2, { database: SHORT_LEASE })
    const [first, second] = cluster.gateways
    provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: LONG_MILLISECONDS, times: 2 })
    const speak = speakerOf(provider, first)
    await Promise.allSettled([
      speak('POST', '/v1/sandboxes', {}),
      speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' }),
      eventually(() => provider.existing().length === 2, 'the creates take effect', 20_000).then(first.kill),
    ])
    await Promise.all([second.logged('destroyed'), second.logged('created')])
    const found = await speakerOf(provider, cluster)('POST', '/v1/sandboxes/find', { name: 'app' })
    assert.deepEqual(provider.existing(), [found.json.data.sandboxId])
    assert.deepEqual(await cluster.query('SELECT phase FROM sandboxes'), [{ phase: 'running' }])
  })

  test('a sandbox that a killed gateway has made is removed, unless its client shows that it knows it', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const { url, gateways: [gateway], query } = await withGateways(t, server, provider, 1, SHORT_LEASE)
    const { apiKey, projectId, environmentId } = provider.config
    const dead = await postgresState({ url, secret: SECRET, leaseMilliseconds: 5000 })
    t.after(dead.close)
    const made = []
    for (const key of ['told', 'untold']) {
      const own = { tenant: 'acme', provider: 'railway', place: `${projectId}/${environmentId}`.toLowerCase() }
      const config = { apiKey, projectId, environmentId }
      await dead.insert({ ...own, key, config, phase: 'creating', wish: {}, tokenHash: key })
      const { instanceId } = await provider.provider.create({ idempotencyKey: key })
      assert.equal(await dead.update(key, { instanceId }), true)
      made.push(instanceId)
    }
    assert.equal((await speakerOf(provider, gateway)('GET', `/v1/sandboxes/${made[0]}`)).json.data.status, 'running')
    await eventually(async () => provider.existing().length === 1, 'the other one is removed', 30_000)
    assert.deepEqual(provider.existing(), [made[0]])
    const isSettled = async () => (await query('SELECT key FROM sandboxes')).length === 1
    await eventually(isSettled, 'and forgotten')
    assert.deepEqual(await query('SELECT key, phase FROM sandboxes'), [{ key: 'told', phase: 'running' }])
  })

  test('a name whose gateway was killed is waited for at another gateway, and then exists', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const cluster = await withCluster(t, server, provider, 2, { database: SHORT_LEASE })
    const [first, second] = cluster.gateways
    provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: LONG_MILLISECONDS })
    const ask = (gateway) => speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
    const [, , answer] = await Promise.allSettled([
      ask(first),
      requested(provider, 'serviceCreate').then(first.kill),
      requested(provider, 'serviceCreate').then(() => ask(second)),
    ])
    assert.equal(answer.value.status, 200)
    assert.deepEqual(provider.existing(), [answer.value.json.data.sandboxId])
  })

  test('a find-or-create gets an abandoned row, although its gateway looks for such rows as well', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const { url, gateways: [gateway] } = await withGateways(t, server, provider, 1, SHORT_LEASE)
    const { projectId, environmentId } = provider.config
    const dead = await postgresState({ url, secret: SECRET, leaseMilliseconds: 5000 })
    t.after(dead.close)
    const names = Array.from({ length: 12 }, (_, index) => `app-${index}`)
    const account = { tenant: 'acme', provider: 'railway', place: `${projectId}/${environmentId}`.toLowerCase() }
    for (const name of names) {
      const key = keyOf(account, { name })
      await dead.insert({ ...account, key, config: {}, phase: 'creating', wish: { name }, tokenHash: key })
    }
    const ask = (name) => speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', { name })
    const answers = await Promise.all(names.map(ask))
    assert.deepEqual(answers.map(({ status }) => status), names.map(() => 200))
  })

  test('a gateway that was suspended for longer than its lease returns only sandboxes that still exist', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const cluster = await withCluster(t, server, provider, 2, { database: SHORT_LEASE })
    const [first, second] = cluster.gateways
    provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 1000, times: 2 })
    const speak = speakerOf(provider, first)
    const standStill = async () => {
      await requested(provider, 'serviceCreate', 2)
      first.pause()
      await Promise.all([second.logged('destroyed'), second.logged('created')])
      first.resume()
    }
    const [nameless, named] = await Promise.all([
      speak('POST', '/v1/sandboxes', {}),
      speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' }),
      standStill(),
    ])
    assert.deepEqual([nameless.status, nameless.json.code], [503, 'UNAVAILABLE'])
    assert.equal(named.status, 200)
    await eventually(async () => provider.existing().length === 1, 'only the named one is left')
    assert.deepEqual(provider.existing(), [named.json.data.sandboxId])
    const isQuiet = async () => (await cluster.query('SELECT key FROM sandboxes')).length === 1
    await eventually(isQuiet, 'no other row is left')
    await clientOf(provider, cluster).destroy(named.json.data.sandboxId)
    assert.deepEqual(provider.existing(), [])
  })

  test('a database that is away is a 503, and back again everything goes on', async (t) => {
    const provider = await withProvider(t, 'railway', { daemon: false })
    const database = { reconnectMilliseconds: 300 }
    const cluster = await withCluster(t, server, provider, 1, { database })
    const speak = speakerOf(provider, cluster)
    const { json } = await speak('POST', '/v1/sandboxes', {})
    await server.kill()
    const away = await speak('GET', `/v1/sandboxes/${json.data.sandboxId}`)
    assert.deepEqual([away.status, away.json.code], [503, 'UNAVAILABLE'])
    assert.deepEqual((await speak('POST', '/v1/sandboxes', {})).status, 503)
    assert.equal(provider.existing().length, 1, 'nothing is asked for that is not written down')
    await server.start()
    assert.equal((await speak('GET', `/v1/sandboxes/${json.data.sandboxId}`)).status, 200)
    assert.equal((await speak('DELETE', `/v1/sandboxes/${json.data.sandboxId}`)).status, 200)
    assert.deepEqual(provider.existing(), [])
  })
})
