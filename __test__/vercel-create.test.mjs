// What `create` asks of Vercel, and what it makes of the answer.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertSame, canary } from './support/canary.mjs'
import { rejection, thrown } from './support/rejection.mjs'
import { withVercel } from './support/vercel.mjs'

const created = 'createSandbox'
const MARK = 'computesdk-create-mark'

/** The body of the create that a call has sent, without what is different each time. */
async function bodyOf(t, options, { config } = {}) {
  const { provider, requestsFor } = await withVercel(t, { config })
  await provider.create(options)
  const [{ json }] = requestsFor(created)
  const { name, projectId, persistent, tags, env, ...rest } = json
  return rest
}

describe('create', () => {
  test('without options makes one sandbox that is not persistent, with a name and a tag of ours', async (t) => {
    const { provider, sandboxes, requestsFor, asked, projectId, teamId } = await withVercel(t)
    const { instanceId } = await provider.create()
    assert.match(instanceId, /^computesdk-[0-9a-z]{20}$/)
    assert.deepEqual(sandboxes().map(({ name }) => name), [instanceId])
    assert.deepEqual(asked(), [created])
    const [{ json, query, headers }] = requestsFor(created)
    assert.deepEqual(json, {
      projectId,
      name: instanceId,
      // One that persists is stored, and billed, when it stops (docs/providers/vercel.md).
      persistent: false,
      env: {},
      tags: { computesdk: 'managed' },
    })
    assert.deepEqual({ ...query }, { teamId })
    assert.match(headers['user-agent'], /^computesdk-gateway\/\d/)
  })

  test('says of the instance what Vercel says', async (t) => {
    const { provider, sandboxes, projectId, teamId } = await withVercel(t)
    const { instance, instanceId } = await provider.create({ ports: [3000, 18_080], vcpus: 4, region: 'fra1' })
    const [{ session, createdAt, routes }] = sandboxes()
    const urlOf = (port) => `https://${routes.find((route) => route.port === port).subdomain}.vercel.run`
    assert.deepEqual(instance, {
      projectId,
      teamId,
      sessionId: session.id,
      routes: [
        { port: 3000, url: urlOf(3000) },
        { port: 18_080, url: urlOf(18_080) },
      ],
      region: 'fra1',
      vcpus: 4,
      name: instanceId,
      status: 'running',
      createdAt: new Date(createdAt).toISOString(),
      url: urlOf(18_080),
      managed: true,
    })
  })

  test('gives the first port as the address where none is the daemon’s', async (t) => {
    const { provider, world } = await withVercel(t)
    const { instance, instanceId } = await provider.create({ ports: [3000, 4000] })
    assert.equal(instance.url, `https://${world.sandbox(instanceId).routes[0].subdomain}.vercel.run`)
  })

  test('without ports has no address', async (t) => {
    const { provider } = await withVercel(t)
    const { instance } = await provider.create()
    assert.ok(!Object.hasOwn(instance, 'url'))
    assert.deepEqual(instance.routes, [])
  })

  test('takes undefined, null and an empty object for no options', async (t) => {
    const { provider, sandboxes } = await withVercel(t)
    for (const options of [undefined, null, {}]) await provider.create(options)
    assert.equal(new Set(sandboxes().map(({ name }) => name)).size, 3)
  })

  test('does not wait for a sandbox that is still starting', async (t) => {
    const { provider, asked } = await withVercel(t, { server: { plan: ['pending'] } })
    assert.equal((await provider.create()).instance.status, 'pending')
    assert.deepEqual(asked(), [created])
  })

  test('gives all its variables at creation', async (t) => {
    const { provider, requestsFor, world } = await withVercel(t)
    const { instanceId } = await provider.create({
      daemonConfig: {
        accessToken: ACCESS_TOKEN,
        gatewayUrl: 'https://gateway.example.com',
        env: { BOTH: canary('won') },
      },
      envs: { BOTH: canary('lost'), EMPTY: '', UNICODE: 'ä\n"€"' },
      installCommand: false,
    })
    const expected = {
      COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN,
      COMPUTESDK_GATEWAY_URL: 'https://gateway.example.com',
      BOTH: canary('won'),
      EMPTY: '',
      UNICODE: 'ä\n"€"',
    }
    assertSame(requestsFor(created)[0].json.env, expected, 'variables')
    assertSame(world.sandbox(instanceId).env, expected, 'variables of the sandbox')
  })
})

