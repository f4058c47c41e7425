// Pulls need a registry, which no test has: a fake engine plays recorded answers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { docker } from '@computesdk/gateway'

import './support/environment.mjs'
import { startFakeEngine } from './servers/docker/fake.mjs'
import { assertNoSecret, canary } from './support/canary.mjs'
import { eventually } from './support/eventually.mjs'
import { rejection } from './support/rejection.mjs'

const PULL = 'POST /images/create'
const isPull = ({ operation }) => operation === PULL

async function withFake(t, config) {
  const server = await startFakeEngine()
  t.after(() => server.close())
  const provider = docker({ host: server.url, maxRetries: 0, ...config })
  const pulls = () => server.requests.filter(isPull)
  return { server, provider, pulls }
}

describe('an image', () => {
  test('that is there is not pulled', async (t) => {
    const { provider, pulls } = await withFake(t)
    await provider.create({ image: 'acme/present:1' })
    assert.equal(pulls().length, 0)
  })

  test('that is missing is pulled, then the container is created', async (t) => {
    const { server, provider, pulls } = await withFake(t)
    const { instance } = await provider.create({ image: 'acme/fine:1' })
    assert.equal(instance.status, 'running')
    assert.deepEqual(pulls().map(({ query }) => query), [{ fromImage: 'acme/fine:1' }])
    await provider.create({ image: 'acme/fine:1' })
    assert.equal(pulls().length, 1)
    assert.equal(server.containers.size, 2)
  })

  test('without a tag is pulled as latest, not with all its tags', async (t) => {
    const { provider, pulls } = await withFake(t)
    await provider.create({ image: 'acme/fine' }).catch(() => {})
    assert.deepEqual(pulls()[0].query, { fromImage: 'acme/fine', tag: 'latest' })
  })

  test('is pulled although it is there, if asked to', async (t) => {
    const { provider, pulls } = await withFake(t, { pull: 'always' })
    await provider.create({ image: 'acme/fine:1' })
    await provider.create({ image: 'acme/fine:1' })
    await provider.create({ image: 'acme/fine:1', pull: 'missing' })
    assert.equal(pulls().length, 2)
  })

  test('is never pulled, if asked to', async (t) => {
    const { provider, pulls } = await withFake(t)
    const error = await rejection(provider.create({ image: 'acme/fine:1', pull: 'never' }), { code: 'NOT_FOUND' })
    assert.match(error.message, /pull is never: No such image: acme\/fine:1/)
    assert.equal(pulls().length, 0)
  })
})

const ENDS = {
  denied: 'PERMISSION_DENIED',
  'denied-late': 'UNAUTHENTICATED',
  missing: 'NOT_FOUND',
  limited: 'RATE_LIMITED',
  'limited-early': 'RATE_LIMITED',
  full: 'QUOTA_EXCEEDED',
  unreachable: 'UNAVAILABLE',
  long: 'NOT_FOUND',
}

describe('a pull that fails', () => {
  for (const [word, code] of Object.entries(ENDS)) {
    test(`(${word}) is ${code}, and nothing was made`, async (t) => {
      const { server, provider } = await withFake(t)
      const error = await rejection(provider.create({ image: `acme/${word}:1` }), { code, operation: 'create' })
      assert.ok(error.message.startsWith('Failed to create Docker instance: The image could not be pulled: '), error.message)
      assert.equal(server.containers.size, 0)
    })
  }

  test('for the rate limit of the registry keeps no other request from the engine', async (t) => {
    const { provider } = await withFake(t)
    await rejection(provider.create({ image: 'acme/limited-early:1' }), { code: 'RATE_LIMITED' })
    const began = performance.now()
    await provider.create({ image: 'acme/present:1' })
    assert.ok(performance.now() - began < 900, 'it waited')
  })

  test('is not begun again for a caller who has left', async (t) => {
    const { server, provider, pulls } = await withFake(t, { maxRetries: 3 })
    server.faults.add({ kind: 'slow', milliseconds: Infinity, when: isPull })
    const controller = new AbortController()
    const ended = rejection(provider.create({ image: 'acme/fine:1', signal: controller.signal }), { code: 'ABORTED' })
    await server.waitForRequest(({ operation }) => operation === 'GET /images/acme%2Ffine:1/json')
    await eventually(() => pulls().length > 0, 'the pull is there')
    controller.abort()
    await ended
    await server.waitForRequest(({ operation, aborted }) => operation === PULL && aborted)
    assert.equal(pulls().length, 1)
    assert.equal(server.containers.size, 0)
  })

  test('is begun again when its answer was lost', async (t) => {
    const { server, provider, pulls } = await withFake(t, { maxRetries: 3 })
    server.faults.add({ kind: 'reset-before', when: isPull })
    server.faults.add({ kind: 'cut', when: isPull })
    await provider.create({ image: 'acme/fine:1' })
    assert.equal(pulls().length, 3)
    assert.equal(server.containers.size, 1)
  })
})

describe('credentials of a registry', () => {
  const registryCredentials = { username: 'robot', password: canary('docker-registry') }

  const sent = ({ headers }) => JSON.parse(Buffer.from(headers['x-registry-auth'], 'base64url').toString())

  test('go to the engine with the pull, and nowhere else', async (t) => {
    const { server, provider, pulls } = await withFake(t, { registryCredentials })
    await provider.create({ image: 'acme/fine:1' })
    assert.deepEqual(sent(pulls()[0]), { ...registryCredentials, serveraddress: 'https://index.docker.io/v1/' })
    assert.equal(server.requests.filter(({ headers }) => headers['x-registry-auth']).length, 1)
  })

  test('name the registry of the image, or the one that is given', async (t) => {
    const { provider, pulls } = await withFake(t)
    const create = (image, serverAddress) =>
      provider.create({ image, registryCredentials: { ...registryCredentials, serverAddress } }).catch(() => {})
    await create('registry.example:5000/acme/box:1')
    await create('acme/fine:1', 'registry.example')
    assert.deepEqual(pulls().map(sent).map(({ serveraddress }) => serveraddress), ['registry.example:5000', 'registry.example'])
  })

  test('show in no error', async (t) => {
    const { server, provider } = await withFake(t, { registryCredentials })
    const told = `denied for ${registryCredentials.username} with ${registryCredentials.password}`
    server.faults.add({ kind: 'respond', status: 500, body: { message: told }, when: isPull })
    assertNoSecret(await rejection(provider.create({ image: 'acme/fine:1' }), { code: 'PERMISSION_DENIED' }))
  })

  test('need a user and a password', async (t) => {
    const { provider, server } = await withFake(t)
    for (const [field, value] of Object.entries({ username: '', password: undefined })) {
      const options = { registryCredentials: { ...registryCredentials, [field]: value } }
      const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT' })
      assert.ok(error.message.includes(`options.registryCredentials.${field}`), error.message)
    }
    assert.equal(server.requests.length, 0)
  })
})
