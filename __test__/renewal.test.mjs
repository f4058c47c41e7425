// Credentials that the platform renews while a call goes on: Namespace's token file and variable, Vercel's OIDC token.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { namespace, railway, render, vercel } from '@computesdk/gateway'

import { canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { eventually } from './support/eventually.mjs'
import { withFolder } from './support/folder.mjs'
import { withNamespace } from './support/namespace.mjs'
import { startProgram } from './support/program.mjs'
import { rejection } from './support/rejection.mjs'
import { withRailway } from './support/railway.mjs'
import { withRender } from './support/render.mjs'
import { withVercel } from './support/vercel.mjs'

let tokens = 0
const freshToken = () => canary(`renewed-${process.pid}-${(tokens += 1)}`)

/**
 * Where Namespace's token is: how it is put there, and which words of an error name the place. It is put at once, so that no
 * request is answered meanwhile.
 */
const PLACES = {
  'the token file': { words: /in the file that NSC_TOKEN_FILE names/, put: (path, token) => writeFileSync(path, JSON.stringify({ bearer_token: token })) },
  'the variable': { words: /of NSC_TOKEN /, put: (_path, token) => (process.env.NSC_TOKEN = token) },
}

/** A Namespace server, and a provider whose token is in the environment and can be renewed. */
async function begin(t, { put }, server) {
  const fixture = await withNamespace(t, { server })
  const folder = withFolder(t)
  const path = join(folder, 'token.json')
  setEnvironment(t, { NSC_TOKEN: undefined, NSC_TOKEN_FILE: path })
  let current
  const putFresh = () => {
    current = freshToken()
    fixture.world.addToken({ workspace: fixture.workspace, token: current })
    put(path, current)
  }
  putFresh()
  return {
    ...fixture,
    provider: namespace({ baseUrl: fixture.server.url, maxRetries: 0 }),
    /** The server stops accepting the present token. */
    revoke: () => fixture.world.tokens.delete(current),
    putFresh,
    /** The tokens of the requests for an operation, in order. */
    tokensFor: (operation) => fixture.requestsFor(operation).map(({ headers }) => headers.authorization),
  }
}

const different = (list) => new Set(list).size

/**
 * Begins a call, and returns when its first request has arrived with the first token. The server looks at the token later.
 *
 * @returns {Promise<{ ended: Promise<unknown> }>}
 */
async function underWay(server, asked, begin) {
  server.faults.add({ kind: 'slow', milliseconds: 100, effectFirst: false })
  const ended = begin()
  await eventually(() => asked().length === 1, 'the first request has arrived')
  return { ended }
}

for (const [title, place] of Object.entries(PLACES)) {
  // The environment belongs to one test at a time.
  describe(`a Namespace token in ${title}`, () => {
    test('that is renewed while a create waits is used from then on', async (t) => {
      const plan = ['PENDING', 'CREATING', 'CREATING', 'CREATING', 'RUNNING']
      const { server, provider, revoke, putFresh, tokensFor } = await begin(t, place, { plan })
      const creating = provider.create({ waitUntilReady: true })
      await server.waitForRequest('DescribeInstance')
      revoke()
      putFresh()
      assert.equal((await creating).instance.status, 'running')
      assert.equal(different(tokensFor('DescribeInstance')), 2)
    })

    test('that is renewed after an abort is used for the removal', async (t) => {
      const plan = ['PENDING', 'CREATING']
      const { server, provider, revoke, putFresh, instances, tokensFor } = await begin(t, place, { plan })
      const controller = new AbortController()
      const creating = provider.create({ waitUntilReady: true, signal: controller.signal })
      await server.waitForRequest('DescribeInstance')
      revoke()
      controller.abort()
      await rejection(creating, { code: 'ABORTED' })
      await server.waitForRequest('DestroyInstance')
      assert.equal(instances().length, 1, 'the removal was refused')
      putFresh()
      await eventually(() => instances().length === 0, 'the instance is removed')
      assert.equal(different(tokensFor('DestroyInstance')), 2)
    })

    test('that is renewed while a list is under way is used for it', async (t) => {
      const { provider, server, revoke, putFresh, asked, tokensFor } = await begin(t, place)
      const listing = await underWay(server, asked, () => provider.list())
      revoke()
      putFresh()
      assert.deepEqual(await listing.ended, [])
      assert.deepEqual(asked(), ['ListInstances', 'ListInstances'])
      assert.equal(different(tokensFor('ListInstances')), 2)
    })

    test('that is renewed while a create is under way makes one instance', async (t) => {
      const { provider, server, revoke, putFresh, instances, asked } = await begin(t, place)
      const creating = await underWay(server, asked, () => provider.create())
      revoke()
      putFresh()
      await creating.ended
      assert.equal(instances().length, 1)
    })

    test('that has not changed is not sent again, and the error names its place', async (t) => {
      const { provider, revoke, asked } = await begin(t, place)
      revoke()
      await rejection(provider.list(), { code: 'UNAUTHENTICATED', retryable: false, message: place.words })
      assert.deepEqual(asked(), ['ListInstances'])
    })

    test('that was renewed by another bad one is sent once', async (t) => {
      const { provider, server, revoke, putFresh, asked } = await begin(t, place)
      const listing = await underWay(server, asked, () => provider.list())
      revoke()
      putFresh()
      revoke()
      await rejection(listing.ended, { code: 'UNAUTHENTICATED', message: place.words })
      assert.deepEqual(asked(), ['ListInstances', 'ListInstances'])
    })
  })
}

test('a renewed token that the provider repeats is masked', async (t) => {
  const { server, provider, revoke, putFresh, asked } = await begin(t, PLACES['the variable'])
  const { ended } = await underWay(server, asked, () => provider.list())
  revoke()
  putFresh()
  const { NSC_TOKEN } = process.env
  const when = ({ headers }) => headers.authorization === `Bearer ${NSC_TOKEN}`
  const body = { code: 'internal', message: `no such token: ${NSC_TOKEN}` }
  server.faults.add({ kind: 'respond', status: 500, body, when })
  await rejection(ended, { code: 'UNAVAILABLE', message: /no such token: \[redacted\]/ })
})

describe('a worker that has ended', () => {
  async function endedWorker(t, place, env) {
    const fixture = await begin(t, place, { plan: ['PENDING', 'CREATING'] })
    const program = new URL('support/programs/worker-create.mjs', import.meta.url)
    const worker = new Worker(program, { workerData: { baseUrl: fixture.server.url, maxRetries: 0 }, env: env(process.env) })
    await fixture.server.waitForRequest('DescribeInstance')
    await worker.terminate()
    fixture.revoke()
    fixture.putFresh()
    return fixture
  }

  test('does not stop its create from reading the token file again', async (t) => {
    const { server, tokensFor } = await endedWorker(t, PLACES['the token file'], (variables) => variables)
    await eventually(() => different(tokensFor('DescribeInstance')) === 2, 'the create goes on with the new token')
    server.faults.add({ kind: 'respond', status: 404, body: { code: 'not_found', message: 'x' }, times: Infinity })
  })

  test('is not asked for its variables', async (t) => {
    const { server, tokensFor, world, workspace } = await endedWorker(t, PLACES['the variable'], (variables) => ({ ...variables }))
    await server.waitForRequest('DestroyInstance')
    assert.equal(different(tokensFor('DestroyInstance')), 1)
    const token = world.addToken({ workspace, token: freshToken() })
    assert.equal((await namespace({ baseUrl: server.url, token }).list()).length, 1)
  })
})

test('a process ends although a removal in the background asks for the variable', async (t) => {
  const fixture = await begin(t, PLACES['the variable'], { plan: ['PENDING', 'CREATING'] })
  const { server, world, workspace } = fixture
  const token = world.addToken({ workspace, token: freshToken() })
  const input = { baseUrl: server.url, maxRetries: 0 }
  const { child, ended } = startProgram('abort-and-end.mjs', { input, env: { NSC_TOKEN: token }, milliseconds: 5_000 })
  await server.waitForRequest('DescribeInstance')
  world.tokens.delete(token)
  child.send('abort')
  const { code, late, stdout } = await ended
  assert.deepEqual([code, late, stdout], [0, false, 'ABORTED\n'])
})

test('a token of the config is not replaced by one of the environment', async (t) => {
  const { server, asked, token } = await withNamespace(t)
  setEnvironment(t, { NSC_TOKEN: token, NSC_TOKEN_FILE: undefined })
  const provider = namespace({ baseUrl: server.url, maxRetries: 0, token: freshToken() })
  const error = await rejection(provider.list(), { code: 'UNAUTHENTICATED' })
  assert.doesNotMatch(error.message, /NSC_TOKEN/)
  assert.deepEqual(asked(), ['ListInstances'])
})

test('VERCEL_OIDC_TOKEN is resolved again when it is refused', async (t) => {
  const { server, world, project, asked } = await withVercel(t)
  const mint = () => world.mintOidcToken(project, { signature: freshToken() })
  const old = mint()
  setEnvironment(t, { VERCEL_OIDC_TOKEN: old, VERCEL_TOKEN: undefined })
  const listing = vercel({ baseUrl: server.url, maxRetries: 0 }).list()
  world.tokens.delete(old)
  process.env.VERCEL_OIDC_TOKEN = mint()
  assert.deepEqual(await listing, [])
  assert.equal(asked().length, 2)
  assert.equal(different(server.requests.map(({ headers }) => headers.authorization)), 2)
})

describe('a variable that is refused is named', () => {
  test('of Railway', async (t) => {
    const { config, server } = await withRailway(t)
    setEnvironment(t, { RAILWAY_API_KEY: undefined, RAILWAY_API_TOKEN: undefined, RAILWAY_TOKEN: freshToken() })
    const errors = [{ message: 'Project Token not found', extensions: { code: 'INTERNAL_SERVER_ERROR' } }]
    server.faults.add({ kind: 'respond', status: 200, body: JSON.stringify({ errors, data: null }) })
    const expected = { code: 'UNAUTHENTICATED', message: /of RAILWAY_TOKEN was refused/ }
    await rejection(railway({ ...config, apiKey: undefined }).list(), expected)
  })

  test('of Render', async (t) => {
    const { config } = await withRender(t)
    setEnvironment(t, { RENDER_API_KEY: freshToken() })
    const expected = { code: 'UNAUTHENTICATED', message: /of RENDER_API_KEY was refused/ }
    await rejection(render({ ...config, apiKey: undefined }).list(), expected)
  })

  for (const [name, make, config] of [
    ['RAILWAY_API_KEY', railway, { projectId: 'p', environmentId: 'e' }],
    ['RAILWAY_TOKEN', railway, { projectId: 'p', environmentId: 'e' }],
    ['RENDER_API_KEY', render, { ownerId: 'tea-x' }],
    ['NSC_TOKEN', namespace, {}],
    ['NSC_TOKEN_FILE', namespace, {}],
    ['VERCEL_TOKEN', vercel, { teamId: 'team_x', projectId: 'prj_x' }],
    ['VERCEL_OIDC_TOKEN', vercel, {}],
  ]) {
    test(`before anything is sent, where ${name} holds the text of a missing value`, async (t) => {
      setEnvironment(t, {
        RAILWAY_API_KEY: undefined,
        RAILWAY_API_TOKEN: undefined,
        RAILWAY_TOKEN: undefined,
        RENDER_API_KEY: undefined,
        NSC_TOKEN: undefined,
        NSC_TOKEN_FILE: undefined,
        VERCEL_TOKEN: undefined,
        VERCEL_OIDC_TOKEN: undefined,
        [name]: 'undefined',
      })
      const message = new RegExp(`^${name} holds`)
      await rejection(make({ ...config, baseUrl: 'http://127.0.0.1:1' }).list(), { code: 'INVALID_CONFIG', message })
    })
  }
})
