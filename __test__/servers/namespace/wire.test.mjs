// How the Namespace server is spoken to, by plain HTTP and by the Connect library's own client.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { readAllBytes, universalClientResponseFromFetch } from '@connectrpc/connect/protocol'
import { createTransport } from '@connectrpc/connect/protocol-connect'

import { loadFullSchema } from './full-schema.mjs'
import { details } from './index.mjs'
import { generatedFrom, message, methods, registry, service, SERVICE_PATH } from './schema.mjs'
import { digests } from './schema/generate.mjs'
import { checkRequest, repeatedKey } from './strict.mjs'
import { ABSENT, BODY, detailOf, setUp, START } from './test-client.mjs'

const MEBIBYTE = 1024 * 1024

/** Node's own fetch for the Connect library, which would stream a body that fits into one packet. */
async function fetchBytes({ url, header, body, signal }) {
  const bytes = await readAllBytes(body, MEBIBYTE)
  return universalClientResponseFromFetch(await fetch(url, { method: 'POST', headers: header, body: bytes, signal }))
}

/** Of two messages whose names show in no JSON, nor on the wire. */
const theirName = (name) =>
  name
    .replace('InstanceMetadata.HardwareDeployment', 'InstanceMetadata.HWDeployment')
    .replace('Metadata.KubernetesMetadata', 'Metadata.KubernetesInstanceMetadata')

/** All that two schemas have to agree on of one field. */
function formOf(field, rename = (name) => name) {
  const { number, jsonName, fieldKind, scalar, listKind, mapKey } = field
  const types = [field.message, field.enum].map((type) => type && rename(type.typeName))
  return { number, jsonName, fieldKind, scalar, listKind, mapKey, types }
}

describe('access', () => {
  test('needs a known token that has not expired', async () => {
    let clock = START
    const { call, refused, world, workspace, takeViolations } = await setUp({ now: () => clock })
    await refused('ListInstances', {}, 401, 'unauthenticated', { by: 'unknown' })
    assert.deepEqual(takeViolations(), [], 'an unknown token is no offence')
    await refused('ListInstances', {}, 401, 'unauthenticated', { by: null })
    assert.deepEqual(takeViolations().map(({ message: text }) => text), ['no Authorization'])
    const short = world.addToken({ workspace, kind: 'tenant', expiresAt: START + 1000 })
    assert.match(short, /^nsct_/)
    const { exp, tenant_id: tenant } = JSON.parse(Buffer.from(short.split('.')[1], 'base64url'))
    assert.deepEqual([exp, tenant], [START / 1000 + 1, workspace.id])
    assert.equal((await call('ListInstances', {}, { by: short })).status, 200)
    clock += 1000
    await refused('ListInstances', {}, 401, 'unauthenticated', { by: short })
  })

  test('is refused by the grant before the instance is looked up', async () => {
    const { refused, world, workspace } = await setUp()
    const methods = {
      create: ['CreateInstance', BODY],
      get: ['DescribeInstance', { instanceId: ABSENT }],
      list: ['ListInstances', {}],
      destroy: ['DestroyInstance', { instanceId: ABSENT }],
      wait: ['WaitInstanceSync', { instanceId: ABSENT }],
    }
    for (const [action, [method, body]] of Object.entries(methods)) {
      const actions = Object.keys(methods).filter((other) => other !== action)
      const by = world.addToken({ workspace, actions })
      const error = await refused(method, body, 403, 'permission_denied', { by })
      assert.equal(detailOf(error)[0], 'namespace.cloud.iam.v1beta.PermissionDeniedError')
    }
    assert.deepEqual(world.allInstances(workspace), [])
  })

  test('makes tokens of the forms of Namespace, or of a given form', async () => {
    const { world, workspace, call } = await setUp()
    assert.match(world.addToken({ workspace }), /^nsrt_[a-z0-9]{40}$/)
    assert.match(world.addToken({ workspace, kind: 'workload', secret: 'x' }), /^nscw_.*\.x$/)
    const by = world.addToken({ workspace, token: 'as-told' })
    assert.equal((await call('ListInstances', {}, { by })).status, 200)
  })
})

