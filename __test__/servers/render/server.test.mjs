import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { normaliseImage } from './image.mjs'
import { renderError, tooManyRequests, UNLIMITED } from './index.mjs'
import { ABSENT, setUp } from './client.mjs'

const PAYMENT =
  'Payment information is required to complete this request. ' +
  'To add a card, visit https://dashboard.render.com/billing'

describe('creating', () => {
  test('answers 201 with the service and the id of its first deploy', async () => {
    const { create, ownerId, world } = await setUp()
    const { service, deployId, ...rest } = await create()
    assert.deepEqual(Object.keys(rest), ['id'])
    assert.match(deployId, /^dep-[a-z0-9]{20}$/)
    const { id, createdAt, updatedAt, ...described } = service
    assert.match(id, /^srv-[a-z0-9]{20}$/)
    for (const time of [createdAt, updatedAt]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    assert.deepEqual(described, {
      autoDeploy: 'no',
      autoDeployTrigger: 'off',
      dashboardUrl: `https://dashboard.render.com/web/${id}`,
      imagePath: 'docker.io/library/nginx:latest',
      name: 'box',
      notifyOnFail: 'default',
      ownerId,
      rootDir: '',
      slug: 'box',
      suspended: 'not_suspended',
      suspenders: [],
      type: 'web_service',
      serviceDetails: {
        buildPlan: 'starter',
        env: 'image',
        envSpecificDetails: { dockerCommand: '', dockerContext: '', dockerfilePath: '' },
        healthCheckPath: '',
        maintenanceMode: { enabled: false, uri: '' },
        numInstances: 1,
        openPorts: [{ port: 10_000, protocol: 'TCP' }],
        plan: 'starter',
        previews: { generation: 'off' },
        pullRequestPreviewsEnabled: 'no',
        region: 'oregon',
        runtime: 'image',
        sshAddress: `${id}@ssh.oregon.render.com`,
        url: 'https://box.onrender.com',
      },
    })
    assert.deepEqual(world.variablesOf(id), { A: '1' })
    assert.deepEqual(world.runningServices(ownerId).map((one) => one.id), [id])
  })

  test('takes all that the package may send, and shows it again', async () => {
    const { world, ownerId, create, get } = await setUp()
    const environment = world.createEnvironment(ownerId)
    const credential = world.addRegistryCredential(ownerId, { name: 'ours' })
    const image = { ownerId, imagePath: 'ghcr.io/acme/box:2', registryCredentialId: credential.id }
    const details = {
      plan: '0.5c-512mb',
      region: 'frankfurt',
      numInstances: 3,
      healthCheckPath: '/healthz',
      envSpecificDetails: { dockerCommand: 'serve --all' },
    }
    const { id } = await create({ image, environmentId: environment.id }, details)
    const service = await get(`/services/${id}`)
    const { plan, region, numInstances, healthCheckPath, envSpecificDetails } = service.serviceDetails
    assert.deepEqual({ plan, region, numInstances, healthCheckPath }, {
      plan: '0.5c-512mb',
      region: 'frankfurt',
      numInstances: 3,
      healthCheckPath: '/healthz',
    })
    assert.equal(envSpecificDetails.dockerCommand, 'serve --all')
    assert.equal(service.imagePath, 'ghcr.io/acme/box:2')
    assert.equal(service.environmentId, environment.id)
    assert.deepEqual(service.registryCredential, { id: credential.id, name: 'ours' })
  })

  test('tells an address by type, and gives workers a slug with four characters more', async () => {
    const { create } = await setUp()
    const own = (await create({ name: 'inside', type: 'private_service' })).service
    assert.deepEqual([own.slug, own.serviceDetails.url], ['inside', 'inside:10000'])
    const worker = (await create({ name: 'behind', type: 'background_worker' })).service
    assert.match(worker.slug, /^behind-[a-z0-9]{4}$/)
    for (const field of ['url', 'openPorts', 'healthCheckPath']) assert.ok(!(field in worker.serviceDetails), field)
  })

  test('gives a suffix to a slug that another workspace has, or to all as an option', async () => {
    const { world, create, otherOwnerId } = await setUp()
    world.addService(otherOwnerId, { name: 'popular' })
    const { service } = await create({ name: 'popular' })
    assert.match(service.serviceDetails.url, /^https:\/\/popular-[a-z0-9]{4}\.onrender\.com$/)
    const other = await setUp({ slugSuffix: true })
    assert.match((await other.create({ name: 'Some name' })).service.slug, /^some-name-[a-z0-9]{4}$/)
  })

  test('writes images out', () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const pairs = [
      ['nginx', 'docker.io/library/nginx:latest'],
      ['acme/box:1', 'docker.io/acme/box:1'],
      ['docker.io/nginx', 'docker.io/library/nginx:latest'],
      ['ghcr.io/acme/box', 'ghcr.io/acme/box:latest'],
      ['registry:5000/box', 'registry:5000/box:latest'],
      [`nginx@${digest}`, `docker.io/library/nginx@${digest}`],
    ]
    for (const [given, shown] of pairs) assert.equal(normaliseImage(given), shown)
  })

  test('refuses a name of the same workspace with 400, or 409 as an option, until it is deleted', async () => {
    const { server, create, post, send, otherOwnerId, bodyFor, ownerId } = await setUp()
    const { id } = await create()
    for (const status of [400, 409]) {
      server.settings.nameTakenStatus = status
      const clash = await post({ type: 'background_worker' })
      assert.equal(clash.status, status)
      assert.deepEqual(clash.json, { message: 'name: box already in use' })
    }
    const elsewhere = bodyFor({ ownerId: otherOwnerId, image: { ownerId: otherOwnerId, imagePath: 'nginx' } })
    assert.equal((await send('POST', '/services', { body: elsewhere })).status, 201)
    await send('DELETE', `/services/${id}`)
    const again = await create()
    server.settings.uniqueNames = false
    const double = await create()
    assert.deepEqual(server.world.liveServices(ownerId).map((one) => one.id), [again.id, double.id])
    await send('DELETE', `/services/${again.id}`)
    server.settings.uniqueNames = true
    assert.equal((await post()).status, 409)
  })

  test('asks for a card: of paid plans, or of all, and creates nothing', async () => {
    const { server, ownerId, world, post } = await setUp({ paymentRequired: true })
    for (const details of [{}, { plan: 'standard' }]) {
      const { status, json } = await post({}, details)
      assert.deepEqual([status, json], [402, { message: PAYMENT }])
    }
    assert.deepEqual(world.allServices(ownerId), [])
    assert.equal((await post({}, { plan: 'free' })).status, 201)
    server.settings.paymentRequired = 'even free'
    assert.equal((await post({ name: 'other' }, { plan: 'free' })).status, 402)
  })

  test('refuses what the key does not reach', async () => {
    const { server, world, ownerId, post, refusal, bodyFor } = await setUp()
    const foreign = world.createOwner()
    const image = { ownerId: foreign.id, imagePath: 'nginx' }
    const body = bodyFor({ ownerId: foreign.id, image })
    assert.deepEqual(await refusal('POST', '/services', { body }), [404, `not found: ${foreign.id}`])
    server.settings.foreignOwnerStatus = 403
    assert.equal((await refusal('POST', '/services', { body }))[0], 403)
    const environment = world.createEnvironment(foreign)
    assert.equal((await post({ environmentId: environment.id })).status, 404)
    const registryCredentialId = world.addRegistryCredential(foreign).id
    assert.equal((await post({ image: { ownerId, imagePath: 'nginx', registryCredentialId } })).status, 404)
    assert.deepEqual(world.allServices(foreign), [])
    assert.deepEqual(world.allServices(ownerId), [])
  })

  test('refuses values that a caller may have chosen without blaming the client', async () => {
    const { server, post } = await setUp()
    assert.equal((await post({}, { region: 'mars' })).status, 400)
    assert.equal((await post({ type: 'background_worker' }, { plan: 'free' })).status, 400)
    assert.deepEqual(server.violations, [])
    const { json } = await post({}, { plan: 'a_plan_of_tomorrow' })
    assert.equal(json.service.serviceDetails.plan, 'a_plan_of_tomorrow')
  })

  test('makes the values that it is asked to make', async () => {
    const { create, get } = await setUp()
    const { id } = await create({ envVars: [{ key: 'SECRET', generateValue: true }] })
    const { value } = await get(`/services/${id}/env-vars/SECRET`)
    assert.equal(Buffer.from(value, 'base64').length, 32)
  })
})

