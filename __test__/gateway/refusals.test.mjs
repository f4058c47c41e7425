// What a client sees when something is wrong with its keys, or with what it asks for.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startFakeEngine } from '../servers/docker/fake.mjs'
import { canary, MARK } from '../support/canary.mjs'
import { setEnvironment } from '../support/environment.mjs'
import {
  API_KEY,
  clientOf,
  OTHER_API_KEY,
  PROVIDERS,
  shown,
  speakerOf,
  withGateway,
  withProvider,
  withRailway,
} from './fixture.mjs'

/** What the package would read, in the order of the client's fields. */
const VARIABLES = {
  railway: ['RAILWAY_API_KEY', 'RAILWAY_PROJECT_ID', 'RAILWAY_ENVIRONMENT_ID'],
  render: ['RENDER_API_KEY', 'RENDER_OWNER_ID'],
  namespace: ['NSC_TOKEN'],
  vercel: ['VERCEL_TOKEN', 'VERCEL_TEAM_ID', 'VERCEL_PROJECT_ID'],
}

test('an unknown ComputeSDK key is named as the cause, and the provider gets no request', async (t) => {
  const { provider, gateway, client } = await withRailway(t)
  for (const apiKey of [canary('wrong'), `${API_KEY}x`, API_KEY.slice(1), 'x']) {
    assert.match(await shown(() => client({ apiKey }).create()), /^Invalid ComputeSDK API key/)
  }
  for (const key of [undefined, '']) {
    const speak = speakerOf(provider, gateway, { 'X-ComputeSDK-API-Key': key })
    for (const call of ['POST ', 'GET /x', 'DELETE /x', 'POST /find', 'POST /x/extend']) {
      const [method, path] = call.split(' ')
      assert.equal((await speak(method, `/v1/sandboxes${path}`, method === 'POST' ? {} : undefined)).status, 401)
    }
  }
  assert.deepEqual(provider.server.requests, [])
})

test('docker, which runs code on the gateway’s own machine, is taken only where its operator has allowed it', async (t) => {
  const engine = await startFakeEngine()
  t.after(() => engine.close())
  const headers = { 'X-Provider': 'docker' }
  const ask = async (settings) => {
    const { provider, gateway } = await withRailway(t, settings && { settings })
    return speakerOf(provider, gateway, headers)('GET', '/v1/sandboxes/x')
  }
  for (const settings of [undefined, {}, { railway: {} }, { docker: undefined }]) {
    const { status, text } = await ask(settings)
    assert.equal(status, 400)
    assert.match(text, /X-Provider names none of ours/)
  }
  assert.deepEqual(engine.requests, [])
  // Allowed, there is none of this id.
  assert.equal((await ask({ docker: { host: engine.url } })).status, 404)
})

for (const name of Object.keys(PROVIDERS)) {
  test(`${name}: a credential that the provider refuses is forbidden, and not a wrong ComputeSDK key`, async (t) => {
    const provider = await withProvider(t, name, { daemon: false })
    const gateway = await withGateway(t, provider)
    const [field] = Object.keys(provider.credentials)
    const credentials = { ...provider.credentials, [field]: canary('wrong') }
    const sandboxes = clientOf(provider, gateway, { credentials })
    assert.match(await shown(() => sandboxes.create()), new RegExp(`^Access forbidden.*"${name}"`))
    assert.match(await shown(() => sandboxes.findOrCreate({ name: 'app' })), /^Access forbidden/)
  })

  test(`${name}: what the headers leave out is not taken from the gateway’s own environment`, async (t) => {
    const provider = await withProvider(t, name, { daemon: false })
    const gateway = await withGateway(t, provider)
    const values = Object.values(provider.credentials)
    setEnvironment(t, Object.fromEntries(VARIABLES[name].map((variable, index) => [variable, values[index]])))
    for (const field of Object.keys(provider.credentials)) {
      for (const blank of [undefined, '', ' ']) {
        const credentials = { ...provider.credentials, [field]: blank }
        const there = Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined))
        const speak = speakerOf({ ...provider, credentials: there }, gateway)
        const { status, json } = await speak('POST', '/v1/sandboxes', {})
        assert.equal(status, 400)
        assert.match(json.error, /^X-.* is missing\.$/)
      }
    }
    assert.deepEqual(provider.server.requests, [])
  })
}

test('an OIDC token of Vercel’s names its location, and one without is refused', async (t) => {
  const provider = await withProvider(t, 'vercel', { daemon: false, commandPlan: { reads: Infinity } })
  const gateway = await withGateway(t, provider)
  setEnvironment(t, { VERCEL_TEAM_ID: provider.teamId, VERCEL_PROJECT_ID: provider.projectId })
  const speak = (oidcToken) => speakerOf({ ...provider, credentials: { oidcToken } }, gateway)
  const { status, json } = await speak(provider.oidcToken)('POST', '/v1/sandboxes', {})
  assert.equal(status, 201)
  // The same place as by its ids.
  assert.equal((await speakerOf(provider, gateway)('GET', `/v1/sandboxes/${json.data.sandboxId}`)).status, 200)
  for (const bad of ['opaque', 'a.e30.c']) assert.equal((await speak(bad)('POST', '/v1/sandboxes', {})).status, 400)
})