describe('limits', () => {
  test('of resources come with a detail', async () => {
    const { create, refused, workspace } = await setUp()
    workspace.limits = { virtualCpu: 4, memoryMegabytes: 65_536 }
    await create()
    await create()
    const error = await refused('CreateInstance', BODY, 429, 'resource_exhausted')
    const [type, value] = detailOf(error)
    assert.equal(type, 'namespace.cloud.compute.v1beta.ResourceLimitsError')
    const expected = details.resourceLimits({
      requested: { virtualCpu: 2, memoryMegabytes: 4096, instanceCount: 1 },
      used: { virtualCpu: 4, memoryMegabytes: 8192, instanceCount: 2 },
      limits: workspace.limits,
      kind: 1,
      description: 'virtualCpu',
    })
    assert.equal(value, Buffer.from(expected.value).toString('base64'))
    workspace.limits = { instanceCount: 2 }
    const other = await refused('CreateInstance', BODY, 429, 'resource_exhausted')
    assert.equal(other.details[0].debug.kind, 'INSTANCE_COUNT_LIMIT')
  })

  test('of usage and of platforms too, but not for a create whose tag is in use', async () => {
    const { createId, create, refused, workspace } = await setUp()
    const tagged = { experimental: { uniqueTag: 'a' } }
    const id = await createId(tagged)
    workspace.usedUp = { used: 10, limits: 10 }
    const error = await refused('CreateInstance', BODY, 429, 'resource_exhausted')
    assert.equal(detailOf(error)[0], 'namespace.cloud.compute.v1beta.UsageLimitsError')
    assert.equal((await create(tagged)).metadata.instanceId, id)
    workspace.platforms = ['linux/arm64']
    const other = await refused('CreateInstance', BODY, 400, 'failed_precondition')
    assert.deepEqual(other.details[0].debug, { requestedPlatform: 'linux/amd64', allowedPlatforms: ['linux/arm64'] })
  })

  test('are encoded as Namespace encodes them', () => {
    const limits = details.resourceLimits({
      requested: { virtualCpu: 64, memoryMegabytes: 131_072 },
      used: { virtualCpu: 32 },
      limits: { virtualCpu: 32, memoryMegabytes: 65_536 },
      kind: 1,
      description: 'cpu',
    })
    const encoded = ({ value }) => Buffer.from(value).toString('base64')
    assert.equal(encoded(limits), 'CgYIQBCAgAgSAgggGgYIIBCAgAQgASoDY3B1')
    assert.equal(encoded(details.environmentDestroyed('ui3e3e3g7cfrg')), 'Cg11aTNlM2UzZzdjZnJn')
  })
})