describe('the options that only Vercel knows', () => {
  const rows = [
    ['timeout is the lifetime', { timeout: 2_700_000 }, { timeout: 2_700_000 }],
    ['vcpus become resources', { vcpus: 8 }, { resources: { vcpus: 8 } }],
    ['one vcpu will do', { vcpus: 1 }, { resources: { vcpus: 1 } }],
    ['ports', { ports: [1024, 65_535] }, { ports: [1024, 65_535] }],
    ['no ports', { ports: [] }, {}],
    ['region', { region: 'hnd1' }, { region: 'hnd1' }],
    ['what is empty or missing is left to Vercel', { region: '', image: '', vcpus: undefined, timeout: null }, {}],
  ]
  for (const [title, options, expected] of rows) {
    test(title, async (t) => assert.deepEqual(await bodyOf(t, options), expected))
  }

  test('may stand in the config, where those of the call go before them', async (t) => {
    const config = { timeout: 60_000, vcpus: 2, ports: [3000], region: 'iad1', image: 'vercel/sandbox/node:24' }
    assert.deepEqual(await bodyOf(t, {}, { config }), {
      timeout: 60_000,
      resources: { vcpus: 2 },
      ports: [3000],
      region: 'iad1',
      image: 'vercel/sandbox/node:24',
    })
    assert.deepEqual(await bodyOf(t, { timeout: 120_000, ports: [], vcpus: 4 }, { config }), {
      timeout: 120_000,
      resources: { vcpus: 4 },
      region: 'iad1',
      image: 'vercel/sandbox/node:24',
    })
  })

  const wrong = [
    ['timeout', 999],
    ['timeout', 1_000.5],
    ['timeout', '5m'],
    ['timeout', Infinity],
    ['vcpus', 0],
    ['vcpus', 3],
    ['vcpus', 1.5],
    ['vcpus', '2'],
    ['ports', 3000],
    ['ports', [1023], 'ports[0]'],
    ['ports', [3000, 65_536], 'ports[1]'],
    ['ports', [3000, 3000]],
    // Vercel's own (docs/providers/vercel.md).
    ['ports', [23_456]],
    ['ports', ['3000'], 'ports[0]'],
    ['ports', Array.from({ length: 16 }, (_, index) => 3000 + index)],
    ['region', 5],
    ['image', {}],
  ]
  for (const [name, value, path = name] of wrong) {
    test(`refuses ${name}: ${JSON.stringify(value)}, in the call and in the config`, async (t) => {
      const { provider, server, makeProvider } = await withVercel(t)
      const refused = await rejection(provider.create({ [name]: value }), { code: 'INVALID_ARGUMENT' })
      assert.ok(refused.message.includes(`options.${path} `), refused.message)
      const error = thrown(() => makeProvider({ [name]: value }), { code: 'INVALID_CONFIG' })
      assert.ok(error.message.includes(`config.${path} `), error.message)
      assert.equal(server.requests.length, 0)
    })
  }

  test('are not looked at by the other methods', async (t) => {
    const { provider } = await withVercel(t)
    assert.deepEqual(await provider.list({ vcpus: 'many', ports: 5 }), [])
  })
})

describe('an image', () => {
  const own = ['box:1', 'box', 'vercel/sandbox/node:24', 'vcr.vercel.com/acme/website/box:1']
  for (const image of own) {
    test(`of Vercel’s registry is passed on: ${image}`, async (t) => {
      const { provider, world, project, requestsFor } = await withVercel(t)
      for (const name of ['box:1', 'box', 'acme/website/box:1']) world.addImage(project, name)
      await provider.create({ image })
      assert.equal(requestsFor(created)[0].json.image, image)
    })
  }

  const foreign = [
    'computesdk/compute:latest',
    'docker.io/library/nginx',
    'ghcr.io/acme/box:1',
    'localhost:5000/box',
    'acme/box@sha256:00',
  ]
  for (const image of foreign) {
    test(`of another registry is refused with a word on what to do: ${image}`, async (t) => {
      const { provider, server, makeProvider } = await withVercel(t)
      const message = /\.image must be of Vercel's own registry.*push the image there.*installCommand/
      await rejection(provider.create({ image }), { code: 'INVALID_ARGUMENT', message, retryable: false })
      thrown(() => makeProvider({ image }), { code: 'INVALID_CONFIG', message })
      assert.equal(server.requests.length, 0)
    })
  }

  test('that the registry does not have is Vercel’s refusal', async (t) => {
    const { provider, sandboxes } = await withVercel(t)
    await rejection(provider.create({ image: 'unknown:1' }), { code: 'INVALID_ARGUMENT', httpStatus: 400 })
    assert.deepEqual(sandboxes(), [])
  })

  test('that is not prepared yet can be tried again', async (t) => {
    const { provider, world, project, sandboxes } = await withVercel(t)
    world.addImage(project, 'box:1', { notReadyFor: 1 })
    await rejection(provider.create({ image: 'box:1' }), {
      code: 'UNAVAILABLE',
      providerCode: 'image_not_ready',
      retryable: true,
    })
    await provider.create({ image: 'box:1' })
    assert.equal(sandboxes().length, 1)
  })
})