describe('one service', () => {
  test('is shown bare, deleted with 204 and nothing, and then not there', async () => {
    const { world, create, send, get, refusal } = await setUp()
    const { id, service } = await create()
    assert.deepEqual(await get(`/services/${id}`), service)
    const deletion = await send('DELETE', `/services/${id}`)
    assert.equal(deletion.status, 204)
    assert.equal(deletion.text, '')
    assert.equal(deletion.headers.get('content-type'), null)
    assert.ok(world.services.get(id).deletedAt)
    for (const method of ['GET', 'DELETE']) {
      assert.deepEqual(await refusal(method, `/services/${id}`), [404, `not found: ${id}`])
    }
    assert.deepEqual(await refusal('GET', `/services/${id}/deploys`), [404, `not found: ${id}`])
    assert.deepEqual(await refusal('GET', `/services/${ABSENT}`), [404, `not found: ${ABSENT}`])
  })

  test('a deleted one answers 410 as an option; one that never was stays 404', async () => {
    const { create, send, refusal } = await setUp({ goneStatus: 410 })
    const { id } = await create()
    await send('DELETE', `/services/${id}`)
    for (const path of ['', '/deploys', '/env-vars']) {
      assert.equal((await refusal('GET', `/services/${id}${path}`))[0], 410)
    }
    assert.equal((await refusal('DELETE', `/services/${id}`))[0], 410)
    assert.equal((await refusal('GET', `/services/${ABSENT}`))[0], 404)
  })

  test("another workspace's service is not found, or forbidden as an option, and can't be deleted", async () => {
    const { server, world, refusal } = await setUp()
    const foreign = world.createOwner()
    const { id } = world.addService(foreign)
    for (const [status, message] of [[404, `not found: ${id}`], [403, 'Forbidden']]) {
      server.settings.foreignServiceStatus = status
      assert.deepEqual(await refusal('GET', `/services/${id}`), [status, message])
      assert.deepEqual(await refusal('DELETE', `/services/${id}`), [status, message])
    }
    assert.equal(world.liveServices(foreign).length, 1)
  })

  test('one of another workspace of the same key is reached, and can be deleted', async () => {
    const { world, otherOwnerId, get, send } = await setUp()
    const [{ id }] = world.liveServices(otherOwnerId)
    assert.equal((await get(`/services/${id}`)).ownerId, otherOwnerId)
    assert.equal((await send('DELETE', `/services/${id}`)).status, 204)
    assert.deepEqual(world.liveServices(otherOwnerId), [])
  })

  test('suspending and resuming answer 202 with nothing, and resuming deploys again', async () => {
    const { world, ownerId, create, send, get } = await setUp()
    const { id } = await create()
    for (const [action, state, suspenders] of [['suspend', 'suspended', ['user']], ['resume', 'not_suspended', []]]) {
      const { status, text } = await send('POST', `/services/${id}/${action}`)
      assert.deepEqual([status, text], [202, ''])
      const service = await get(`/services/${id}`)
      assert.deepEqual([service.suspended, service.suspenders], [state, suspenders])
      assert.equal(world.runningServices(ownerId).length, state === 'suspended' ? 0 : 1)
    }
    const triggers = (await get(`/services/${id}/deploys`)).map(({ deploy }) => deploy.trigger)
    assert.deepEqual(triggers, ['api', 'service_resumed'])
  })

  test('a user does not resume what others have suspended', async () => {
    const { world, ownerId, send, get } = await setUp()
    const { id } = world.addService(ownerId, { suspendedBy: ['user', 'billing'] })
    await send('POST', `/services/${id}/resume`)
    const { suspended, suspenders } = await get(`/services/${id}`)
    assert.deepEqual([suspended, suspenders], ['suspended', ['billing']])
  })

  test('plans have the spelling that is wanted', async () => {
    const { create } = await setUp({ defaultPlan: 'pro', showPlan: (plan) => plan.toUpperCase() })
    assert.equal((await create()).service.serviceDetails.plan, 'PRO')
    assert.equal((await create({ name: 'other' }, { plan: '1c-2g' })).service.serviceDetails.plan, '1C-2G')
  })
})