describe('the wire', () => {
  const take = (violations) => violations().map(({ kind }) => kind)

  test('refuses and records what the real server would let pass in silence', async () => {
    const { call, takeViolations, world, workspace } = await setUp()
    const bad = [
      { ...BODY, clusterId: 'x' },
      { ...BODY, region: 'us' },
      { ...BODY, uniqueTag: 'x' },
      { ...BODY, containers: [{ ...BODY.containers[0], network: 'HOST' }] },
      { ...BODY, containers: [{ ...BODY.containers[0], environment: { A: 1 } }] },
      { ...BODY, containers: [{ ...BODY.containers[0], environment: { A: null } }] },
      { ...BODY, containers: [{ ...BODY.containers[0], environment: [] }] },
      { ...BODY, containers: [null] },
      { ...BODY, labels: { a: 'b' } },
      { ...BODY, shape: { ...BODY.shape, virtualCpu: 0.5 } },
      { ...BODY, shape: { ...BODY.shape, virtual_cpu: 2 } },
      { ...BODY, deadline: 'tomorrow' },
      [],
      '"x"',
      '{"documentedPurpose":"a","documentedPurpose":"b"}',
      '{"documentedPurpose":',
      '',
    ]
    for (const body of bad) {
      const { status, json } = await call('CreateInstance', body)
      assert.deepEqual([status, json.code], [400, 'invalid_argument'], JSON.stringify(body))
      assert.deepEqual(take(takeViolations), ['body'], JSON.stringify(body))
    }
    assert.deepEqual(world.allInstances(workspace), [])
  })

  test('finds a key that comes twice, and only such', () => {
    assert.equal(repeatedKey('{"a":{"b":1},"c":[{"b":2},{"b":3}],"b":4}'), undefined)
    assert.equal(repeatedKey('{"a":"\\"a\\": {","b":"a"}'), undefined)
    assert.equal(repeatedKey('[{"a":1,"x":{"y":{},"\\u0061":2},"\\u0061":2}]'), 'a')
  })

  test('refuses and records headers, methods, types, queries and routes that are not agreed', async () => {
    const { call, send, takeViolations, token } = await setUp()
    const path = `${SERVICE_PATH}ListInstances`
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'connect-protocol-version': '1',
    }
    const cases = [
      [{ path, body: '{}', headers: { ...headers, 'connect-protocol-version': '' } }, 400, 'header'],
      [{ path, body: '{}', headers: { ...headers, 'connect-timeout-ms': '0' } }, 400, 'header'],
      [{ path, body: '{}', headers: { ...headers, 'content-encoding': 'gzip' } }, 400, 'header'],
      [{ path, body: '{}', headers: { ...headers, 'content-type': 'application/proto' } }, 415, 'content-type'],
      [{ path: `${path}?x=1`, body: '{}', headers }, 400, 'query'],
      [{ path, method: 'GET', headers }, 405, 'method'],
      [{ path: `${SERVICE_PATH}WatchInstance`, body: '{}', headers }, 404, 'route'],
      [{ path: '/v1/instances', body: '{}', headers }, 404, 'route'],
    ]
    for (const [request, status, kind] of cases) {
      assert.equal((await send(request)).status, status, kind)
      assert.deepEqual(take(takeViolations), [kind])
    }
    const lenient = { 'content-type': 'application/json; charset=utf-8', 'connect-timeout-ms': '5000' }
    assert.equal((await call('ListInstances', {}, { headers: lenient })).status, 200)
  })

  test('answers a bare page at an address without the Compute API', async () => {
    const { call, server } = await setUp()
    const bare = async (options) => {
      const { status, text, headers } = await call('ListInstances', {}, options)
      assert.deepEqual([status, text], [404, '404 page not found\n'])
      assert.match(headers['content-type'], /^text\/plain/)
    }
    await bare({ region: 'global' })
    server.settings.wrongHost = true
    await bare()
    assert.equal(server.endpoint(), server.url)
    assert.equal(server.endpoint('eu'), `${server.url}/eu`)
  })

  test('writes errors in all the forms that clients have to understand', async () => {
    const { call, server } = await setUp()
    const body = { instanceId: ABSENT }
    const error = async (errorForm) => {
      server.settings.errorForm = errorForm
      return (await call('DescribeInstance', body)).json
    }
    const plain = await error(undefined)
    assert.deepEqual(Object.keys(plain), ['code', 'message', 'details'])
    assert.deepEqual(plain.details[0].debug, { environmentId: ABSENT })
    assert.deepEqual(await error({}), plain, 'as the library does')
    assert.equal((await error({ code: 'number' })).code, 5)
    assert.equal((await error({ code: 'upper' })).code, 'NOT_FOUND')
    assert.deepEqual(await error({ message: false, details: false }), { code: 'not_found' })
    const padded = await error({ padded: true, debug: false })
    assert.deepEqual(Object.keys(padded.details[0]), ['type', 'value'])
    assert.equal(padded.details[0].value.length % 4, 0)
    assert.equal(padded.details[0].value.replace(/=+$/, ''), plain.details[0].value)
  })

  test("is understood by the Connect library's own client", async () => {
    const { server, token, createId } = await setUp()
    const sizes = { compressMinBytes: 1024, readMaxBytes: MEBIBYTE, writeMaxBytes: MEBIBYTE }
    const transport = createTransport({
      baseUrl: server.url,
      httpClient: fetchBytes,
      useBinaryFormat: false,
      interceptors: [
        (next) => (request) => {
          request.header.set('authorization', `Bearer ${token}`)
          return next(request)
        },
      ],
      acceptCompression: [],
      sendCompression: null,
      ...sizes,
    })
    const client = createClient(service, transport)
    const instanceId = await createId()
    const { metadata } = await client.waitInstanceSync({ instanceId })
    assert.equal(metadata.instanceId, instanceId)
    const labelFilter = [{ name: 'computesdk.name', value: 'box-1', op: 1 }]
    const { instances } = await client.listInstances({ labelFilter })
    assert.equal(instances.length, 1)
    await client.destroyInstance({ instanceId, reason: 'done' })
    await client.describeInstance({ instanceId })
    const error = await client.destroyInstance({ instanceId }).catch((caught) => caught)
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, Code.FailedPrecondition)
    const [{ environmentId }] = error.findDetails(message('nsl.clusters.v1.EnvironmentDestroyed'))
    assert.equal(environmentId, instanceId)
    await assert.rejects(client.describeInstance({ instanceId: ABSENT }), { code: Code.NotFound })
  })
})

