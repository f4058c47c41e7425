// What Namespace's refusals mean: by their Connect code, never by their status alone, and never with a word of an
// answer that is none.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { namespace } from '@computesdk/gateway'

import { ACCESS_TOKEN, assertNoSecret, canary, MARK } from './support/canary.mjs'
import { ABSENT_ID, withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { formToken } from './servers/namespace/access.mjs'
import { connectError, details, SECRETS } from './servers/namespace/index.mjs'

const TRANSIENT = ['RATE_LIMITED', 'TIMEOUT', 'NETWORK', 'UNAVAILABLE']

/** The error of a list that is answered so. */
async function answeredWith(t, fault, expected) {
  const { provider, server } = await withNamespace(t)
  server.faults.add(fault)
  const error = await rejection(provider.list(), { operation: 'list', provider: 'namespace', ...expected })
  assert.ok(error.message.startsWith('Failed to list Namespace instances: '), error.message)
  assert.equal(error.retryable, TRANSIENT.includes(error.code), 'retryable')
  assert.equal(server.requests.length, 1)
  return error
}

describe('a code decides, in all its forms and with whatever status', () => {
  const codes = {
    canceled: 'UNAVAILABLE',
    unknown: 'UNAVAILABLE',
    invalid_argument: 'INVALID_ARGUMENT',
    deadline_exceeded: 'TIMEOUT',
    not_found: 'NOT_FOUND',
    already_exists: 'ALREADY_EXISTS',
    permission_denied: 'PERMISSION_DENIED',
    resource_exhausted: 'RATE_LIMITED',
    failed_precondition: 'INVALID_ARGUMENT',
    aborted: 'UNAVAILABLE',
    out_of_range: 'INVALID_ARGUMENT',
    unimplemented: 'PROTOCOL',
    internal: 'UNAVAILABLE',
    unavailable: 'UNAVAILABLE',
    data_loss: 'UNAVAILABLE',
    unauthenticated: 'UNAUTHENTICATED',
  }
  for (const [providerCode, code] of Object.entries(codes)) {
    for (const form of [{}, { code: 'number' }, { code: 'upper' }]) {
      test(`${providerCode} ${JSON.stringify(form)} is ${code}`, async (t) => {
        // A status that would mean something else: a proxy may have made it.
        const fault = connectError(providerCode, { message: 'said', form, status: 418 })
        const error = await answeredWith(t, fault, { code, providerCode, httpStatus: 418 })
        assert.match(error.message, /: said$/)
      })
    }

    test(`${providerCode} without a message is shown by its name`, async (t) => {
      const error = await answeredWith(t, connectError(providerCode), { code, providerCode })
      assert.match(error.message, new RegExp(`Namespace answered ${providerCode}`))
    })
  }

  test('the spelling of gRPC is understood', async (t) => {
    const fault = { kind: 'respond', status: 499, body: { code: 'CANCELLED' } }
    await answeredWith(t, fault, { code: 'UNAVAILABLE', providerCode: 'canceled' })
  })
})

describe('without a code it is not Namespace that answers', () => {
  const rows = [
    [400, '', 'PROTOCOL'],
    [400, { message: 'Bad Request' }, 'PROTOCOL'],
    [401, '', 'UNAUTHENTICATED'],
    [403, '<html>', 'UNAVAILABLE'],
    [404, '', 'PROTOCOL'],
    [404, '404 page not found\n', 'PROTOCOL'],
    [404, '<html>Not Found</html>', 'PROTOCOL'],
    [404, { message: 'Not Found' }, 'PROTOCOL'],
    [404, { code: 'no_such_code', message: 'x' }, 'PROTOCOL'],
    [404, { code: 17, message: 'x' }, 'PROTOCOL'],
    [404, { code: { name: 'not_found' } }, 'PROTOCOL'],
    [404, [{ code: 'not_found' }], 'PROTOCOL'],
    [409, '', 'PROTOCOL'],
    [429, '', 'RATE_LIMITED'],
    [500, { code: null }, 'UNAVAILABLE'],
    [502, '<html>', 'UNAVAILABLE'],
    [503, '', 'UNAVAILABLE'],
    [504, '', 'UNAVAILABLE'],
  ]
  for (const [httpStatus, body, code] of rows) {
    test(`HTTP ${httpStatus} with ${JSON.stringify(body)} is ${code}`, async (t) => {
      const error = await answeredWith(t, { kind: 'respond', status: httpStatus, body }, { code, httpStatus })
      if (httpStatus === 404) assert.match(error.message, /address; check baseUrl, region and NSC_ENDPOINT/)
      assert.equal(error.providerCode, undefined)
    })
  }

  test('a host without the Compute API rejects each method, and gets no second request', async (t) => {
    const { provider, asked } = await withNamespace(t, { server: { wrongHost: true }, config: { maxRetries: 3 } })
    const message = /check baseUrl, region and NSC_ENDPOINT/
    const calls = [provider.create(), provider.getById(ABSENT_ID), provider.list(), provider.destroy(ABSENT_ID)]
    await Promise.all(calls.map((call) => rejection(call, { code: 'PROTOCOL', message })))
    assert.equal(asked().length, 4)
  })
})

describe('a read', () => {
  test('without an answer ends after a retry', async (t) => {
    const { makeProvider, server, asked } = await withNamespace(t)
    server.faults.add({ kind: 'slow', milliseconds: Infinity, times: Infinity })
    const provider = makeProvider({ requestTimeoutMs: 50, maxRetries: 1 })
    await rejection(provider.list(), { code: 'TIMEOUT', retryable: true, message: /after 2 attempts.*50 ms/ })
    assert.deepEqual(asked(), ['ListInstances', 'ListInstances'])
  })

  for (const code of ['unavailable', 'internal', 'resource_exhausted', 'aborted']) {
    test(`that is answered with ${code} is asked again`, async (t) => {
      const { makeProvider, server, asked } = await withNamespace(t)
      server.faults.add(connectError(code))
      assert.equal(await makeProvider({ maxRetries: 1 }).getById(ABSENT_ID), null)
      assert.equal(asked().length, 2)
    })
  }
})

describe('details of a refusal are in the message', () => {
  async function refusedCreate(t, workspace, expected, options) {
    const { provider, instances } = await withNamespace(t, { workspace })
    const error = await rejection(provider.create(options), { operation: 'create', retryable: false, ...expected })
    assert.equal(instances().length, 0)
    return error
  }

  test('limits of the workspace, in figures', async (t) => {
    await refusedCreate(
      t,
      { limits: { virtualCpu: 32, memoryMegabytes: 65_536 } },
      {
        code: 'QUOTA_EXCEEDED',
        providerCode: 'resource_exhausted',
        httpStatus: 429,
        message: /asked for 32 vCPU and 131072 MB.*in use 0 vCPU and 0 MB.*limit 32 vCPU and 65536 MB$/,
      },
      { virtualCpu: 32, memoryMegabytes: 131_072 },
    )
  })

  test('a limit of instances', async (t) => {
    const fault = details.resourceLimits({
      requested: { virtualCpu: 2, memoryMegabytes: 4096, instanceCount: 1 },
      used: { virtualCpu: 8, memoryMegabytes: 16_384, instanceCount: 4 },
      limits: { virtualCpu: 32, memoryMegabytes: 65_536, instanceCount: 4 },
      kind: 2,
      description: 'instances',
    })
    await answeredWith(t, connectError('resource_exhausted', { message: 'no room', details: [fault] }), {
      code: 'QUOTA_EXCEEDED',
      message: /: no room; instances, .*in use 8 vCPU and 16384 MB in 4 instances, limit .* in 4 instances$/,
    })
  })

  test('an allowance that is used up, which no wait helps against', async (t) => {
    await refusedCreate(t, { usedUp: { used: 5000, limits: 4000 } }, {
      code: 'QUOTA_EXCEEDED',
      retryAfterMs: undefined,
      message: /allowance of the period is used up, used 5000 of 4000 compute unit minutes$/,
    })
  })

  test('a platform that is not allowed', async (t) => {
    await refusedCreate(t, { platforms: ['linux/arm64'] }, {
      providerCode: 'failed_precondition',
      message: /the platform is not allowed$/,
    })
  })

  test('a message for people, and the name of the request', async (t) => {
    const fault = connectError('internal', { details: [details.userMessage('out of luck', 'req-4711')] })
    await answeredWith(t, fault, { code: 'UNAVAILABLE', requestId: 'req-4711', message: /: out of luck$/ })
  })

  test('in padded base64, too', async (t) => {
    const form = { padded: true, debug: false }
    const fault = connectError('internal', { details: [details.userMessage('out of luck')], form })
    await answeredWith(t, fault, { message: /: out of luck$/ })
  })

  test('and those that cannot be decoded are passed over', async (t) => {
    for (const value of ['%', '', 5, null, 'AAAA', '////']) {
      const list = ['ResourceLimitsError', 'UserMessage', 'NewError'].map((type) => ({ type: `x.${type}`, value }))
      const body = { code: 'internal', message: 'said', details: [null, 'x', {}, { type: 5 }, ...list] }
      const error = await answeredWith(t, { kind: 'respond', status: 500, body }, { code: 'UNAVAILABLE' })
      assert.match(error.message, /: said/)
    }
  })

  test('a rate limit without details is one, with the wait that it names', async (t) => {
    const fault = connectError('resource_exhausted', { message: 'slow down', headers: { 'retry-after': '7' } })
    await answeredWith(t, fault, { code: 'RATE_LIMITED', retryAfterMs: 7000, message: /: slow down$/ })
  })
})

describe('nothing of an answer is quoted', () => {
  const withMetadata = (json, changes) => ({ ...json, metadata: { ...json.metadata, ...changes } })

  // Answers hold private keys, and the mark of this suite in several places (servers/namespace/present.mjs).
  const spoilt = {
    'an id that is an object': (json) => withMetadata(json, { instanceId: { is: canary('object') } }),
    'an id that is a number': (json) => withMetadata(json, { instanceId: 12_345_678 }),
    'no id': (json) => withMetadata(json, { instanceId: undefined }),
    'no metadata': ({ metadata, ...json }) => json,
    'all of it in an array': (json) => [json],
    'all of it in a text': (json) => JSON.stringify(JSON.stringify(json)),
    'all of it in another field': (json) => ({ data: json }),
  }
  for (const [title, map] of Object.entries(spoilt)) {
    test(`that cannot be read: ${title}`, async (t) => {
      const { provider, server, world, workspace } = await withNamespace(t)
      const { id } = world.addInstance(workspace, { environment: { SECRET: canary('environment') } })
      server.faults.add({ kind: 'replace', map })
      const error = await rejection(provider.getById(id), { code: 'PROTOCOL', retryable: false, operation: 'getById' })
      assertNoSecret(error, [...SECRETS, '12345678'])
    })
  }

  const leftOut = {
    'labels that are no list': (json) => withMetadata(json, { labels: canary('labels') }),
    'containers that are no list': (json) => ({ ...json, containers: canary('containers') }),
  }
  for (const [title, map] of Object.entries(leftOut)) {
    test(`that is left out: ${title}`, async (t) => {
      const { provider, server, world, workspace } = await withNamespace(t)
      const { id } = world.addInstance(workspace, { environment: { SECRET: canary('environment') } })
      server.faults.add({ kind: 'replace', map })
      const found = await provider.getById(id)
      assert.equal(found.instanceId, id)
      for (const secret of SECRETS) assert.ok(!JSON.stringify(found).includes(secret))
    })
  }

  test('that is cut', async (t) => {
    const { provider, server, world, workspace } = await withNamespace(t)
    const { id } = world.addInstance(workspace)
    server.faults.add({ kind: 'cut' })
    assertNoSecret(await rejection(provider.getById(id), { operation: 'getById' }), SECRETS)
  })

  test('that comes with a status of failure', async (t) => {
    for (const status of [400, 401, 403, 404, 409, 418, 429, 500, 503]) {
      const { provider, server, world, workspace } = await withNamespace(t)
      const { id } = world.addInstance(workspace)
      server.faults.add({ kind: 'replace', status, map: (json) => json })
      assertNoSecret(await rejection(provider.getById(id), { httpStatus: status }), SECRETS)
    }
  })

  test('and a result holds none of its keys', async (t) => {
    const { provider } = await withNamespace(t)
    const created = await provider.create({ daemonConfig: { accessToken: ACCESS_TOKEN }, exportPorts: [80] })
    assertNoSecret(created, SECRETS)
    assertNoSecret(await provider.getById(created.instanceId), SECRETS)
    assertNoSecret(await provider.list(), SECRETS)
  })

  test('and what a refusal repeats of the request is masked', async (t) => {
    const { provider, server, token } = await withNamespace(t)
    const secrets = [token, ACCESS_TOKEN, canary('extra')]
    const message = `refused: ${secrets.join(', ')}`
    server.faults.add(
      connectError('invalid_argument', { message, details: [details.userMessage(message, secrets.join(' '))] }),
    )
    const options = { daemonConfig: { accessToken: ACCESS_TOKEN }, envs: { EXTRA: canary('extra') } }
    const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT' })
    assert.match(error.message, /refused: \[redacted\], \[redacted\], \[redacted\]; refused: \[redacted\]/)
    assert.doesNotMatch(error.requestId, new RegExp(MARK))
  })
})

describe('a token', () => {
  const hours = (count) => Date.now() + count * 3_600_000

  /** One of this kind by its form, and what the server thinks of it by another time. */
  async function withToken(t, { kind, claimed, expiresAt = Infinity }) {
    const { server, world, workspace } = await withNamespace(t)
    const form = { kind, workspaceId: workspace.id, actorId: 'user_x', region: 'us', secret: canary('signature') }
    const token = formToken({ ...form, expiresAt: claimed })
    world.addToken({ workspace, token, expiresAt })
    return { token, provider: namespace({ token, baseUrl: server.url, maxRetries: 0 }) }
  }

  for (const kind of ['revocable', 'tenant', 'workload']) {
    test(`of the kind ${kind} is taken`, async (t) => {
      const { provider } = await withToken(t, { kind, claimed: hours(1) })
      assert.deepEqual(await provider.list(), [])
    })
  }

  for (const kind of ['tenant', 'workload']) {
    test(`that has expired explains a refusal by its own claim (${kind})`, async (t) => {
      const claimed = Date.UTC(2026, 8, 1, 10)
      const { provider, token } = await withToken(t, { kind, claimed, expiresAt: claimed })
      const error = await rejection(provider.list(), {
        code: 'UNAUTHENTICATED',
        retryable: false,
        message: /The token has expired, by its own claim \(2026-09-01T10:00:00Z\): token expired$/,
      })
      assertNoSecret(error, [token.split('.')[1]])
    })
  }

  test('that has expired by its own claim is sent, because only Namespace decides that', async (t) => {
    const { provider } = await withToken(t, { kind: 'tenant', claimed: hours(-1) })
    assert.deepEqual(await provider.list(), [])
  })

  test('that has not expired is not blamed for a refusal', async (t) => {
    for (const kind of ['tenant', 'revocable']) {
      const { provider } = await withToken(t, { kind, claimed: hours(1), expiresAt: hours(-1) })
      const error = await rejection(provider.list(), { code: 'UNAUTHENTICATED', message: /: token expired$/ })
      assert.doesNotMatch(error.message, /The token has expired/)
    }
  })

  test('that has expired is not named as the reason of a missing permission', async (t) => {
    const { server, world, workspace, makeProvider } = await withNamespace(t)
    const form = { kind: 'tenant', workspaceId: workspace.id, actorId: 'user_x', region: 'us', secret: canary('s') }
    const token = formToken({ ...form, expiresAt: hours(-1) })
    world.addToken({ workspace, token, actions: ['get'] })
    const error = await rejection(makeProvider({ token }).list(), { code: 'PERMISSION_DENIED' })
    assert.doesNotMatch(error.message, /expired/)
    assert.equal(server.requests.length, 1)
  })

  test('that no claims can be read of is taken as it is', async (t) => {
    for (const token of ['nsct_a.b.c', 'nsct_', 'a.e30.c', `${canary('x')}.${canary('y')}.${canary('z')}`]) {
      const { makeProvider, world, workspace } = await withNamespace(t)
      await rejection(makeProvider({ token }).list(), { code: 'UNAUTHENTICATED', message: /: unknown token$/ })
      world.addToken({ workspace, token })
      assert.deepEqual(await makeProvider({ token }).list(), [])
    }
  })
})
