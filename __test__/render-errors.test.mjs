// What Render's refusals become: code, words, the name of the request, the wait (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertNoSecret, canary, REGISTRY_PASSWORD } from './support/canary.mjs'
import { rejection } from './support/rejection.mjs'
import { ABSENT_ID, withRender } from './support/render.mjs'
import { renderError, tooManyRequests } from './servers/render/index.mjs'

const TRANSIENT = ['RATE_LIMITED', 'TIMEOUT', 'NETWORK', 'UNAVAILABLE']

/** The error of a getById that is answered so. */
async function answeredWith(t, fault, expected) {
  const { provider, server } = await withRender(t)
  server.faults.add(fault)
  const error = await rejection(provider.getById(ABSENT_ID), { operation: 'getById', provider: 'render', ...expected })
  assert.ok(error.message.startsWith('Failed to get Render instance: '), error.message)
  assert.equal(error.retryable, TRANSIENT.includes(error.code), 'retryable')
  assert.equal(server.requests.length, 1)
  return { error, request: server.requests[0] }
}

describe('a refusal', () => {
  const rows = [
    [302, 'PROTOCOL'],
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [402, 'PAYMENT_REQUIRED'],
    [403, 'PERMISSION_DENIED'],
    [405, 'PROTOCOL'],
    [406, 'PROTOCOL'],
    [408, 'UNAVAILABLE'],
    [409, 'UNAVAILABLE'],
    [413, 'INVALID_ARGUMENT'],
    [422, 'INVALID_ARGUMENT'],
    [429, 'RATE_LIMITED'],
    [500, 'UNAVAILABLE'],
    [502, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
    [520, 'UNAVAILABLE'],
  ]
  for (const [status, code] of rows) {
    test(`with ${status} is ${code}, in Render’s words and with the name of the request`, async (t) => {
      const headers = { 'ratelimit-remaining': null, 'ratelimit-reset': null }
      const { error, request } = await answeredWith(t, renderError(status, 'Render’s words', { headers }), {
        code,
        httpStatus: status,
        providerCode: undefined,
        retryAfterMs: undefined,
      })
      assert.equal(error.message, 'Failed to get Render instance: Render’s words')
      assert.equal(error.requestId, request.requestId)
      assert.match(error.requestId, /^[0-9a-f-]{36}$/)
    })

    // Clients of Render's own fall back to the raw text, which may come from a proxy (docs/providers/render.md).
    for (const [kind, body] of Object.entries({
      text: 'upstream hunter2',
      nothing: undefined,
      HTML: '<html>hunter2</html>',
      'JSON of another shape': { error: 'hunter2', message: { text: 'hunter2' } },
      'an array': ['hunter2'],
    })) {
      test(`with ${status} and ${kind} is ${code}, without quoting it`, async (t) => {
        const { error } = await answeredWith(t, { kind: 'respond', status, body }, { code, httpStatus: status })
        assert.ok(error.message.includes(`HTTP ${status}`), error.message)
        assert.ok(!error.message.includes('hunter2'), error.message)
      })
    }
  }

  test('gives the code that newer answers carry', async (t) => {
    const fault = renderError(400, 'more than one region', { code: 'multiple_regions', id: 'x' })
    await answeredWith(t, fault, { code: 'INVALID_ARGUMENT', providerCode: 'multiple_regions' })
  })

  test('with the code of a query of metrics is not QUOTA_EXCEEDED', async (t) => {
    const fault = renderError(400, 'no more', { code: 'too_many_resources' })
    await answeredWith(t, fault, { code: 'INVALID_ARGUMENT', providerCode: 'too_many_resources' })
  })

  test('for a name that is taken says so only where a name was sent', async (t) => {
    await answeredWith(t, renderError(403, 'name: box already in use'), { code: 'PERMISSION_DENIED' })
  })

  test('of many lines or great length is quoted on one bounded line', async (t) => {
    const { error } = await answeredWith(t, renderError(400, `line one\n\tline two\u0007 ${'x'.repeat(100_000)}`), {})
    assert.match(error.message, /: line one line two x+…$/)
    assert.ok(error.message.length < 1_000)
  })

  test('without the header has no requestId', async (t) => {
    const headers = { 'render-request-id': null }
    await answeredWith(t, renderError(503, 'unavailable', { headers }), { requestId: undefined })
  })
})

test('a wrong key is UNAUTHENTICATED at each method', async (t) => {
  const { makeProvider, services, world, owner } = await withRender(t)
  const { id } = world.addService(owner)
  const { create, getById, list, destroy } = makeProvider({ apiKey: canary('wrong') })
  for (const [operation, call] of Object.entries({ create, getById, list, destroy })) {
    const argument = ['getById', 'destroy'].includes(operation) ? id : undefined
    await rejection(call(argument), { code: 'UNAUTHENTICATED', operation, httpStatus: 401, retryable: false })
  }
  assert.equal(services().length, 1)
})

describe('an answer that cannot be read is PROTOCOL and names the request', () => {
  const bodies = {
    'an empty one': undefined,
    text: 'OK',
    'half of JSON': '{"id":"srv-',
    'an HTML page': '<!DOCTYPE html><html></html>',
    'a null': 'null',
    'an array': [],
    'an id that is no text': { id: { hidden: 'hunter2' } },
    'deeply nested arrays': '['.repeat(100_000),
  }
  for (const [title, body] of Object.entries(bodies)) {
    test(title, async (t) => {
      const { error, request } = await answeredWith(t, { kind: 'respond', status: 200, body }, { code: 'PROTOCOL' })
      assert.deepEqual([error.httpStatus, error.requestId], [200, request.requestId])
      assert.ok(!error.message.includes('hunter2'), error.message)
    })
  }
})

// `Ratelimit-Reset` is seconds that remain, whatever the page on it says (docs/providers/render.md).
describe('HTTP 429', () => {
  const window = (remaining, reset) => ({ 'ratelimit-remaining': remaining, 'ratelimit-reset': reset })
  const rows = [
    ['with Retry-After', { 'retry-after': '51', ...window('0', '7') }, 51_000],
    ['with an empty window alone', window('0', '45'), 45_000],
    ['with a reset alone', window(null, '45'), 45_000],
    ['with a window of an hour', window('0', '2346'), 2_346_000],
    ['with a window that is not empty, so that it was another one', window('5', '45'), undefined],
    ['with an unreadable Retry-After, in an empty window', { 'retry-after': 'soon', ...window('0', '3') }, 3_000],
    ['without any of them', window(null, null), undefined],
  ]
  for (const [title, headers, retryAfterMs] of rows) {
    test(`${title} is RATE_LIMITED, ${retryAfterMs ?? 'for no known time'}`, async (t) => {
      await answeredWith(t, tooManyRequests({ headers }), { code: 'RATE_LIMITED', httpStatus: 429, retryAfterMs })
    })
  }

  test('in the form that Render’s own clients test rejects in its words', async (t) => {
    const fault = tooManyRequests({ retryAfter: 7, body: { error: 'rate limit exceeded' } })
    const { error } = await answeredWith(t, fault, { code: 'RATE_LIMITED', retryAfterMs: 7_000 })
    assert.equal(error.message, 'Failed to get Render instance: rate limit exceeded')
  })

  test('in short is waited for, and the call goes through', async (t) => {
    const { makeProvider, server, world, owner } = await withRender(t)
    const { id } = world.addService(owner)
    server.faults.add(tooManyRequests({ retryAfter: 1 }))
    assert.equal((await makeProvider({ maxRetries: 1 }).getById(id)).instanceId, id)
    const [first, second] = server.requests
    assert.ok(second.at - first.at >= 1_000, `${second.at - first.at} ms`)
  })

  test('for long is not waited for', async (t) => {
    const { makeProvider, server } = await withRender(t)
    server.faults.add(tooManyRequests({ headers: window('0', '2346') }))
    const provider = makeProvider({ maxRetries: 3 })
    await rejection(provider.list(), { code: 'RATE_LIMITED', retryAfterMs: 2_346_000 })
    assert.equal(server.requests.length, 1)
  })
})

describe('requests', () => {
  test('carry key, user agent and `Accept` for JSON, and a body only where there is one', async (t) => {
    const { provider, server, apiKey } = await withRender(t)
    const { instanceId } = await provider.create()
    await provider.getById(instanceId)
    await provider.list()
    await provider.destroy(instanceId)
    for (const { method, headers, body } of server.requests) {
      assert.ok(headers.authorization === `Bearer ${apiKey}`, 'the key')
      assert.match(headers['user-agent'], /^computesdk-gateway\/\d/)
      assert.equal(headers.accept, 'application/json')
      assert.equal(headers['content-type'], method === 'POST' ? 'application/json' : undefined)
      assert.equal(body === '', method !== 'POST')
    }
  })

  test('that only read are repeated, and those that create are not', async (t) => {
    const { makeProvider, server, world, owner, requestsFor } = await withRender(t)
    const { id } = world.addService(owner)
    server.faults.add({ kind: 'respond', status: 503, when: 'retrieveService', times: 2 })
    assert.equal((await makeProvider({ maxRetries: 2 }).getById(id)).instanceId, id)
    server.faults.add({ ...renderError(503, 'unavailable', { effect: true }), when: 'createService' })
    await makeProvider({ maxRetries: 2 }).create()
    assert.equal(requestsFor('createService').length, 1)
  })
})

describe('no secret shows', () => {
  const options = {
    daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl: `https://user:${canary('url')}@gateway.example.com` },
    envs: { PASSWORD: REGISTRY_PASSWORD, LINES: `-----BEGIN-----\n${canary('line')}\n-----END-----` },
  }
  const secrets = [ACCESS_TOKEN, options.daemonConfig.gatewayUrl, ...Object.values(options.envs)]
  const spellings = {
    'as it is': (text) => text,
    'in JSON': (text) => JSON.stringify(text),
    'percent-encoded': (text) => encodeURIComponent(text),
    'in one line': (text) => text.replace(/\s+/g, ' '),
  }
  for (const [title, spell] of Object.entries(spellings)) {
    test(`when Render repeats what it was sent, ${title}`, async (t) => {
      const { provider, server, apiKey } = await withRender(t)
      for (const secret of [apiKey, `Bearer ${apiKey}`, ...secrets]) {
        const shown = spell(secret)
        const headers = { 'render-request-id': encodeURIComponent(secret) }
        const fault = renderError(400, `invalid value: ${shown}.`, { code: shown, headers })
        server.faults.add({ ...fault, when: 'createService' })
        const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT' })
        assert.match(error.message, /invalid value: .*\[redacted\]/)
        assertNoSecret(error, ['registry-password', 'BEGIN'])
      }
    })
  }

  test('in what create, getById and list give', async (t) => {
    const { provider } = await withRender(t)
    const created = await provider.create({ ...options, name: 'box' })
    assertNoSecret([created, await provider.getById(created.instanceId), await provider.list()])
  })

  test('when the mark is read beside them, and cannot be', async (t) => {
    const { provider, server } = await withRender(t)
    server.faults.add({ kind: 'reset-after', when: 'createService' })
    server.faults.add({ ...renderError(403, `no reading of ${ACCESS_TOKEN}`), when: 'retrieveEnvVar' })
    const error = await rejection(provider.create({ ...options, name: 'box' }), { code: 'OUTCOME_UNKNOWN' })
    assert.match(error.message, /no reading of \[redacted\]/)
  })

  test('in a provider object', async (t) => {
    const { provider } = await withRender(t)
    assertNoSecret([provider, ...Object.values(provider), ...Object.values(provider).map(String)])
  })
})
