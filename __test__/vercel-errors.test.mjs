// Vercel's refusals and what becomes of them (docs/errors.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { vercel } from '@computesdk/gateway'

import { canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { rejection } from './support/rejection.mjs'
import { withFastVercel, withVercel } from './support/vercel.mjs'
import { apiError, encodeOidcToken } from './servers/vercel/index.mjs'

describe('a refusal', () => {
  const rows = [
    [apiError(400, 'bad_request', 'Invalid request: `x` should match pattern.'), 'INVALID_ARGUMENT', false],
    [apiError(401, 'unauthorized', 'Not authorized'), 'UNAUTHENTICATED', false],
    [apiError(402, 'payment_required', 'Add a card.'), 'PAYMENT_REQUIRED', false],
    [
      apiError(402, 'payment_required', 'Hobby plan usage limit exceeded. Limit will be reset on Dec 1. Please upgrade.'),
      'QUOTA_EXCEEDED',
      false,
    ],
    [apiError(410, 'sandbox_stream_closed', 'Closed.'), 'UNAVAILABLE', true],
    [apiError(413, 'payload_too_large', 'Too large.'), 'INVALID_ARGUMENT', false],
    [apiError(429, 'rate_limited', 'The concurrency limit has been exceeded.'), 'RATE_LIMITED', true],
    [apiError(403, 'forbidden', 'Not authorized', { extra: { invalidToken: true } }), 'UNAUTHENTICATED', false],
    [apiError(403, 'forbidden', 'You may not.'), 'PERMISSION_DENIED', false],
    [apiError(403, 'forbidden', 'You may not.', { extra: { invalidToken: false } }), 'PERMISSION_DENIED', false],
    [apiError(409, 'conflict', 'Try again.'), 'UNAVAILABLE', true],
    [apiError(422, 'sandbox_stopping', 'Sandbox is stopping.'), 'UNAVAILABLE', true],
    [apiError(422, 'sandbox_snapshotting', 'Sandbox is snapshotting.'), 'UNAVAILABLE', true],
    [apiError(422, 'unprocessable', 'No.'), 'INVALID_ARGUMENT', false],
    [apiError(429, 'rate_limited', 'Slow down.'), 'RATE_LIMITED', true],
    [apiError(500, 'internal_server_error', 'Oh.'), 'UNAVAILABLE', true],
    [apiError(502, 'bad_gateway', 'Oh.'), 'UNAVAILABLE', true],
  ]
  for (const [fault, code, retryable] of rows) {
    const { status, body } = fault
    test(`${status} ${JSON.stringify(body.error)} is ${code}`, async (t) => {
      const { provider, server } = await withVercel(t)
      server.faults.add(fault)
      await rejection(provider.list(), {
        code,
        retryable,
        httpStatus: status,
        providerCode: body.error.code,
        requestId: /^iad1::/,
        message: `Failed to list Vercel instances: ${body.error.message}`,
      })
    })
  }

  test('of a create that may have had an effect is looked up: 409 does not exclude it', async (t) => {
    const { provider, server, sandboxes, asked } = await withFastVercel(t)
    server.faults.add(apiError(409, 'conflict', 'Try again.', { effect: true }))
    const { instanceId } = await provider.create()
    assert.deepEqual(sandboxes().map(({ name }) => name), [instanceId])
    assert.deepEqual(asked(), ['createSandbox', 'getSandbox'])
  })

  test('for want of a payment method is one of each method', async (t) => {
    const { provider, team } = await withVercel(t)
    team.paymentMissing = true
    for (const call of [() => provider.create(), () => provider.getById('box')]) {
      await rejection(call(), { code: 'PAYMENT_REQUIRED', httpStatus: 402, retryable: false })
    }
  })

  test('by a token that may not do this is PERMISSION_DENIED', async (t) => {
    const { makeProvider, world } = await withVercel(t)
    const token = world.addToken({ token: canary('reader'), may: ['read'] })
    const reader = makeProvider({ token })
    assert.deepEqual(await reader.list(), [])
    await rejection(reader.create(), { code: 'PERMISSION_DENIED', httpStatus: 403 })
  })

  test('for too many sandboxes at once can be tried again', async (t) => {
    const { provider } = await withVercel(t, { server: { concurrencyLimit: 1 } })
    await provider.create()
    await rejection(provider.create(), { code: 'RATE_LIMITED', message: /limit of 1 reached/, retryable: true })
  })

  test('is quoted without what it repeats of our secrets', async (t) => {
    const { provider, server, token } = await withVercel(t)
    const secret = canary('echoed')
    server.faults.add(apiError(400, 'bad_request', `Invalid request: env.A is ${secret}, token ${token}.`))
    await rejection(provider.create({ envs: { A: secret } }), {
      message: /env\.A is \[redacted\], token \[redacted\]\./,
    })
  })
})

describe('an answer that is none of Vercel’s', () => {
  const pages = [
    ['a page', { headers: { 'content-type': 'text/html', 'x-vercel-id': null }, body: '<html>404</html>' }],
    ['a word', { headers: { 'content-type': 'text/plain', 'x-vercel-id': null }, body: 'The page could not be found' }],
    ['another error', { headers: { 'x-vercel-id': null }, body: { message: 'Not Found' } }],
    ['nothing', { headers: { 'x-vercel-id': null }, body: '' }],
  ]
  for (const [what, answer] of pages) {
    test(`404 with ${what} is no missing instance, but a wrong address`, async (t) => {
      const { provider, server, world, project, sandboxes } = await withVercel(t)
      world.addSandbox(project, { name: 'box' })
      for (const call of [() => provider.getById('box'), () => provider.destroy('box'), () => provider.list()]) {
        server.faults.add({ kind: 'respond', status: 404, ...answer })
        await rejection(call(), { code: 'PROTOCOL', httpStatus: 404, message: /baseUrl/, retryable: false })
      }
      assert.equal(sandboxes().length, 1)
    })
  }

  test('is what a base URL without /api gets', async (t) => {
    const { server, makeProvider } = await withVercel(t)
    // Its own pages: https://vercel.com/v2/… is none of the API's addresses.
    server.faults.add({ kind: 'html', status: 404 })
    await rejection(makeProvider({ baseUrl: server.origin }).getById('box'), { code: 'PROTOCOL', message: /baseUrl/ })
  })

  test('of 200 with a page is PROTOCOL', async (t) => {
    const { provider, server } = await withVercel(t)
    server.faults.add({ kind: 'html', status: 200 })
    await rejection(provider.list(), { code: 'PROTOCOL', httpStatus: 200, message: /HTML instead of JSON/ })
  })
})

describe('a rate limit', () => {
  test('is in unix seconds, and becomes milliseconds from now', async (t) => {
    const { provider, server } = await withVercel(t)
    const reset = Math.ceil(Date.now() / 1000) + 90
    const headers = { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) }
    server.faults.add(apiError(429, 'rate_limited', 'Slow down.', { headers }))
    const { retryAfterMs } = await rejection(provider.list(), { code: 'RATE_LIMITED', retryable: true })
    assert.ok(retryAfterMs > 80_000 && retryAfterMs <= 91_000, String(retryAfterMs))
  })

  test('of creates and of deletions does not hold up the rest', async (t) => {
    const one = { limit: 1, windowMilliseconds: 60_000 }
    const server = { rateLimit: { limit: 1_000, create: one, delete: one } }
    const { provider, world, project } = await withVercel(t, { server })
    for (const name of ['one', 'two']) world.addSandbox(project, { name })
    await provider.create()
    await provider.destroy('one')
    const expected = { code: 'RATE_LIMITED', retryable: true }
    for (const call of [() => provider.create(), () => provider.destroy('two')]) {
      assert.ok((await rejection(call(), expected)).retryAfterMs > 30_000)
    }
    assert.equal((await provider.list()).length, 2)
    assert.equal((await provider.getById('two')).instanceId, 'two')
  })

  test('that passes soon is waited for', async (t) => {
    const rateLimit = { limit: 1_000, create: { limit: 1, windowMilliseconds: 1_000 } }
    const { makeProvider, sandboxes } = await withVercel(t, { server: { rateLimit } })
    const provider = makeProvider({ maxRetries: 3 })
    await provider.create()
    await provider.create()
    assert.equal(sandboxes().length, 2)
  })
})