describe('variables', () => {
  test('are shown in clear, one or all of them', async () => {
    const { create, get, refusal } = await setUp()
    const { id, service } = await create({ envVars: [{ key: 'A', value: '' }, { key: 'B/C', value: 'x y' }] })
    assert.ok(!JSON.stringify(service).includes('x y'))
    assert.deepEqual(await get(`/services/${id}/env-vars/A`), { key: 'A', value: '' })
    assert.deepEqual(await get(`/services/${id}/env-vars/B%2FC`), { key: 'B/C', value: 'x y' })
    assert.deepEqual(await refusal('GET', `/services/${id}/env-vars/NONE`), [404, 'not found: NONE'])
    const all = (await get(`/services/${id}/env-vars`)).map(({ envVar }) => envVar)
    assert.deepEqual(all, [{ key: 'A', value: '' }, { key: 'B/C', value: 'x y' }])
  })

  test('come in pages', async () => {
    const { create, get } = await setUp()
    const envVars = Array.from({ length: 25 }, (_, index) => ({ key: `K${index}`, value: 'x' }))
    const { id } = await create({ envVars })
    const first = await get(`/services/${id}/env-vars`)
    const second = await get(`/services/${id}/env-vars?cursor=${encodeURIComponent(first.at(-1).cursor)}`)
    assert.deepEqual([...first, ...second].map(({ envVar }) => envVar), envVars)
    assert.equal(first.length, 20)
  })

  test('may come later than their service', async () => {
    const { world, create, get, refusal } = await setUp()
    world.lag.envVarReads = 2
    const { id } = await create()
    assert.deepEqual(await get(`/services/${id}/env-vars`), [])
    assert.equal((await refusal('GET', `/services/${id}/env-vars/A`))[0], 404)
    assert.deepEqual(await get(`/services/${id}/env-vars/A`), { key: 'A', value: '1' })
  })
})

