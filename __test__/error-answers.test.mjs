import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError, tooManyRequests } from './servers/railway/index.mjs'

const TRANSIENT = ['RATE_LIMITED', 'TIMEOUT', 'NETWORK', 'UNAVAILABLE']

/** The error of a getById that is answered so. */
async function answeredWith(t, fault, expected) {
  const { provider, server } = await withRailway(t)
  server.faults.add(fault)
  const error = await rejection(provider.getById(ABSENT_ID), { operation: 'getById', ...expected })
  assert.ok(error.message.startsWith('Failed to get Railway instance: '), error.message)
  assert.equal(error.retryable, TRANSIENT.includes(error.code), 'retryable')
  assert.equal(server.requests.length, 1)
  return error
}

describe('an error in a GraphQL answer is understood by its message before its code', () => {
  const TRACE = '5527782523421805956'
  const rows = [
    ['Not Authorized', 'INTERNAL_SERVER_ERROR', 'PERMISSION_DENIED'],
    ['not authorized', null, 'PERMISSION_DENIED'],
    ['Project Token not found', 'INTERNAL_SERVER_ERROR', 'UNAUTHENTICATED'],
    ['project token not found', 'NOT_FOUND', 'UNAUTHENTICATED'],
    ['Two Factor Authentication Required', 'INTERNAL_SERVER_ERROR', 'PERMISSION_DENIED'],
    ['Problem processing request', null, 'UNAVAILABLE'],
    ['A service named "x" already exists in this project', 'INTERNAL_SERVER_ERROR', 'ALREADY_EXISTS'],
    ['Service name must be unique within a project', 'INTERNAL_SERVER_ERROR', 'ALREADY_EXISTS'],
    [
      'You are creating projects too quickly. This workspace allows 1 project per 30 seconds. Try again shortly.',
      'INTERNAL_SERVER_ERROR',
      'RATE_LIMITED',
      30_000,
    ],
    ['one environment can be created per user every 30s', 'INTERNAL_SERVER_ERROR', 'RATE_LIMITED', 30_000],
    [
      'Whoa there pal! You are creating volumes too quickly. Try again in a sec',
      'INTERNAL_SERVER_ERROR',
      'RATE_LIMITED',
    ],
    ['Cannot redeploy yet, please wait for the original deployment to finish building', null, 'UNAVAILABLE'],
    ['Cannot delete TCP proxy: an operation is already in progress', 'INTERNAL_SERVER_ERROR', 'UNAVAILABLE'],
    ['Failed to create service domain, please try again', 'INTERNAL_SERVER_ERROR', 'UNAVAILABLE'],
    [
      'Your trial has expired. Please select a plan to continue using Railway.',
      'INTERNAL_SERVER_ERROR',
      'PAYMENT_REQUIRED',
    ],
    [
      'Free plan resource provision limit exceeded. Please upgrade to provision more resources!',
      'INTERNAL_SERVER_ERROR',
      'QUOTA_EXCEEDED',
    ],
    [
      'Your workspace has been restricted. Please attach a payment method or contact support to resolve this.',
      null,
      'PAYMENT_REQUIRED',
    ],
    ['Service name already in use', 'INTERNAL_SERVER_ERROR', 'ALREADY_EXISTS'],
    ['Invalid project name', 'INTERNAL_SERVER_ERROR', 'INVALID_ARGUMENT'],
    ['Name "is deprecated" is not valid', 'INTERNAL_SERVER_ERROR', 'INVALID_ARGUMENT'],
    ['Config as Code is deprecated', 'INTERNAL_SERVER_ERROR', 'PROTOCOL'],
    ['Something new', 'UNAUTHENTICATED', 'UNAUTHENTICATED'],
    ['Something new', 'UNAUTHORIZED', 'UNAUTHENTICATED'],
    ['Something new', 'FORBIDDEN', 'PERMISSION_DENIED'],
    ['Something new', 'RATE_LIMITED', 'RATE_LIMITED'],
    ['Something new', 'TOO_MANY_REQUESTS', 'RATE_LIMITED'],
    ['Something new', 'PLAN_LIMIT', 'QUOTA_EXCEEDED'],
    ['Something new', 'SUBSCRIPTION_REQUIRED', 'PAYMENT_REQUIRED'],
    ['Something new', 'BAD_USER_INPUT', 'INVALID_ARGUMENT'],
    ['Something new', 'BAD_REQUEST', 'INVALID_ARGUMENT'],
    ['Something new', 'GRAPHQL_VALIDATION_FAILED', 'PROTOCOL'],
    ['Something new', 'GRAPHQL_PARSE_FAILED', 'PROTOCOL'],
    ['Something new', 'INTERNAL_SERVER_ERROR', 'UNAVAILABLE'],
    ['Something new', 'A_NEW_CODE', 'PROTOCOL'],
    ['Something new', null, 'PROTOCOL'],
  ]
  for (const [message, providerCode, code, retryAfterMs] of rows) {
    test(`${message} (${providerCode ?? 'no code'}) is ${code}`, async (t) => {
      const error = await answeredWith(t, graphqlError(message, { code: providerCode }), {
        code,
        httpStatus: 200,
        providerCode: providerCode ?? undefined,
        requestId: TRACE,
        retryAfterMs,
      })
      assert.equal(error.message, `Failed to get Railway instance: ${message}`)
    })
  }

  // The one code that says more than the words beside it: a missing or wrong key, not a forbidden object.
  test('Not Authorized (UNAUTHENTICATED) is UNAUTHENTICATED', async (t) => {
    await answeredWith(t, graphqlError('Not Authorized', { code: 'UNAUTHENTICATED' }), { code: 'UNAUTHENTICATED' })
  })

  for (const [message, code] of [
    ['Environment not found', 'INTERNAL_SERVER_ERROR'],
    ['Project not found', null],
    ['Something new', 'ENVIRONMENT_NOT_FOUND'],
    ['Something new', 'NOT_FOUND'],
  ]) {
    test(`${message} (${code ?? 'no code'}) is NOT_FOUND where there is no null for it`, async (t) => {
      const { provider, server } = await withRailway(t)
      server.faults.add(graphqlError(message, { code }))
      const error = await rejection(provider.list(), { code: 'NOT_FOUND', httpStatus: 200, retryable: false })
      assert.equal(error.message, `Failed to list Railway instances: ${message}`)
    })
  }

  test('a document that Railway refuses with HTTP 400 rejects with its words', async (t) => {
    const message = 'Unknown argument "environmentId" on field "Service.serviceInstances".'
    const error = await answeredWith(t, graphqlError(message, { code: 'GRAPHQL_VALIDATION_FAILED', status: 400 }), {
      code: 'PROTOCOL',
      httpStatus: 400,
    })
    assert.ok(error.message.endsWith(message))
  })

  test('the first of several errors decides, and data beside them does not count', async (t) => {
    const body = {
      data: { serviceInstance: { serviceId: ABSENT_ID } },
      errors: [{ message: 'Not Authorized', traceId: 'a' }, { message: 'Problem processing request', traceId: 'b' }],
    }
    await answeredWith(t, { kind: 'respond', status: 200, body }, { code: 'PERMISSION_DENIED', requestId: 'a' })
  })

  test('an errors list of another shape is borne', async (t) => {
    const { provider, server } = await withRailway(t)
    const lists = [['text'], [null], [5], [{}], [{ message: 5 }], [{ message: '', extensions: null, traceId: {} }]]
    for (const errors of lists) {
      server.faults.add({ kind: 'respond', status: 200, body: { data: null, errors } })
      await rejection(provider.getById(ABSENT_ID), { code: 'PROTOCOL', httpStatus: 200 })
    }
  })

  test('an empty errors list is no error', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add({ kind: 'replace', map: (json) => ({ ...json, errors: [] }) })
    assert.deepEqual(await provider.list(), [])
  })

  test('a message of many lines or great length is quoted on one bounded line', async (t) => {
    const error = await answeredWith(t, graphqlError(`line one\n\tline two\u0007 ${'x'.repeat(100_000)}`), {})
    assert.match(error.message, /: line one line two x+…$/)
    assert.ok(error.message.length < 1_000)
  })

  test('a body that is no GraphQL answer is not quoted', async (t) => {
    const error = await answeredWith(t, { kind: 'respond', status: 500, body: 'body-'.repeat(1_000) }, {})
    assert.equal(error.message.includes('body-'), false)
  })
})

