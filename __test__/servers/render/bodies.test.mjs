import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { loadOpenApi } from './openapi.mjs'
import { setUp } from './client.mjs'

const openApi = await loadOpenApi()

describe('bodies that are not as they should be', () => {
  const RUNTIMES = 'valid runtimes are: [docker, elixir, go, node, python, ruby, rust, image]'
  const without = (field) => (body) => delete body[field]
  /** What is done to a good body; the message; whether the schema of Render's document lets it pass. */
  const CASES = {
    'no ownerId': [without('ownerId'), 'ownerID is a required field', false],
    'an empty ownerId': [(body) => (body.ownerId = ''), 'ownerID is a required field', true],
    'no type': [without('type'), 'invalid service type: ', undefined],
    'an unknown type': [(body) => (body.type = 'sandbox'), 'invalid service type: sandbox', undefined],
    'no name': [without('name'), 'name is a required field', false],
    'no serviceDetails': [
      without('serviceDetails'),
      'must include serviceDetails when creating a non-static service',
      true,
    ],
    'no runtime': [(body) => (body.serviceDetails = {}), `invalid runtime: . ${RUNTIMES}`, false],
    'the runtime in the wrong place': [
      (body) => Object.assign(body, { runtime: 'image', serviceDetails: { plan: 'free' } }),
      `invalid runtime: . ${RUNTIMES}`,
      false,
    ],
    'an unknown runtime': [(body) => (body.serviceDetails.runtime = 'php'), `invalid runtime: php. ${RUNTIMES}`, false],
    'no image': [without('image'), 'image is a required field', true],
    'an image without ownerId': [(body) => delete body.image.ownerId, 'invalid JSON', false],
    "another workspace's image": [(body) => (body.image.ownerId = 'tea-x'), 'invalid JSON', true],
    'a number for a variable': [(body) => (body.envVars[0].value = 1), 'invalid JSON', false],
    'a variable without value': [(body) => delete body.envVars[0].value, 'missing environment variable value', false],
    'a variable with both': [(body) => (body.envVars[0].generateValue = true), 'invalid JSON', false],
    'a variable twice': [(body) => body.envVars.push(body.envVars[0]), 'invalid JSON', true],
    'variables as an object': [(body) => (body.envVars = { A: '1' }), 'invalid JSON', false],
    'variables in the wrong place': [(body) => (body.serviceDetails.envVars = []), 'invalid JSON', true],
    'null for variables': [(body) => (body.envVars = null), 'invalid JSON', false],
    'an unknown field': [(body) => (body.startCommand = 'x'), 'invalid JSON', true],
    'the plan in the wrong place': [(body) => (body.plan = 'free'), 'invalid JSON', true],
    'no whole number of instances': [(body) => (body.serviceDetails.numInstances = 1.5), 'invalid JSON', false],
    'no instances': [(body) => (body.serviceDetails.numInstances = 0), 'invalid JSON', false],
    'a plan that is no string': [(body) => (body.serviceDetails.plan = 2), 'invalid JSON', false],
    'a health check of a worker': [
      (body) => Object.assign(body, { type: 'background_worker' }).serviceDetails.healthCheckPath = '/',
      'invalid JSON',
      true,
    ],
    'a command in the wrong place': [(body) => (body.serviceDetails.dockerCommand = 'x'), 'invalid JSON', true],
    'a command that is no string': [
      (body) => (body.serviceDetails.envSpecificDetails = { dockerCommand: ['x'] }),
      'invalid JSON',
      false,
    ],
    'another runtime than an image': [(body) => (body.serviceDetails.runtime = 'node'), 'invalid JSON', true],
  }

  for (const [what, [spoil, message, passes]] of Object.entries(CASES)) {
    test(`${what}: refused and recorded`, async () => {
      const { server, world, ownerId, refusal, bodyFor } = await setUp({}, true)
      const body = bodyFor()
      spoil(body)
      assert.deepEqual(await refusal('POST', '/services', { body }), [400, message])
      assert.deepEqual(world.allServices(ownerId), [])
      const [{ kind, method, path }] = server.violations
      assert.deepEqual([server.violations.length, kind, method, path], [1, 'body', 'POST', '/v1/services'])
      // The document's own answer, if it is present, shows how much stricter this server is.
      if (openApi && passes !== undefined) assert.equal(openApi.checkCreate(body).length === 0, passes)
    })
  }

  test('no JSON, JSON of the wrong kind, another content type', async () => {
    const { server, refusal, send, bodyFor } = await setUp({}, true)
    for (const body of ['{', '[]', '"x"', 'null']) {
      assert.deepEqual(await refusal('POST', '/services', { body }), [400, 'invalid JSON'])
    }
    const headers = { 'content-type': 'text/plain' }
    assert.equal((await send('POST', '/services', { body: bodyFor(), headers })).status, 400)
    assert.deepEqual(new Set(server.violations.map(({ kind }) => kind)), new Set(['body']))
    assert.equal(server.violations.length, 5)
  })

  test('what is deprecated is accepted and recorded', async () => {
    const { server, post } = await setUp({}, true)
    assert.equal((await post({}, { env: 'image', pullRequestPreviewsEnabled: 'no' })).status, 201)
    assert.deepEqual(server.violations.map(({ kind, message }) => `${kind}: ${message}`), [
      'deprecated: serviceDetails.env is deprecated',
      'deprecated: serviceDetails.pullRequestPreviewsEnabled is deprecated',
    ])
  })

  test('an empty owner of an image is tolerated, as recorded', async () => {
    const { create } = await setUp()
    await create({ image: { ownerId: '', imagePath: 'nginx' } })
  })
})