describe('keys', () => {
  test('missing, of another form, unknown', async () => {
    const { server, refusal } = await setUp({}, true)
    const ask = (key, headers) => refusal('GET', '/services', { key, headers })
    assert.deepEqual(await ask('rnd_unknown'), [401, 'Unauthorized'])
    assert.deepEqual(server.violations, [])
    assert.equal((await ask(undefined))[0], 200)
    assert.equal((await ask(''))[0], 401)
    assert.equal((await ask('', { authorization: 'Basic eDp5' }))[0], 401)
    assert.equal((await ask('', { authorization: 'Bearer ' }))[0], 401)
    assert.deepEqual(server.violations.map(({ kind }) => kind), ['authorization', 'authorization', 'authorization'])
  })

  test('a key reaches the workspaces of its user, and lists them', async () => {
    const { world, ownerId, otherOwnerId, get } = await setUp()
    const owners = (await get('/owners')).map(({ owner }) => owner)
    assert.deepEqual(owners, [
      { id: ownerId, name: 'sandboxes', email: 'somebody@example.com', type: 'team' },
      { id: otherOwnerId, name: 'website', email: 'somebody@example.com', type: 'team' },
    ])
    assert.match(ownerId, /^tea-[a-z0-9]{20}$/)
    assert.deepEqual((await get('/owners?name=website&name=nobody')).map(({ owner }) => owner.id), [otherOwnerId])
    assert.deepEqual(await get('/owners?email=nobody@example.com'), [])
    const single = world.createOwner({ name: 'me', type: 'user' })
    const [{ owner }] = await get('/owners', { key: world.addApiKey({ owners: [single] }) })
    assert.deepEqual([owner.id, owner.type], [single.id, 'user'])
    assert.match(owner.id, /^usr-/)
  })
})