test('a provider that is none of ours is refused by name', async (t) => {
  const { provider, gateway } = await withRailway(t)
  for (const name of ['e2b', '', 'constructor', '__proto__', undefined]) {
    const { status, json } = await speakerOf(provider, gateway, { 'X-Provider': name })('POST', '/v1/sandboxes', {})
    assert.deepEqual([status, json.code], [400, 'INVALID_CONFIG'])
  }
})

test('no header leads the gateway to another address', async (t) => {
  const { provider, gateway } = await withRailway(t)
  const nowhere = 'http://127.0.0.1:1'
  const changes = { 'X-Railway-Base-URL': nowhere, 'X-Base-URL': nowhere, baseUrl: nowhere }
  assert.equal((await speakerOf(provider, gateway, changes)('POST', '/v1/sandboxes', {})).status, 201)
})

test('one tenant’s sandbox is to another as if it were not there', async (t) => {
  const { provider, gateway, speak, client } = await withRailway(t)
  const { json } = await speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
  const path = `/v1/sandboxes/${json.data.sandboxId}`
  // With the same credentials for the same place.
  const other = speakerOf(provider, gateway, { 'X-ComputeSDK-API-Key': OTHER_API_KEY })
  assert.equal((await other('GET', path)).status, 404)
  assert.equal((await other('POST', `${path}/extend`, {})).status, 404)
  assert.deepEqual((await other('POST', '/v1/sandboxes/find', { name: 'app' })).json, { success: true, data: null })
  assert.deepEqual((await other('DELETE', path)).json, { success: true }, 'as for any id that is not known')
  assert.deepEqual(provider.existing(), [json.data.sandboxId])
  assert.equal(await client({ apiKey: OTHER_API_KEY }).getById(json.data.sandboxId), null)
  // Nor does a name lead to it.
  const own = await other('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
  assert.notEqual(own.json.data.sandboxId, json.data.sandboxId)
  assert.notEqual(own.json.data.token, json.data.token)
  assert.equal(provider.existing().length, 2)
})

test('a sandbox is not reached with the headers of another place, and is not taken for gone', async (t) => {
  const { provider, gateway, speak } = await withRailway(t)
  const { json } = await speak('POST', '/v1/sandboxes', {})
  const path = `/v1/sandboxes/${json.data.sandboxId}`
  const elsewhere = speakerOf(provider, gateway, { 'X-Railway-Project-ID': '00000000-0000-4000-8000-000000000000' })
  assert.deepEqual([(await elsewhere('GET', path)).status, (await elsewhere('DELETE', path)).status], [403, 403])
  assert.equal((await speak('GET', path)).status, 200)
  assert.equal((await speak('DELETE', path)).status, 200)
  assert.deepEqual(provider.existing(), [])
})

test('a name belongs to its place', async (t) => {
  const { provider, gateway, speak } = await withRailway(t)
  const other = provider.world.createProject({ name: 'other', environments: ['production'] })
  const changes = { 'X-Railway-Project-ID': other.id, 'X-Railway-Environment-ID': other.environments[0].id }
  const there = speakerOf(provider, gateway, changes)
  const ask = (speaker) => speaker('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
  const [here, elsewhere] = await Promise.all([speak, there].map(ask))
  assert.notEqual(here.json.data.sandboxId, elsewhere.json.data.sandboxId)
})

test('a request is checked, and one that it cannot serve is refused', async (t) => {
  const { provider, speak, gateway } = await withRailway(t)
  const bad = [
    { envs: { PORT: 1 } },
    { envs: ['x'] },
    { envs: { A: '${{ other.SECRET }}' } },
    { envs: { COMPUTESDK_ACCESS_TOKEN: canary('mine') } },
    { timeout: '5' },
    { timeout: 0 },
    { name: '' },
    { name: 'x'.repeat(300) },
    { image: 7 },
    { overlays: [] },
    { snapshotId: 'x' },
    { daemonConfig: {} },
    { idempotencyKey: 'x' },
    { allowVariableReferences: true },
  ]
  for (const body of bad) {
    const { status, json } = await speak('POST', '/v1/sandboxes', body)
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(typeof json.error, 'string')
  }
  assert.equal((await speak('POST', '/v1/sandboxes/find', {})).status, 400)
  assert.equal((await speak('POST', '/v1/sandboxes/find-or-create', {})).status, 400)
  assert.equal((await speak('POST', '/v1/sandboxes', undefined)).status, 400)
  assert.equal((await speak('POST', '/v1/sandboxes', { metadata: { big: 'x'.repeat(300_000) } })).status, 413)
  const headers = { 'X-ComputeSDK-API-Key': API_KEY, 'content-type': 'application/json' }
  const body = `{"envs":"${canary('broken')}`
  const malformed = await fetch(`${gateway.url}/v1/sandboxes`, { method: 'POST', headers, body })
  assert.equal(malformed.status, 400)
  assert.equal((await malformed.text()).includes(MARK), false)
  assert.equal((await fetch(`${gateway.url}/nowhere?token=${canary('address')}`)).status, 404)
  assert.equal((await speak('POST', '/v1/snapshots', { sandboxId: 'x' })).status, 404)
  assert.deepEqual(provider.existing(), [])
})