describe("Render's own document", () => {
  const skip = openApi ? false : "Render's OpenAPI document is not next to this checkout"

  test('agrees with the bodies that we accept, of each type', { skip }, async () => {
    const { server, create, bodyFor } = await setUp()
    assert.equal(server.fullSchema, true)
    for (const type of ['web_service', 'private_service', 'background_worker']) {
      assert.deepEqual(openApi.checkCreate(bodyFor({ type })), [])
      await create({ type, name: type }, { plan: '2c-4g', envSpecificDetails: { dockerCommand: 'x' } })
    }
  })

  test('agrees with our answers, of each type', { skip }, async () => {
    const { world, ownerId, get, create } = await setUp()
    const types = ['web_service', 'private_service', 'background_worker', 'cron_job', 'static_site']
    for (const type of types) world.addService(ownerId, { type })
    world.addService(ownerId, { parent: world.addService(ownerId, { name: 'base' }), suspendedBy: ['billing'] })
    const { id } = await create()
    const listed = await get(`/services?ownerId=${ownerId}`)
    assert.equal(listed.length, types.length + 3)
    for (const entry of listed) {
      assert.deepEqual(openApi.checkService(entry.service), [], entry.service.type)
      assert.deepEqual(Object.keys(entry), ['service', 'cursor'])
    }
    for (const { service } of listed) {
      const [{ deploy }] = await get(`/services/${service.id}/deploys`)
      // Against the document, recorded deploys hold nulls.
      const known = Object.fromEntries(Object.entries(deploy).filter(([, value]) => value !== null))
      assert.deepEqual(openApi.check('deploy', known), [])
    }
    const [variable] = await get(`/services/${id}/env-vars`)
    assert.deepEqual(openApi.check('envVarWithCursor', variable), [])
    for (const { owner } of await get('/owners')) assert.deepEqual(openApi.check('owner', owner), [])
  })

  test('refuses what it must refuse', { skip }, async () => {
    const { bodyFor } = await setUp()
    assert.notDeepEqual(openApi.checkCreate(bodyFor({ envVars: [{ key: 'A', value: 1 }] })), [])
    assert.notDeepEqual(openApi.checkService({ type: 'web_service', id: 'srv-1' }), [])
    assert.throws(() => openApi.check('nonsense', {}), /no schema nonsense/)
  })
})
