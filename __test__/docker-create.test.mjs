// What a create makes of a real engine's container: its options, its defaults, its address.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { ACCESS_TOKEN, assertNoSecret, canary } from './support/canary.mjs'
import { forEachEngine, IMAGE, withEngine } from './support/docker.mjs'
import { rejection } from './support/rejection.mjs'

/** What stands before each piece of a log. */
const FRAME = new RegExp(String.raw`[\x01\x02]\x00{3}[^]{4}`, 'g')

/** Runs a command in a container, and gives what it printed. */
async function printed(fixture, options) {
  const { instanceId } = await fixture.provider.create({ image: IMAGE, ...options })
  await fixture.engine.call('POST', `/containers/${instanceId}/wait`)
  const { text } = await fixture.engine.call('GET', `/containers/${instanceId}/logs?stdout=1&stderr=1`)
  return text.replaceAll(FRAME, '')
}

forEachEngine(describe, (kind) => {
  const isPodman = kind === 'podman'

  test('a container has safe defaults', async (t) => {
    const { provider, inspect } = await withEngine(t, kind)
    const { instanceId } = await provider.create({ image: IMAGE })
    const { HostConfig: host, Mounts } = inspect(instanceId)
    assert.equal(host.Privileged, false)
    assert.deepEqual([...(host.Binds ?? []), ...Mounts], [])
    assert.ok(host.SecurityOpt.includes('no-new-privileges'), host.SecurityOpt)
    assert.equal(host.ReadonlyRootfs, false)
    assert.equal(host.RestartPolicy.Name.replace('no', ''), '')
    assert.equal(host.AutoRemove, false)
  })

  test('a container has the capabilities of Docker, and cannot forge packets', async (t) => {
    const fixture = await withEngine(t, kind)
    const status = await printed(fixture, { command: ['/bin/cat', '/proc/self/status'] })
    const [, effective] = /CapEff:\s*([0-9a-f]+)/.exec(status)
    const NET_RAW = 13
    // Docker's default set, 0xa80425fb, without that one.
    assert.equal(BigInt(`0x${effective}`), 0xa80425fbn & ~(1n << BigInt(NET_RAW)))
    assert.match(status, /NoNewPrivs:\s*1/)
  })

  test('labels name the owner of a container', async (t) => {
    const { provider, inspect } = await withEngine(t, kind)
    const named = await provider.create({ image: IMAGE, name: 'box-1', labels: { team: 'a=b, "c"' } })
    const { Labels: labels } = inspect(named.instanceId).Config
    assert.equal(labels['computesdk.managed'], 'true')
    assert.equal(labels['computesdk.name'], 'box-1')
    assert.match(labels['computesdk.create-mark'], /^computesdk-/)
    assert.equal(labels.team, 'a=b, "c"')
    const random = inspect((await provider.create({ image: IMAGE })).instanceId)
    assert.equal(random.Config.Labels['computesdk.name'], random.Name.slice(1))
    assert.equal(random.Config.Labels['computesdk.create-mark'], undefined)
  })

  test('the options reach the container', async (t) => {
    const { provider, inspect } = await withEngine(t, kind)
    const { instance, instanceId } = await provider.create({
      image: IMAGE,
      command: ['/bin/sh', '-c'],
      args: ['sleep 1000'],
      workingDir: '/tmp',
      user: '1000',
      vcpus: 0.5,
      memoryMegabytes: 64,
      pidsLimit: 50,
      network: 'host',
      restart: 'on-failure',
      readOnly: true,
      timeout: 3_600_000,
    })
    const { Path, Args, Config, HostConfig } = inspect(instanceId)
    assert.equal([Path, ...Args].join(' ').endsWith('/bin/sh -c sleep 1000'), true)
    assert.deepEqual([Config.WorkingDir, Config.User], ['/tmp', '1000'])
    assert.equal(HostConfig.Memory, 64 * 1024 * 1024)
    assert.equal(HostConfig.NanoCpus, 500_000_000)
    assert.equal(HostConfig.PidsLimit, 50)
    assert.equal(HostConfig.NetworkMode, 'host')
    assert.equal(HostConfig.RestartPolicy.Name, 'on-failure')
    assert.equal(HostConfig.ReadonlyRootfs, true)
    const left = new Date(instance.deadline) - Date.now()
    assert.ok(left > 3_500_000 && left <= 3_600_000, instance.deadline)
    assert.equal((await provider.getById(instanceId)).instance.deadline, instance.deadline)
    const [listed] = await provider.list()
    assert.equal(listed.instance.deadline, instance.deadline)
  })

  test('an option of the config is a default', async (t) => {
    const { makeProvider, inspect } = await withEngine(t, kind)
    const provider = makeProvider({ memoryMegabytes: 32, labels: { from: 'config' } })
    const memory = async (options) => inspect((await provider.create({ image: IMAGE, ...options })).instanceId).HostConfig.Memory
    assert.equal(await memory(), 32 * 1024 * 1024)
    assert.equal(await memory({ memoryMegabytes: 48 }), 48 * 1024 * 1024)
  })

  test('an option of another form is refused before any request', async (t) => {
    const { makeProvider, server } = await withEngine(t, kind)
    const bad = {
      pull: 'sometimes',
      command: '/bin/sh',
      args: [1],
      workingDir: 'relative',
      vcpus: 0,
      memoryMegabytes: 5,
      pidsLimit: -1,
      network: 'container:other',
      ports: [0],
      hostIp: 'localhost',
      extraHosts: ['db'],
      labels: { 'computesdk.managed': 'true' },
      restart: 'sometimes',
      readOnly: 'yes',
      timeout: 1,
      name: 'a/b',
    }
    for (const [field, value] of Object.entries(bad)) {
      const error = await rejection(makeProvider().create({ [field]: value }), { code: 'INVALID_ARGUMENT' })
      assert.ok(error.message.includes(`options.${field}`), error.message)
    }
    for (const network of ['host', 'none']) {
      await rejection(makeProvider().create({ ports: [80], network }), { code: 'INVALID_ARGUMENT' })
    }
    assert.equal(server.requests.length, 0)
  })

  test('values reach the container unchanged', async (t) => {
    const { provider, variablesOf } = await withEngine(t, kind)
    const envs = { EMPTY: '', EQUALS: 'a=b', LINES: 'a\nb', QUOTES: `'"\\`, DOLLAR: '$HOME ${HOME}', UNICODE: 'ä€😀' }
    const { instanceId } = await provider.create({ image: IMAGE, envs })
    assert.deepEqual(variablesOf(instanceId), envs)
  })

  test('the machine is reached by one name', async (t) => {
    const fixture = await withEngine(t, kind)
    const hosts = (options) => printed(fixture, { command: ['/bin/cat', '/etc/hosts'], ...options })
    assert.match(await hosts({ network: 'host' }), /127\.0\.0\.1\s+host\.docker\.internal/)
    assert.doesNotMatch(await hosts({ network: 'none' }), /host\.docker\.internal/)
    const own = await hosts({ network: 'host', extraHosts: ['db:10.0.0.7', 'host.docker.internal:10.0.0.8'] })
    assert.match(own, /10\.0\.0\.7\s+db/)
    assert.match(own, /10\.0\.0\.8\s+host\.docker\.internal/)
    assert.doesNotMatch(own, /127\.0\.0\.1\s+host\.docker\.internal/)
  })

  test('ports are published on the loopback of the machine', { skip: !isPodman && 'this Docker Engine has no bridge' }, async (t) => {
    const { provider, inspect } = await withEngine(t, kind)
    const created = await provider.create({ image: IMAGE, network: 'bridge', ports: [8080, 9000] }).catch((error) => error)
    // Podman needs a packet filter for a bridge, which a machine may not have.
    if (created instanceof Error) return t.skip(`no bridge here: ${created.message}`)
    const { instance, instanceId } = created
    assert.deepEqual(Object.keys(instance.ports), ['8080', '9000'])
    assert.match(instance.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(instance.url, `http://${instance.ports[8080]}`)
    assert.equal(inspect(instanceId).HostConfig.PortBindings['8080/tcp'][0].HostIp, '127.0.0.1')
    const [listed] = await provider.list()
    assert.deepEqual(listed.instance.ports, instance.ports)
    assert.equal(listed.instance.url, instance.url)
  })

  test('a create takes five requests', async (t) => {
    const { provider, server, asked } = await withEngine(t, kind)
    await provider.create({ image: IMAGE })
    server.reset()
    await provider.create({ image: IMAGE })
    assert.deepEqual(asked(), ['inspectImage', 'create', 'inspect', 'start', 'inspect'])
  })

  test('the same key gives the same container, also from another process', async (t) => {
    const { provider, makeProvider, existing, engine } = await withEngine(t, kind)
    const key = { image: IMAGE, idempotencyKey: `key-${kind}` }
    const { instanceId } = await provider.create(key)
    assert.equal((await provider.create(key)).instanceId, instanceId)
    // By another address, as another process may reach the engine: the engine is the same.
    const elsewhere = makeProvider({ host: engine.host })
    assert.equal((await elsewhere.create(key)).instanceId, instanceId)
    const twins = await Promise.all([provider.create({ ...key, idempotencyKey: 'twins' }), elsewhere.create({ ...key, idempotencyKey: 'twins' })])
    assert.equal(twins[0].instanceId, twins[1].instanceId)
    assert.equal(existing().length, 2)
    const error = await rejection(provider.create({ ...key, image: 'computesdk/compute:latest' }), { code: 'INVALID_ARGUMENT' })
    assert.equal(error.instanceId, instanceId)
  })

  test('a container that was created but not started is started by the next call with its key', async (t) => {
    const { provider, server, makeProvider, engine, inspect, existing } = await withEngine(t, kind)
    // The process ends between create and start: its next request never arrives.
    server.faults.add({ kind: 'slow', milliseconds: Infinity, when: 'start', effectFirst: false })
    const key = { image: IMAGE, idempotencyKey: 'half' }
    const left = provider.create(key).catch((error) => error)
    await server.waitForRequest(({ operation }) => operation === 'create')
    const [id] = existing()
    const { instance, instanceId } = await makeProvider({ host: engine.host }).create(key)
    assert.equal(instanceId, id)
    assert.equal(instance.status, 'running')
    assert.equal(inspect(id).State.Status, 'running')
    // Here the process has not ended: its call has to.
    server.reset()
    await left
  })

  test('a container that has ended is not started again by its key', async (t) => {
    const { provider, engine, inspect } = await withEngine(t, kind)
    const key = { image: IMAGE, idempotencyKey: 'ended', command: ['/bin/true'] }
    const { instanceId } = await provider.create(key)
    await engine.call('POST', `/containers/${instanceId}/wait`)
    const { StartedAt } = inspect(instanceId).State
    const { instance } = await provider.create(key)
    assert.equal(instance.status, 'stopped')
    assert.equal(inspect(instanceId).State.StartedAt, StartedAt)
  })

  test('a taken name rejects with the container that has it', async (t) => {
    const { provider, addOther, engine } = await withEngine(t, kind)
    const id = addOther()
    await engine.call('POST', `/containers/${id}/rename?name=theirs`)
    const error = await rejection(provider.create({ image: IMAGE, name: 'theirs' }), { code: 'ALREADY_EXISTS' })
    assert.deepEqual([error.instanceId, error.resourceName], [id, 'theirs'])
  })

  test('a missing image rejects, and nothing is left', async (t) => {
    const { provider, existing } = await withEngine(t, kind, { config: { pull: 'never' } })
    await rejection(provider.create({ image: 'local/nothing:1' }), { code: 'NOT_FOUND', httpStatus: 404 })
    await rejection(provider.create({ image: 'local/NOT VALID' }), { code: 'INVALID_ARGUMENT' })
    assert.deepEqual(existing(), [])
  })

  test('a missing command or network rejects, and nothing is left', async (t) => {
    const { provider, existing } = await withEngine(t, kind)
    await rejection(provider.create({ image: IMAGE, command: ['/bin/nothing'] }), { code: 'INVALID_ARGUMENT', retryable: false })
    await rejection(provider.create({ image: IMAGE, network: 'nothing' }), { code: 'INVALID_ARGUMENT', retryable: false })
    assert.deepEqual(existing(), [])
  })

  describe('waiting', () => {
    test('for a container that ends gives the exit code and the end of its logs, masked', async (t) => {
      const { provider, existing } = await withEngine(t, kind)
      const command = ['/bin/sh', '-c', 'echo begin; echo token $COMPUTESDK_ACCESS_TOKEN >&2; echo secret $EXTRA; exit 42']
      const options = {
        image: IMAGE,
        command,
        envs: { EXTRA: canary('docker-log') },
        daemonConfig: { accessToken: ACCESS_TOKEN },
        waitUntilReady: true,
      }
      const error = await rejection(provider.create(options), { code: 'PROVISION_FAILED', retryable: false })
      assert.match(error.message, /exit code 42\. It printed: .*begin/)
      assert.match(error.message, /token \[redacted\]/)
      assertNoSecret(error)
      assert.deepEqual(existing(), [])
    })

    test('for one that ends soon after it has begun does not take it for ready', async (t) => {
      const { provider, existing } = await withEngine(t, kind)
      const command = ['/bin/sh', '-c', 'sleep 0.2; exit 1']
      await rejection(provider.create({ image: IMAGE, command, waitUntilReady: true }), { code: 'PROVISION_FAILED' })
      assert.deepEqual(existing(), [])
    })

    test('for one that runs out of memory says so', async (t) => {
      const { provider } = await withEngine(t, kind)
      const command = ['/bin/sh', '-c', 'sleep 0.1; a=0123456789; while :; do a=$a$a; done']
      const create = provider.create({ image: IMAGE, command, memoryMegabytes: 8, waitUntilReady: true })
      const error = await rejection(create, { code: 'PROVISION_FAILED' })
      // The kernel may have killed the shell, or the shell may have been told that there is no more.
      assert.match(error.message, /exit code (137.*OOMKilled|\d+)/)
    })

    test('takes a health check for the proof', async (t) => {
      const healthy = { Test: ['CMD', '/bin/true'], Interval: 1e8, Timeout: 1e9, Retries: 3, StartPeriod: 0 }
      const changeCreate = (body) => ({ ...body, Healthcheck: healthy })
      const { provider } = await withEngine(t, kind, { proxy: { changeCreate } })
      const created = provider.create({ image: IMAGE, waitUntilReady: true, readyTimeoutMs: isPodman ? 1_500 : 30_000 })
      // Podman has systemd check, which a machine may not have: there the container never becomes healthy.
      if (isPodman) {
        const outcome = await created.then(({ instance }) => instance.status, ({ code }) => code)
        assert.ok(['running', 'TIMEOUT'].includes(outcome), outcome)
      } else {
        assert.equal((await created).instance.status, 'running')
      }
    })
  })
})