describe('an answer that is no GraphQL answer is understood by its status', () => {
  const rows = [
    [301, 'PROTOCOL'],
    [400, 'PROTOCOL'],
    [401, 'UNAUTHENTICATED'],
    [402, 'PAYMENT_REQUIRED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'PROTOCOL'],
    [405, 'PROTOCOL'],
    [408, 'UNAVAILABLE'],
    [413, 'PROTOCOL'],
    [418, 'PROTOCOL'],
    [500, 'UNAVAILABLE'],
    [502, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
    [504, 'UNAVAILABLE'],
    [520, 'UNAVAILABLE'],
  ]
  const bodies = { text: 'upstream connect error', empty: undefined, json: { message: 'no' }, html: '<html>x</html>' }
  for (const [status, meaning] of rows) {
    for (const [kind, body] of Object.entries(bodies)) {
      // A firewall's page says nothing of the token.
      const code = status === 403 && kind === 'html' ? 'UNAVAILABLE' : meaning
      test(`${status} (${kind}) is ${code}`, async (t) => {
        const error = await answeredWith(t, { kind: 'respond', status, body }, { code, httpStatus: status })
        assert.ok(error.message.includes(`HTTP ${status}`), error.message)
        assert.equal(error.message.includes('upstream connect'), false, 'no body in the message')
      })
    }
  }

  test('404 hints at the base URL', async (t) => {
    await answeredWith(t, { kind: 'respond', status: 404 }, { message: /baseUrl/ })
  })

  // Which status the page comes with is not known (docs/providers/railway.md).
  for (const status of [200, 403, 429, 503]) {
    test(`the edge's page with ${status} is a rate limit`, async (t) => {
      const expected = { code: 'RATE_LIMITED', httpStatus: status, message: /Cloudflare/ }
      await answeredWith(t, { kind: 'html', status }, expected)
    })
  }

  for (const [status, number, code] of [
    [403, 1010, 'UNAVAILABLE'],
    [403, 1020, 'UNAVAILABLE'],
    [429, 1015, 'RATE_LIMITED'],
  ]) {
    test(`the edge's text error code: ${number} with ${status} is ${code}`, async (t) => {
      const body = `error code: ${number}`
      const expected = { code, httpStatus: status, retryAfterMs: undefined, message: new RegExp(`edge.*${body}`) }
      await answeredWith(t, { kind: 'respond', status, headers: { 'content-type': 'text/plain' }, body }, expected)
    })
  }

  test("the edge's page gives the Retry-After that came with it", async (t) => {
    const body = '<html><title>Access denied | backboard.railway.com used Cloudflare to restrict access</title></html>'
    const headers = { 'content-type': 'text/html', 'retry-after': '9' }
    const expected = { code: 'RATE_LIMITED', retryAfterMs: 9_000 }
    await answeredWith(t, { kind: 'respond', status: 429, headers, body }, expected)
  })
})

describe('HTTP 429', () => {
  const date = (seconds) => new Date(Date.now() + seconds * 1_000).toUTCString()

  test('with Retry-After in seconds gives them as retryAfterMs', async (t) => {
    await answeredWith(t, tooManyRequests({ retryAfter: 7 }), {
      code: 'RATE_LIMITED',
      httpStatus: 429,
      retryAfterMs: 7_000,
    })
  })

  test('with Retry-After as a date gives the time until then', async (t) => {
    const error = await answeredWith(t, tooManyRequests({ retryAfter: date(3_600) }), { code: 'RATE_LIMITED' })
    assert.ok(error.retryAfterMs > 3_590_000 && error.retryAfterMs <= 3_600_000, String(error.retryAfterMs))
  })

  test('with a date in the past gives zero', async (t) => {
    await answeredWith(t, tooManyRequests({ retryAfter: date(-3_600) }), { code: 'RATE_LIMITED', retryAfterMs: 0 })
  })

  for (const [title, retryAfter] of Object.entries({
    without: undefined,
    'with an unreadable': 'soon',
    'with a negative': '-5',
  })) {
    test(`${title} Retry-After does not say how long`, async (t) => {
      await answeredWith(t, tooManyRequests({ retryAfter }), { code: 'RATE_LIMITED', retryAfterMs: undefined })
    })
  }

  test('with a GraphQL body is still a rate limit, in the words of the body', async (t) => {
    const fault = graphqlError('Slow down', { status: 429, headers: { 'retry-after': '3' }, code: null })
    const error = await answeredWith(t, fault, { code: 'RATE_LIMITED', retryAfterMs: 3_000 })
    assert.ok(error.message.endsWith(': Slow down'), error.message)
  })

  test('with a GraphQL body gives its traceId and code', async (t) => {
    const fault = graphqlError('Slow down', { status: 429, code: 'TOO_MANY_REQUESTS', traceId: '77' })
    await answeredWith(t, fault, { code: 'RATE_LIMITED', requestId: '77', providerCode: 'TOO_MANY_REQUESTS' })
  })
})

describe('a successful answer that cannot be used is PROTOCOL', () => {
  const bodies = {
    'an empty one': undefined,
    'text': 'OK',
    'half of JSON': '{"data":{"serviceInstance":{"serv',
    'an HTML page': '<!DOCTYPE html><html></html>',
    'no data': {},
    'null data': { data: null },
    'an array': [],
    'a null': 'null',
    'data without what was asked for': { data: {} },
    'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    'deeply nested arrays': '['.repeat(100_000),
  }
  for (const [title, body] of Object.entries(bodies)) {
    test(title, async (t) => {
      await answeredWith(t, { kind: 'respond', status: 200, body }, { code: 'PROTOCOL', httpStatus: 200 })
    })
  }

  test('its unexpected values are not quoted', async (t) => {
    const body = { data: { serviceInstance: { serviceId: { hidden: 'hunter2' } } } }
    const error = await answeredWith(t, { kind: 'respond', status: 200, body }, { code: 'PROTOCOL' })
    assert.equal(error.message.includes('hunter2'), false)
  })
})
