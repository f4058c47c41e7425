// What a create asks Namespace for, and what it gives back.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertNoSecret, assertSame, canary } from './support/canary.mjs'
import { withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { SECRETS } from './servers/namespace/index.mjs'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const HANDLE = /^computesdk-[0-9a-z]{20}$/

/** A create with these options, and the body that it sent. */
async function created(t, { config, server, ...options } = {}) {
  const fixture = await withNamespace(t, { config, server })
  const before = Date.now()
  const result = await fixture.provider.create(options)
  const [{ json: body }] = fixture.requestsFor('CreateInstance')
  return { ...fixture, ...result, body, before, after: Date.now() }
}

const labelsOf = ({ labels }) => Object.fromEntries(labels.map(({ name, value }) => [name, value]))

/** How long the instance is to live, if it was asked for between `before` and `after`. */
function assertLifetime({ body, before, after }, milliseconds) {
  const end = Date.parse(body.deadline)
  assert.ok(end >= before + milliseconds - 1 && end <= after + milliseconds, `${body.deadline} after ${before}`)
}

describe('a create without options', () => {
  test('asks for one instance of the smallest shape with the daemon in it, and a lifetime of an hour', async (t) => {
    const fixture = await created(t)
    const { instances, instanceId, asked } = fixture
    const { deadline, experimental, ...body } = fixture.body
    const { uniqueTag } = experimental
    assert.match(uniqueTag, HANDLE)
    assert.deepEqual(experimental, { uniqueTag })
    assert.deepEqual(body, {
      shape: { virtualCpu: 2, memoryMegabytes: 4096, machineArch: 'amd64', os: 'linux' },
      documentedPurpose: 'ComputeSDK instance',
      labels: [
        { name: 'computesdk.managed', value: 'true' },
        { name: 'computesdk.name', value: uniqueTag },
      ],
      containers: [
        {
          name: 'main-container',
          imageRef: 'computesdk/compute:latest',
          environment: {},
          // Not the default: with JOB, an instance whose daemon has ended is gone without a mark of failure.
          workloadType: 'SERVICE',
        },
      ],
    })
    assert.equal(typeof deadline, 'string')
    assertLifetime(fixture, HOUR)
    assert.deepEqual(instances().map(({ id }) => id), [instanceId])
    assert.deepEqual(asked(), ['CreateInstance'])
  })

  test('gives an instance with the fields of 0.3.24 and the other fields of the answer', async (t) => {
    const { instance, instanceId, body, before } = await created(t)
    const { createdAt, deadline, ...rest } = instance
    assert.deepEqual(rest, {
      instanceId,
      name: body.experimental.uniqueTag,
      status: 'pending',
      managed: true,
    })
    assert.deepEqual(Object.keys(instance).slice(0, 2), ['instanceId', 'deadline'])
    // The server rounds to milliseconds.
    assert.ok(Math.abs(Date.parse(deadline) - Date.parse(body.deadline)) <= 1, deadline)
    assert.ok(Date.parse(createdAt) >= before - 1, createdAt)
    assertNoSecret(instance, SECRETS)
  })

  test('has another tag each time', async (t) => {
    const { provider, instances, requestsFor } = await withNamespace(t)
    await Promise.all(Array.from({ length: 20 }, () => provider.create()))
    const tags = requestsFor('CreateInstance').map(({ json }) => json.experimental.uniqueTag)
    assert.equal(new Set(tags).size, 20)
    assert.equal(instances().length, 20)
  })
})

describe('the container', () => {
  test('runs the image that is given', async (t) => {
    const { body } = await created(t, { image: 'ghcr.io/acme/box:1.2@sha256:abc' })
    assert.equal(body.containers[0].imageRef, 'ghcr.io/acme/box:1.2@sha256:abc')
  })

  test('gets all variables as one map', async (t) => {
    const { body } = await created(t, {
      daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example.com', env: { BOTH: 'daemon' } },
      envs: { BOTH: 'envs', EMPTY: '', EXTRA: canary('extra') },
    })
    const expected = {
      COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN,
      COMPUTESDK_GATEWAY_URL: 'https://gateway.example.com',
      BOTH: 'daemon',
      EMPTY: '',
      EXTRA: canary('extra'),
    }
    assertSame(body.containers[0].environment, expected, 'environment')
  })

  test('gets no variable that takes the place of the access token', async (t) => {
    const { provider, server } = await withNamespace(t)
    const env = { COMPUTESDK_ACCESS_TOKEN: canary('another') }
    const daemonConfig = { accessToken: ACCESS_TOKEN }
    for (const options of [{ daemonConfig: { ...daemonConfig, env } }, { daemonConfig, envs: env }]) {
      await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', message: /COMPUTESDK_ACCESS_TOKEN/ })
    }
    assert.equal(server.requests.length, 0)
  })

  test('gets arguments for its entrypoint, and none unless they are given', async (t) => {
    const { body } = await created(t, { args: ['serve', '--verbose', ''] })
    assert.deepEqual(body.containers[0].args, ['serve', '--verbose', ''])
    const { body: without } = await created(t, { args: [] })
    assert.ok(!('args' in without.containers[0]))
  })

  test('exports the ports that are given, and their address is the url', async (t) => {
    const { provider, body, instance, instanceId } = await created(t, { exportPorts: [8080, 1, 65_535] })
    assert.deepEqual(
      body.containers[0].exportPorts,
      [8080, 1, 65_535].map((containerPort) => ({ containerPort, proto: 'HTTP' })),
    )
    assert.match(instance.url, /^https:\/\/p8080-[\w.-]+$/)
    assert.equal((await provider.getById(instanceId)).instance.url, instance.url)
    const [listed] = await provider.list()
    assert.ok(!('url' in listed.instance), 'a list does not tell it')
  })

  test('that ends takes the instance down as failed, and not unseen', async (t) => {
    const { server, provider, instanceId } = await created(t, {
      server: { plan: ['RUNNING'], runCommand: { command: '/bin/sh', args: ['-c', 'exit 0'] } },
    })
    await server.processes[0].exited
    assert.equal((await provider.getById(instanceId)).instance.status, 'failed')
    assert.deepEqual((await provider.list()).map(({ instance }) => instance.status), ['failed'])
  })
})

describe('the shape', () => {
  const large = { virtualCpu: 8, memoryMegabytes: 16_384, machineArch: 'arm64', os: 'linux' }

  test('is taken from the options', async (t) => {
    assert.deepEqual((await created(t, large)).body.shape, large)
  })

  test('is taken from the config, where the options do not say', async (t) => {
    const { body } = await created(t, { config: large, virtualCpu: 4 })
    assert.deepEqual(body.shape, { ...large, virtualCpu: 4 })
  })

  test('that Namespace does not have is refused by it, and nothing else is made of it', async (t) => {
    const { provider, instances, asked } = await withNamespace(t, { config: { maxRetries: 3 } })
    const expected = { code: 'INVALID_ARGUMENT', providerCode: 'invalid_argument', retryable: false }
    await rejection(provider.create({ virtualCpu: 3 }), { ...expected, message: /no such machine shape$/ })
    assert.deepEqual(instances(), [])
    assert.deepEqual(asked(), ['CreateInstance'])
  })

  test('of a system that runs no containers has none', async (t) => {
    const shape = { os: 'macos', machineArch: 'arm64', virtualCpu: 6, memoryMegabytes: 14_336 }
    const { body } = await created(t, shape)
    assert.ok(!('containers' in body))
    assert.equal(body.shape.os, 'macos')
  })

  for (const os of ['macos', 'windows']) {
    test(`of ${os} goes with nothing that is meant for a container`, async (t) => {
      const { provider, makeProvider, server } = await withNamespace(t)
      const meant = [
        { daemonConfig: { accessToken: ACCESS_TOKEN } },
        { envs: { A: 'b' } },
        { args: ['x'] },
        { exportPorts: [80] },
      ]
      const message = new RegExp(`${os} .*daemonConfig, envs, args and exportPorts`)
      const expected = { code: 'INVALID_ARGUMENT', message }
      for (const options of meant) {
        await rejection(provider.create({ ...options, os }), expected)
        await rejection(makeProvider({ os }).create(options), expected)
      }
      assert.equal(server.requests.length, 0)
    })
  }
})

describe('the lifetime', () => {
  test('is `timeout` in milliseconds', async (t) => {
    assertLifetime(await created(t, { timeout: 90_000 }), 90_000)
  })

  test('is that of the config, where the options do not say', async (t) => {
    assertLifetime(await created(t, { config: { timeout: 2 * HOUR } }), 2 * HOUR)
    assertLifetime(await created(t, { config: { timeout: 2 * HOUR }, timeout: 3 * HOUR }), 3 * HOUR)
  })

  test('is the one in force, if a policy has shortened it', async (t) => {
    const { instance, body } = await created(t, { timeout: 2 * DAY })
    assert.ok(Date.parse(instance.deadline) < Date.parse(body.deadline) - 23 * HOUR, instance.deadline)
  })

  test('may be 30 days, and no longer', async (t) => {
    assertLifetime(await created(t, { timeout: 30 * DAY }), 30 * DAY)
    const { provider } = await withNamespace(t)
    const expected = { code: 'INVALID_ARGUMENT', message: /options\.timeout/ }
    await rejection(provider.create({ timeout: 30 * DAY + 1 }), expected)
  })
})

describe('the purpose', () => {
  test('is that of the options, before that of the config', async (t) => {
    const { world, body, instanceId } = await created(t, { config: { documentedPurpose: 'gateway' } })
    assert.equal(body.documentedPurpose, 'gateway')
    assert.equal(world.get(instanceId).purpose, 'gateway')
    const own = await created(t, { config: { documentedPurpose: 'gateway' }, documentedPurpose: 'sandbox of Ann' })
    assert.equal(own.body.documentedPurpose, 'sandbox of Ann')
  })
})

describe('labels', () => {
  test('of the caller come after our own', async (t) => {
    const { body } = await created(t, { labels: { team: 'blue', 'cost-centre.no1': '4711', empty: '' } })
    assert.deepEqual(body.labels.slice(2), [
      { name: 'team', value: 'blue' },
      { name: 'cost-centre.no1', value: '4711' },
      { name: 'empty', value: '' },
    ])
  })

  // Namespace refuses each of them with a bare invalid_argument (docs/providers/namespace.md).
  const bad = {
    'a capital in the name': { Team: 'x' },
    'an underscore': { team_name: 'x' },
    'a slash': { 'example.com/team': 'x' },
    'a digit at the beginning': { '1team': 'x' },
    'a hyphen at the end': { 'team-': 'x' },
    'a name of 64 characters': { ['x'.repeat(64)]: 'x' },
    'a value of 256 bytes': { team: 'ä'.repeat(128) },
    'a value that is no string': { team: 5 },
    'a value that is undefined': { team: undefined },
    'one of our own': { 'computesdk.name': 'x' },
    'one that could become our own': { 'computesdk.x': 'x' },
  }
  for (const [title, labels] of Object.entries(bad)) {
    test(`with ${title} are refused by name, before any request`, async (t) => {
      const { provider, server } = await withNamespace(t)
      const error = await rejection(provider.create({ labels }), { code: 'INVALID_ARGUMENT', retryable: false })
      assert.ok(error.message.includes(`options.labels.${Object.keys(labels)[0]} `), error.message)
      assert.equal(server.requests.length, 0)
    })
  }

  test('of the longest forms are taken', async (t) => {
    const labels = { ['x'.repeat(63)]: 'ä'.repeat(127) }
    const { body } = await created(t, { labels })
    assert.deepEqual(labelsOf(body)['x'.repeat(63)], 'ä'.repeat(127))
  })
})

describe('a name', () => {
  test('of the caller is the tag and a label, and the instance is known as ours by another label', async (t) => {
    const { body, instance, provider } = await created(t, { name: 'box_1.a-b' })
    assert.equal(body.experimental.uniqueTag, 'box_1.a-b')
    const { 'computesdk.create-mark': mark, ...labels } = labelsOf(body)
    assert.deepEqual(labels, { 'computesdk.managed': 'true', 'computesdk.name': 'box_1.a-b' })
    assert.match(mark, HANDLE)
    assert.equal(instance.name, 'box_1.a-b')
    assert.equal(instance.managed, true)
    assert.equal((await provider.list({ managed: true })).length, 1)
  })

  for (const name of ['Box', '-box', 'box-', 'a b', 'böx', 'a/b', 'x'.repeat(64)]) {
    test(`that may not pass as a tag is refused before any request: ${name}`, async (t) => {
      const { provider, server } = await withNamespace(t)
      await rejection(provider.create({ name }), { code: 'INVALID_ARGUMENT', message: /options\.name must/ })
      assert.equal(server.requests.length, 0)
    })
  }
})

describe('a value of the wrong kind is refused before any request, by the name of its field:', () => {
  const numbers = [0, -1, 2.5, NaN, Infinity, 1e9, '2', true, [2], 2n]
  const both = [
    ...numbers.map((value) => ['virtualCpu', value]),
    ...numbers.map((value) => ['memoryMegabytes', value === 1e9 ? 1e12 : value]),
    ...[0, 999, -1, 1000.5, NaN, 1e12, '3600'].map((value) => ['timeout', value]),
    ...['x86_64', 'AMD64', 5, ['amd64']].map((value) => ['machineArch', value]),
    ...['bsd', 'Linux', 5].map((value) => ['os', value]),
    ...[5, {}].map((value) => ['documentedPurpose', value]),
  ]
  const ofCreate = [
    ...[80, '80', { 0: 80 }, [0], [65_536], [80.5], ['80'], [80, null], [NaN]].map((value) => ['exportPorts', value]),
    ...['serve', [5], [null], {}].map((value) => ['args', value]),
    ...['team=blue', ['team'], new Map([['team', 'blue']])].map((value) => ['labels', value]),
  ]
  const shown = (value) => (['object', 'string'].includes(typeof value) ? JSON.stringify(value) : String(value))

  for (const [field, value] of [...both, ...ofCreate]) {
    test(`options.${field} ${shown(value)}`, async (t) => {
      const { provider, server } = await withNamespace(t)
      const expected = { code: 'INVALID_ARGUMENT', operation: 'create', retryable: false }
      const error = await rejection(provider.create({ [field]: value }), expected)
      assert.ok(error.message.includes(`options.${field}`), error.message)
      assert.equal(server.requests.length, 0)
    })
  }

  for (const [field, value] of both) {
    test(`config.${field} ${shown(value)}, at the factory`, async (t) => {
      const { makeProvider } = await withNamespace(t)
      const outcome = new Promise((resolve) => {
        resolve(makeProvider({ [field]: value }))
      })
      const error = await rejection(outcome, { code: 'INVALID_CONFIG', operation: 'configure', retryable: false })
      assert.ok(error.message.includes(`config.${field} `), error.message)
    })
  }

  test('a value that counts as absent is not refused', async (t) => {
    const absent = { virtualCpu: undefined, memoryMegabytes: null, os: '', documentedPurpose: ' ', labels: undefined }
    const { body } = await created(t, { config: absent, ...absent })
    assert.equal(body.shape.virtualCpu, 2)
    assert.equal(body.documentedPurpose, 'ComputeSDK instance')
  })
})