describe('answers', () => {
  test('carry a request id, the rate bucket and Vary; JSON ends with a newline', async () => {
    const { server, create, send } = await setUp()
    const { id } = await create()
    const answers = [
      await send('GET', '/services'),
      await send('GET', `/services/${ABSENT}`),
      await send('POST', `/services/${id}/suspend`),
      await send('DELETE', `/services/${id}`),
      await send('GET', '/owners', { key: 'rnd_unknown' }),
    ]
    assert.deepEqual(answers.map(({ status }) => status), [200, 404, 202, 204, 401])
    const ids = new Set()
    for (const [index, { headers, text, json }] of answers.entries()) {
      for (const name of ['limit', 'remaining', 'reset']) assert.match(headers.get(`ratelimit-${name}`), /^\d+$/)
      assert.equal(headers.get('vary'), 'Origin')
      ids.add(headers.get('render-request-id'))
      assert.equal(headers.get('render-request-id'), server.requests[index + 1].requestId)
      if (json) assert.ok(text.endsWith('\n'))
      assert.equal(headers.get('content-type'), json ? 'application/json; charset=utf-8' : null)
    }
    assert.equal(ids.size, answers.length)
  })

  test('errors have a message and nothing else, or an id too as an option', async () => {
    const { server, send } = await setUp()
    const ask = async () => (await send('GET', `/services/${ABSENT}`)).json
    assert.deepEqual(await ask(), { message: `not found: ${ABSENT}` })
    server.settings.errorIds = true
    assert.deepEqual(Object.keys(await ask()), ['id', 'message'])
  })

  test('what accepts no JSON gets none', async () => {
    const { server, send, refusal } = await setUp({}, true)
    assert.equal((await send('GET', '/services', { headers: { accept: 'application/json' } })).status, 200)
    assert.deepEqual(await refusal('GET', '/services', { headers: { accept: 'text/html' } }), [406, 'Not Acceptable'])
    assert.equal(server.violations[0].kind, 'accept')
  })

  test('routes and methods that are none', async () => {
    const { server, send, refusal } = await setUp({}, true)
    assert.deepEqual(await refusal('GET', '/nothing'), [404, 'Not Found'])
    assert.deepEqual(await refusal('GET', '/services/'), [404, 'Not Found'])
    assert.deepEqual(await refusal('GET', '/services/%2e%2e/deploys'), [404, 'Not Found'])
    const patch = await send('PATCH', `/services/${ABSENT}`, { body: {} })
    assert.deepEqual([patch.status, patch.headers.get('allow')], [405, 'GET, DELETE'])
    const withBody = await send('DELETE', `/services/${ABSENT}`, { body: {} })
    assert.deepEqual([withBody.status, withBody.json.message], [400, 'invalid JSON'])
    assert.equal((await fetch(`${server.url}/services`)).status, 404)
    const kinds = ['route', 'route', 'route', 'route', 'body', 'route']
    assert.deepEqual(server.violations.map(({ kind }) => kind), kinds)
    assert.deepEqual(server.requests.map(({ operation }) => operation).filter(Boolean), ['deleteService'])
  })

  test('a violation is reported at once to a listener', async () => {
    const told = []
    const { server, ownerId, send } = await setUp({ onViolation: (violation) => told.push(violation) }, true)
    await send('GET', `/services?owner=${ownerId}`)
    assert.deepEqual(told, server.violations)
    assert.equal(told.length, 1)
  })
})

describe('rate limits', () => {
  const FIELDS = ['limit', 'remaining', 'reset']
  const rateOf = ({ headers }) => FIELDS.map((name) => Number(headers.get(`ratelimit-${name}`)))

  test('one bucket for creates, one for other writes, one for reads, one for each service', async () => {
    const { world, ownerId, post, send } = await setUp({ now: () => 0 })
    const one = world.addService(ownerId)
    const other = world.addService(ownerId)
    assert.deepEqual(rateOf(await post()), [20, 19, 3599])
    assert.deepEqual(rateOf(await send('GET', '/services')), [400, 399, 59])
    assert.deepEqual(rateOf(await send('GET', '/owners')), [400, 398, 59])
    assert.deepEqual(rateOf(await send('POST', `/services/${one.id}/suspend`)), [10, 9, 59])
    assert.deepEqual(rateOf(await send('POST', `/services/${one.id}/resume`)), [10, 8, 59])
    assert.deepEqual(rateOf(await send('POST', `/services/${other.id}/suspend`)), [10, 9, 59])
    assert.deepEqual(rateOf(await send('DELETE', `/services/${one.id}`)), [100, 99, 59])
  })

  test('20 creates an hour: the next is refused without effect, with the seconds that remain', async () => {
    let clock = 0
    const { server, world, ownerId, create, post } = await setUp({ now: () => clock })
    for (let index = 0; index < 20; index += 1) await create({ name: `n-${index}` })
    clock += 600_000
    const refused = await post({ name: 'late' })
    assert.equal(refused.status, 429)
    assert.deepEqual(refused.json, { message: 'Too Many Requests' })
    assert.equal(refused.headers.get('retry-after'), '3000')
    assert.deepEqual(rateOf(refused), [20, 0, 2999])
    server.settings.retryAfter = false
    assert.equal((await post({ name: 'late' })).headers.get('retry-after'), null)
    assert.equal(world.liveServices(ownerId).length, 20)
    clock += 3_000_000
    assert.equal((await post({ name: 'late' })).status, 201)
  })

  test('keys of one user share them, others do not; the documented form of the reset', async () => {
    const { world, ownerId, send } = await setUp({ now: () => 5_000, resetFormat: 'epoch-seconds' })
    const [first, second] = [1, 2].map(() => world.addApiKey({ owners: [ownerId], userId: 'usr-1' }))
    const stranger = world.addApiKey({ owners: [ownerId] })
    const remaining = async (key) => rateOf(await send('GET', '/services', { key }))
    assert.deepEqual(await remaining(first), [400, 399, 65])
    assert.deepEqual(await remaining(second), [400, 398, 65])
    assert.deepEqual(await remaining(stranger), [400, 399, 65])
  })

  test('can be set out of reach', async () => {
    const { server, create } = await setUp({ limits: UNLIMITED })
    for (let index = 0; index < 25; index += 1) await create({ name: `n-${index}` })
    server.settings.limits.create = 25
    assert.equal(rateOf(await (await setUp({ limits: { create: 1 } })).post())[1], 0)
    await assert.rejects(create({ name: 'more' }), /429|Too Many/)
  })
})