describe('the schema', () => {
  test('was generated from the files as they are', () => {
    assert.deepEqual(generatedFrom, digests())
  })

  test("agrees with Namespace's own in every field that it has", async (t) => {
    const full = await loadFullSchema()
    if (!full) {
      t.skip("Namespace's schema is not at hand: nothing was checked against it")
      return
    }
    const ours = [...registry].filter(({ kind, typeName }) => kind === 'message' && typeName.startsWith('namespace.'))
    const fields = ours.flatMap((description) => description.fields)
    assert.ok(fields.length > 80, String(fields.length))
    for (const field of fields) {
      const theirs = full.getMessage(theirName(field.parent.typeName))?.fields.find(({ name }) => name === field.name)
      assert.ok(theirs, `${field} is none of theirs`)
      assert.deepEqual(formOf(field, theirName), formOf(theirs), `${field}`)
      for (const { name, number } of field.enum?.values ?? []) {
        assert.equal(theirs.enum.values.find((value) => value.name === name)?.number, number, `${field} ${name}`)
      }
    }
    for (const { name, input, output } of service.methods) {
      const theirs = full.getService(service.typeName).methods.find((method) => method.name === name)
      assert.deepEqual([input.typeName, output.typeName], [theirs.input.typeName, theirs.output.typeName])
    }
  })

  test("is compared with Namespace's own, if that is present", async (t) => {
    const { server } = await setUp()
    const isAtHand = (await loadFullSchema()) !== undefined
    assert.equal(server.fullSchema, isAtHand)
    if (!isAtHand) t.skip("Namespace's schema is not at hand: requests are checked against ours only")
  })

  test("passes no body that Namespace's own would not", () => {
    const json = { instanceId: ABSENT }
    const headers = { 'content-type': 'application/json', 'connect-protocol-version': '1' }
    const request = { url: '/', method: 'POST', headers, body: JSON.stringify(json), json }
    const describeInstance = methods.get('DescribeInstance')
    const schemaOf = (name) => ({ getMessage: () => message(name) })
    checkRequest(request, describeInstance)
    checkRequest(request, describeInstance, schemaOf('DescribeInstanceRequest'))
    assert.throws(() => checkRequest(request, describeInstance, schemaOf('ListInstancesRequest')), {
      kind: 'body',
      violation: /^by Namespace's schema: .*"instanceId" is unknown/,
    })
  })
})