describe('an OIDC token', () => {
  test('that has expired is still sent, and its refusal is explained', async (t) => {
    const { server, world, project } = await withVercel(t)
    const oidcToken = world.mintOidcToken(project, { lifetimeSeconds: -60, signature: canary('expired') })
    const error = await rejection(vercel({ oidcToken, baseUrl: server.url }).list(), {
      code: 'UNAUTHENTICATED',
      httpStatus: 403,
      message: /: The token has expired, by its own claim \(\d{4}-\S*Z\): Not authorized$/,
    })
    assert.equal(error.retryable, false)
  })

  for (const [status, code] of [[401, 'UNAUTHENTICATED'], [403, 'PERMISSION_DENIED']]) {
    test(`of the environment that has expired is named when it is refused with ${status}`, async (t) => {
      const { server, world, project } = await withVercel(t)
      const VERCEL_OIDC_TOKEN = world.mintOidcToken(project, { lifetimeSeconds: -60, signature: canary('expired') })
      setEnvironment(t, { VERCEL_OIDC_TOKEN, VERCEL_TOKEN: undefined })
      const body = JSON.stringify({ error: { code: 'forbidden', message: 'Not authorized' } })
      const headers = { 'content-type': 'application/json', 'x-vercel-id': 'fra1::x' }
      server.faults.add({ kind: 'respond', status, headers, body })
      const message = /: The token of VERCEL_OIDC_TOKEN has expired, by its own claim \(\S*Z\): Not authorized$/
      await rejection(vercel({ baseUrl: server.url }).list(), { code, httpStatus: status, message })
      assert.equal(server.requests.length, 1)
    })
  }

  test('that is refused for another reason is not called expired', async (t) => {
    const { server, teamId, projectId } = await withVercel(t)
    const exp = Math.floor(Date.now() / 1000) + 3_600
    const claims = { owner_id: teamId, project_id: projectId, exp }
    const oidcToken = encodeOidcToken(claims, { signature: canary('unknown') })
    await rejection(vercel({ oidcToken, baseUrl: server.url }).list(), {
      code: 'UNAUTHENTICATED',
      message: 'Failed to list Vercel instances: Not authorized',
    })
  })

  test('that has expired by this machine’s clock alone works', async (t) => {
    const { server, world, project } = await withVercel(t, { server: { now: () => Date.now() - 3_600_000 } })
    const oidcToken = world.mintOidcToken(project, { lifetimeSeconds: 60, signature: canary('late') })
    assert.deepEqual(await vercel({ oidcToken, baseUrl: server.url }).list(), [])
  })
})
