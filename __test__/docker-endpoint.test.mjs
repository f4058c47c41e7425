// Where the engine is, and how it is reached: sockets, TCP, TLS, versions of the API.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { docker } from '@computesdk/gateway'

import { setEnvironment } from './support/environment.mjs'
import { withFolder } from './support/folder.mjs'
import { startFakeEngine } from './servers/docker/fake.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const onWindows = process.platform === 'win32' && 'Windows has no Unix sockets of this kind'

async function withFake(t, options) {
  const server = await startFakeEngine(options)
  t.after(() => server.close())
  return server
}

describe('a socket', { skip: onWindows }, () => {
  test('is reached, and its connection is used again', async (t) => {
    const server = await withFake(t, { socketPath: join(withFolder(t), 'engine.sock') })
    const provider = docker({ host: server.url })
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId)).instance.status, 'running')
    await provider.destroy(instanceId)
    assert.deepEqual(await provider.list(), [])
    assert.equal(server.connections.total, 1)
    assert.equal(server.requests[0].headers.host, 'localhost')
    assert.equal(server.requests[0].headers.authorization, undefined)
  })

  test('of the environment is used when none is configured', async (t) => {
    const server = await withFake(t, { socketPath: join(withFolder(t), 'engine.sock') })
    setEnvironment(t, { DOCKER_HOST: server.url })
    assert.deepEqual(await docker().list(), [])
  })

  test('of a rootless engine or of Podman is found where it should be', async (t) => {
    const folder = withFolder(t)
    mkdirSync(join(folder, 'podman'))
    setEnvironment(t, { XDG_RUNTIME_DIR: folder, HOME: folder })
    const podman = await withFake(t, { socketPath: join(folder, 'podman/podman.sock') })
    const isSystemThere = spawnSync('test', ['-S', '/var/run/docker.sock']).status === 0
    if (isSystemThere) return t.skip('a Docker Engine of the system comes first')
    await docker().list()
    assert.ok(podman.requests.length > 0)
    const rootless = await withFake(t, { socketPath: join(folder, 'docker.sock') })
    await docker().list()
    assert.ok(rootless.requests.length > 0)
  })

  test('of another engine shares nothing with this one', async (t) => {
    const folder = withFolder(t)
    const one = await withFake(t, { socketPath: join(folder, 'one.sock') })
    const other = await withFake(t, { socketPath: join(folder, 'other.sock'), version: '1.44' })
    await docker({ host: one.url }).create()
    assert.deepEqual(await docker({ host: other.url }).list(), [])
    assert.deepEqual(one.requests.at(-1).version, '1.41')
    assert.deepEqual(other.requests.at(-1).version, '1.44')
  })

  test('that does not exist is named with its path, and what to start', async (t) => {
    const path = join(withFolder(t), 'missing.sock')
    for (const call of [(p) => p.create(), (p) => p.list(), (p) => p.destroy('f'.repeat(64))]) {
      const error = await rejection(call(docker({ host: `unix://${path}` })), { code: 'NETWORK', retryable: false })
      assert.ok(error.message.includes(path) && error.message.includes('docker.service'), error.message)
    }
  })

  test('without a listener may get one soon', async (t) => {
    const path = join(withFolder(t), 'stale.sock')
    // Who is killed leaves the socket behind.
    const code = `require('net').createServer().listen('${path}', () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', code], { timeout: 30_000 })
    const error = await rejection(docker({ host: `unix://${path}`, maxRetries: 0 }).list(), { code: 'NETWORK', retryable: true })
    assert.ok(error.message.includes(path), error.message)
  })

  test('that goes away and comes back is an engine that is restarted', async (t) => {
    const server = await withFake(t, { socketPath: join(withFolder(t), 'engine.sock') })
    const provider = docker({ host: server.url, maxRetries: 0 })
    await provider.list()
    await server.stopListening()
    await rejection(provider.list(), { code: 'NETWORK', retryable: true })
    await server.listenAgain()
    assert.deepEqual(await provider.list(), [])
  })

  test('that this user may not use is named with its path and the group', { skip: process.getuid?.() !== 0 && 'only root can become another user' }, async (t) => {
    const folder = withFolder(t)
    chmodSync(folder, 0o755)
    const server = await withFake(t, { socketPath: join(folder, 'engine.sock') })
    chmodSync(join(folder, 'engine.sock'), 0o660)
    const code = `import { docker } from '@computesdk/gateway'
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      await docker({ host: '${server.url}' }).list().catch(({ code, retryable, message }) => console.log(JSON.stringify({ code, retryable, message })))`
    // It answers nothing meanwhile, and need not: the connection is refused.
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 30_000 })
    assert.equal(stderr, '')
    const { message, ...error } = JSON.parse(stdout)
    assert.deepEqual(error, { code: 'NETWORK', retryable: false })
    assert.ok(message.includes(join(folder, 'engine.sock')) && message.includes('group'), message)
  })
})

