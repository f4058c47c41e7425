// An importer of 0.3.24 (types/migration.mts) at work with this package, and what docs/migration-from-0.3.24.md says.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { tsImport } from 'tsx/esm/api'

import { ACCESS_TOKEN, canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { readPage } from './support/markdown.mjs'
import { withNamespace } from './support/namespace.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const { Boxes } = await tsImport('./types/migration.mts', import.meta.url)

const DAEMON = { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example', env: { LOG: 'debug' } }

const PROVIDERS = {
  railway: { fixture: withRailway, place: ({ projectId, environmentId }, id) => `${projectId}/${environmentId}/${id}` },
  render: { fixture: withRender, place: ({ ownerId }, id) => `${ownerId}/${id}` },
  namespace: { fixture: withNamespace, place: (_, id) => id },
}

const MISSING = {
  railway: 'Missing Railway API key. Provide apiKey in config or set RAILWAY_API_KEY environment variable.',
  render: 'Missing Render API key. Provide apiKey in config or set RENDER_API_KEY environment variable.',
  namespace: 'Missing Namespace token. Provide token in config or set NSC_TOKEN environment variable.',
}

/** Reads an instance until it is gone: Namespace shows it while it is being deleted, the fake server for one read. */
async function goneFor(boxes, id, reads = 2) {
  for (let read = 1; read <= reads; read += 1) if ((await boxes.find(id)) === undefined) return
  assert.fail(`still there after ${reads} reads`)
}

describe('An importer of 0.3.24, unchanged,', () => {
  for (const [kind, { fixture: withProvider, place }] of Object.entries(PROVIDERS)) {
    test(`starts, finds, lists and stops an instance at ${kind}`, async (t) => {
      const fixture = await withProvider(t)
      const boxes = new Boxes(kind, fixture.config)
      assert.equal(boxes.kind, kind)
      const box = await boxes.start(DAEMON)
      assert.deepEqual(box, { id: box.id, place: place(fixture, box.id) })
      assert.deepEqual(await boxes.find(box.id), box)
      assert.deepEqual(await boxes.all(), [box.id])
      assert.equal(await boxes.stop(box.id), undefined)
      await goneFor(boxes, box.id)
      assert.equal(await boxes.stop(box.id), undefined, 'what is gone can be stopped again')
    })

    test(`gets the same text for a missing credential at ${kind}`, async () => {
      await rejection(new Boxes(kind).start(DAEMON), { code: 'INVALID_CONFIG', message: MISSING[kind] })
    })

    test(`gets an error that begins with the same words at ${kind}`, async (t) => {
      const fixture = await withProvider(t)
      const credential = canary('not-a-credential')
      const boxes = new Boxes(kind, { ...fixture.config, apiKey: credential, token: credential })
      const title = `${kind[0].toUpperCase()}${kind.slice(1)}`
      await rejection(boxes.start(DAEMON), { message: new RegExp(`^Failed to create ${title} instance: `) })
      await rejection(boxes.all(), { message: new RegExp(`^Failed to list ${title} instances: `) })
    })
  }

  test('configures a provider by the environment at each call', async (t) => {
    const { server, config } = await withRailway(t)
    const boxes = new Boxes('railway', { baseUrl: server.url })
    setEnvironment(t, {
      RAILWAY_API_KEY: config.apiKey,
      RAILWAY_PROJECT_ID: config.projectId,
      RAILWAY_ENVIRONMENT_ID: config.environmentId,
    })
    assert.deepEqual(await boxes.all(), [])
  })
})

describe('What differs from 0.3.24:', () => {
  test('destroy rejects if the deletion fails', async (t) => {
    const { server, provider, config } = await withRailway(t)
    const { instanceId } = await provider.create()
    server.faults.add({ ...graphqlError('Not Authorized'), times: Infinity })
    assert.match(await new Boxes('railway', config).stop(instanceId), /^Failed to destroy Railway instance: /)
  })

  test('getById of a missing Railway service resolves to null', async (t) => {
    const { provider } = await withRailway(t)
    assert.equal(await provider.getById(ABSENT_ID), null)
  })

  test('an id that the provider could not have given is refused before a request', async (t) => {
    const { provider, server } = await withRender(t)
    for (const method of ['getById', 'destroy']) {
      await rejection(provider[method]('box 1/../2'), { code: 'INVALID_ARGUMENT' })
    }
    assert.equal(server.requests.length, 0)
  })

  test('envs and name take effect, and a second instance of a name is refused', async (t) => {
    const { provider } = await withRailway(t)
    const { instance } = await provider.create({ name: 'box', envs: { A: 'b' } })
    assert.equal(instance.name, 'box')
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS' })
  })

  test('a variable that is no string is refused', async (t) => {
    const { provider, server } = await withRailway(t)
    const daemonConfig = { accessToken: ACCESS_TOKEN, env: { PORT: 8080 } }
    await rejection(provider.create({ daemonConfig }), { code: 'INVALID_ARGUMENT', message: /PORT/ })
    assert.equal(server.requests.length, 0)
  })

  test('a Namespace shape of 0 or of a part is refused', async (t) => {
    const { makeProvider, server } = await withNamespace(t)
    for (const virtualCpu of [0, 2.5]) {
      await rejection((async () => makeProvider({ virtualCpu }).create())(), { message: /virtualCpu/ })
    }
    assert.equal(server.requests.length, 0)
  })

  test('a replaced fetch is not used', async (t) => {
    const { provider } = await withRailway(t)
    t.mock.method(globalThis, 'fetch', () => assert.fail('fetch was called'))
    assert.deepEqual(await provider.list(), [])
  })

  test('the page names each of these', async () => {
    const { text } = await readPage('docs/migration-from-0.3.24.md')
    const calls = ['`destroy`, on a failure', '`getById`, of a missing', 'an id of another form', '`envs` and `name`']
    for (const words of [...calls, 'that is no string', '`virtualCpu` 0', '`globalThis.fetch`']) {
      assert.ok(text.includes(words), words)
    }
  })
})