describe('a name', () => {
  test('of the caller’s choice is tagged as ours, with the mark of this create', async (t) => {
    const { provider, requestsFor } = await withVercel(t)
    const { instance, instanceId } = await provider.create({ name: 'My_box-7' })
    assert.deepEqual([instanceId, instance.name, instance.managed], ['My_box-7', 'My_box-7', true])
    const { tags } = requestsFor(created)[0].json
    assert.equal(tags.computesdk, 'managed')
    assert.match(tags[MARK], /^computesdk-[0-9a-z]{20}$/)
  })

  test('of a key is the same each time, its mark is not', async (t) => {
    const { provider, makeProvider, requestsFor } = await withVercel(t)
    const first = await provider.create({ idempotencyKey: 'key' })
    await provider.destroy(first.instanceId)
    const second = await makeProvider().create({ idempotencyKey: 'key' })
    assert.equal(second.instanceId, first.instanceId)
    const marks = requestsFor(created).map(({ json }) => json.tags[MARK])
    assert.equal(new Set(marks).size, 2)
    for (const mark of marks) assert.match(mark, /^computesdk-[0-9a-z]{20}$/)
  })

  for (const name of ['a b', 'a.b', 'a/b', 'ä', 'a'.repeat(129)]) {
    test(`that Vercel does not allow is refused before any request: ${name.slice(0, 9)}`, async (t) => {
      const { provider, server } = await withVercel(t)
      await rejection(provider.create({ name }), { code: 'INVALID_ARGUMENT', message: /options\.name/ })
      assert.equal(server.requests.length, 0)
    })
  }

  test('that is taken is refused with the sandbox that has it, and no create is sent', async (t) => {
    const { provider, world, project, asked } = await withVercel(t)
    world.addSandbox(project, { name: 'box' })
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: 'box', retryable: false })
    assert.deepEqual(asked(), ['getSandbox'])
  })

  test('is taken by a sandbox that has stopped, too', async (t) => {
    const { provider, world, project } = await withVercel(t)
    world.addSandbox(project, { name: 'box', status: 'stopped' })
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: 'box' })
  })

  // 400 is on record, 409 is listed (docs/providers/vercel.md).
  for (const nameTakenStatus of [400, 409]) {
    test(`that was too young to be seen is refused with ${nameTakenStatus}, and means the same`, async (t) => {
      const { provider, makeProvider, world, project } = await withVercel(t, { server: { nameTakenStatus } })
      world.lag.reads = 1
      // Another gateway has made it: what this process has made it would wait for.
      await makeProvider({ token: world.addToken({ token: 'token-of-another-gateway' }) }).create({ name: 'box' })
      await rejection(provider.create({ name: 'box' }), {
        code: 'ALREADY_EXISTS',
        httpStatus: nameTakenStatus,
        instanceId: 'box',
        resourceName: 'box',
      })
      assert.equal(world.allSandboxes(project).length, 1)
    })
  }

  test('of a sandbox that this process has just made is waited for, and refused without a create', async (t) => {
    const { provider, world, project, requestsFor } = await withVercel(t)
    await provider.create({ name: 'box' })
    world.lag.reads = 1
    await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: 'box', resourceName: 'box' })
    assert.equal(world.allSandboxes(project).length, 1)
    assert.equal(requestsFor(created).length, 1)
  })

  test('of a key gives the existing sandbox, also to another process', async (t) => {
    const { provider, makeProvider, sandboxes, requestsFor } = await withVercel(t)
    const first = await provider.create({ idempotencyKey: 'key', ports: [3000] })
    const second = await makeProvider().create({ idempotencyKey: 'key' })
    assert.deepEqual(second, first)
    assert.equal(sandboxes().length, 1)
    assert.equal(requestsFor(created).length, 1)
  })
})