describe('an address', () => {
  test('of TCP on this machine is reached without TLS', async (t) => {
    const server = await withFake(t)
    for (const host of [server.url, server.url.replace('http:', 'tcp:'), server.url.replace('http://', '')]) {
      assert.deepEqual(await docker({ host }).list(), [], host)
    }
    assert.deepEqual(await docker({ baseUrl: server.url }).list(), [])
  })

  test('of another machine without TLS is refused before anything is sent', async (t) => {
    const error = await rejection(docker({ host: 'tcp://10.255.255.1:2375' }).list(), { code: 'INVALID_CONFIG' })
    assert.match(error.message, /^config\.host .*certPath/)
    thrown(() => docker({ host: 'http://engine.example' }), { code: 'INVALID_CONFIG', operation: 'configure' })
    setEnvironment(t, { DOCKER_HOST: 'tcp://10.255.255.1:2375' })
    const fromEnvironment = await rejection(docker().list(), { code: 'INVALID_CONFIG' })
    assert.match(fromEnvironment.message, /^DOCKER_HOST /)
  })

  test('of a kind that is not known is refused at the factory, or when the environment holds it', async (t) => {
    for (const host of ['ssh://engine', 'fd://', 'unix://relative', 'unix://', 'tcp://', 'a b']) {
      const error = thrown(() => docker({ host }), { code: 'INVALID_CONFIG', operation: 'configure' })
      assert.ok(error.message.includes('config.host'), error.message)
    }
    setEnvironment(t, { DOCKER_HOST: 'ssh://engine' })
    await rejection(docker().list(), { code: 'INVALID_CONFIG' })
  })

  test('cannot be given twice', () => {
    thrown(() => docker({ host: 'unix:///x', baseUrl: 'http://127.0.0.1:1' }), { code: 'INVALID_CONFIG' })
  })
})

describe('TLS', () => {
  const hasOpenssl = spawnSync('openssl', ['version']).status === 0

  /** An authority, and certificates of it for a server on this machine and for a client. */
  function makeCertificates(folder) {
    const run = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
    const newKey = (name, subject) => ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}key.pem`, '-subj', subject]
    run(...newKey('ca-', '/CN=authority'), '-x509', '-days', '2', '-out', 'ca.pem')
    for (const [name, use] of [['server-', 'serverAuth'], ['', 'clientAuth']]) {
      writeFileSync(join(folder, 'ext'), `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${use}\nbasicConstraints=CA:FALSE\n`)
      run(...newKey(name, `/CN=${use}`), '-out', 'request.pem')
      run('x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', 'ext', '-out', `${name}cert.pem`)
    }
    const read = (name) => readFileSync(join(folder, name))
    return { key: read('server-key.pem'), cert: read('server-cert.pem'), ca: read('ca.pem') }
  }

  test('with the certificates of certPath, on both sides', { skip: !hasOpenssl && 'openssl is not installed' }, async (t) => {
    const folder = withFolder(t)
    const tls = { ...makeCertificates(folder), requestCert: true, rejectUnauthorized: true }
    const server = await withFake(t, { tls })
    const host = server.url.replace('https:', 'tcp:')
    assert.deepEqual(await docker({ host, certPath: folder }).list(), [])
    // The authority alone is trusted, and the client's certificate is asked for.
    const strange = await rejection(docker({ host: server.url, maxRetries: 0 }).list(), { code: 'NETWORK', retryable: false })
    assert.match(strange.message, /certificate/)
    setEnvironment(t, { DOCKER_HOST: host, DOCKER_CERT_PATH: folder, DOCKER_TLS_VERIFY: '1' })
    assert.deepEqual(await docker().list(), [])
  })

  test('without the certificates names the file', async (t) => {
    const provider = docker({ host: 'tcp://127.0.0.1:1', certPath: withFolder(t) })
    const error = await rejection(provider.list(), { code: 'INVALID_CONFIG' })
    assert.match(error.message, /(ca|key)\.pem in the folder of certPath/)
  })

  test('with invalid certificates says so, and shows nothing of them', async (t) => {
    const folder = withFolder(t)
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(folder, name), 'CANARY-7b1d-not-pem')
    const error = await rejection(docker({ host: 'tcp://127.0.0.1:1', certPath: folder }).list(), { code: 'INVALID_CONFIG' })
    assert.match(error.message, /PEM/)
  })
})

describe('the version of the API', () => {
  test('is the lower version of both sides, and is asked for once', async (t) => {
    for (const [version, least, spoken] of [['1.41', '1.12', '1.41'], ['1.47', '1.24', '1.47'], ['1.99', '1.44', '1.53']]) {
      const server = await withFake(t, { version, least })
      const provider = docker({ host: server.url })
      await Promise.all([provider.list(), provider.list(), docker({ host: server.url }).create()])
      assert.equal(server.requests.filter(({ path }) => path === '/version').length, 1)
      assert.deepEqual([...new Set(server.requests.map((request) => request.version))], [undefined, spoken])
    }
  })

  test('of an engine that is too old, or too new, is named with ours', async (t) => {
    for (const [version, least, advice] of [['1.40', '1.12', 'update the engine'], ['1.99', '1.60', 'update this package']]) {
      const server = await withFake(t, { version, least })
      const error = await rejection(docker({ host: server.url }).create(), { code: 'INVALID_CONFIG', retryable: false })
      assert.ok(error.message.includes('1.41 to 1.53') && error.message.includes(advice), error.message)
      assert.ok(error.message.includes(version) || error.message.includes(least), error.message)
      assert.equal(server.requests.length, 1)
    }
  })

  test('is asked for anew when the engine was replaced', async (t) => {
    const server = await withFake(t, { version: '1.47' })
    const provider = docker({ host: server.url, maxRetries: 0 })
    await provider.list()
    server.settings.version = '1.41'
    await rejection(provider.list(), { code: 'UNAVAILABLE', retryable: true })
    assert.deepEqual(await provider.list(), [])
    assert.equal(server.requests.at(-1).version, '1.41')
  })

  test('cannot be had from something that is no engine', async (t) => {
    const server = await withFake(t)
    server.faults.add({ kind: 'html', status: 200 })
    await rejection(docker({ host: server.url, maxRetries: 0 }).list(), { code: 'PROTOCOL' })
    server.faults.add({ kind: 'respond', status: 404, body: 'not here' })
    const error = await rejection(docker({ host: server.url, maxRetries: 0 }).list(), { code: 'PROTOCOL' })
    assert.match(error.message, /no Docker Engine API at this address; check host/)
  })
})