describe('faults', () => {
  test('meet operations by name or by path', async () => {
    const { server, world, ownerId, send, create, post } = await setUp()
    server.faults.add({ when: 'createService', kind: 'reset-after' })
    server.faults.add({ when: 'POST /v1/services', kind: 'reset-before' })
    server.faults.add({ when: 'DELETE /v1/services/:id', kind: 'cut' })
    await assert.rejects(post({ name: 'one' }))
    assert.equal(world.liveServices(ownerId).length, 1)
    await assert.rejects(post({ name: 'two' }))
    assert.equal(world.liveServices(ownerId).length, 1)
    const { id } = await create({ name: 'three' })
    assert.equal((await send('GET', '/services')).status, 200)
    await send('DELETE', `/services/${id}`).catch(() => {})
    assert.equal(world.liveServices(ownerId).length, 1)
    assert.deepEqual(server.faults.pending, [])
    assert.deepEqual(server.operations(), { createService: 3, listServices: 1, deleteService: 1 })
  })

  test('answers of other forms: with an id, not JSON, with either header for the wait, changed', async () => {
    const { server, world, ownerId, post, send } = await setUp()
    server.faults.add(renderError(503, 'unavailable', { id: 'err-1', code: 'too_many_resources', effect: true }))
    server.faults.add({ kind: 'respond', status: 500, body: 'upstream connect error' })
    server.faults.add(tooManyRequests({ retryAfter: 51 }))
    const headers = { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }
    server.faults.add(renderError(429, 'slow down', { headers }))
    server.faults.add({ kind: 'replace', map: ({ service }) => ({ service: { ...service, plan: 'odd' } }) })
    const failed = await post()
    assert.deepEqual(failed.json, { id: 'err-1', code: 'too_many_resources', message: 'unavailable' })
    assert.equal(world.liveServices(ownerId).length, 1)
    const text = await send('GET', '/services')
    assert.deepEqual([text.status, text.text, text.json], [500, 'upstream connect error', undefined])
    assert.equal((await send('GET', '/services')).headers.get('retry-after'), '51')
    const limited = await send('GET', '/services')
    assert.deepEqual([limited.headers.get('retry-after'), limited.headers.get('ratelimit-reset')], [null, '7'])
    const changed = await post({ name: 'changed' })
    assert.deepEqual([changed.status, Object.keys(changed.json), changed.json.service.plan], [201, ['service'], 'odd'])
  })

  test('an answer that takes its time comes after its effect', async () => {
    const { server, world, ownerId, post, bodyFor, send } = await setUp()
    server.faults.add({ when: 'createService', kind: 'slow', milliseconds: Infinity })
    const controller = new AbortController()
    const slow = send('POST', '/services', { body: bodyFor(), signal: controller.signal })
    while (world.liveServices(ownerId).length === 0) await new Promise(setImmediate)
    controller.abort()
    await assert.rejects(slow, { name: 'AbortError' })
    server.faults.add({ when: 'createService', kind: 'slow', milliseconds: 5 })
    assert.equal((await post({ name: 'slow' })).status, 201)
  })
})

describe('seeds', () => {
  test('one seed gives the same ids and keys, another others', async () => {
    const round = async (seed) => {
      const { apiKey, ownerId, create } = await setUp({ seed, now: () => 0 })
      return { apiKey, ownerId, made: await create() }
    }
    assert.deepEqual(await round(3), await round(3))
    assert.notDeepEqual(await round(3), await round(4))
  })
})
