import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/environment.mjs'
import { startRailwayServer } from './servers/railway/index.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const DEMO = join(ROOT, 'demo', 'demo.mjs')

/**
 * The demo as a process, without a terminal.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} parameters
 */
function startDemo(t, parameters, { env = {}, file = DEMO } = {}) {
  const child = spawn(process.execPath, [file, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const demo = { child, stdout: '', stderr: '', waiting: [] }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      demo[name] += text
    })
  }
  demo.ended = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  return demo
}

async function runDemo(t, parameters, options) {
  const demo = startDemo(t, parameters, options)
  return { ...demo, status: await demo.ended, stdout: demo.stdout, stderr: demo.stderr }
}

/** A Railway server, and the variables and parameters that lead `--real` to it. */
async function withAccount(t) {
  const server = await startRailwayServer({ deploymentStepMilliseconds: 20 })
  t.after(() => server.close())
  const { token, projectId, environmentId } = server.world.seed()
  return {
    server,
    token,
    parameters: ['--no-build', '--real', '--base-url', server.url, '--settle', '3'],
    env: { RAILWAY_API_KEY: token, RAILWAY_PROJECT_ID: projectId, RAILWAY_ENVIRONMENT_ID: environmentId },
    services: () => server.world.liveServices(projectId),
    everMade: () => server.world.allServices(projectId),
  }
}

// Side by side: most of the time each of these processes waits.
describe('the demo', { concurrency: 4 }, () => {
  test('the demo shows the five calls and ends well', async (t) => {
    const { status, stdout, stderr } = await runDemo(t, ['--no-build'])
    assert.equal(status, 0, stderr)
    const steps = [...stdout.matchAll(/^ {2}✔ (\w+) +[\d.]+ (?:ms|s) /gm)].map(([, name]) => name)
    assert.deepEqual(steps, ['create', 'getById', 'list', 'destroy', 'getById'])
    assert.match(stdout, /One Railway service created, found, listed and destroyed in [\d.]+ s\./)
    assert.ok(!stdout.includes('\u001B'), 'no colours without a terminal')
    assert.doesNotMatch(stdout, /demo_[0-9a-f]/, "the daemon's token is masked")
    assert.equal(stderr, '')
  })

  test('a provider may be named, and an unknown one is told with those there are', async (t) => {
    assert.equal((await runDemo(t, ['railway', '--no-build'])).status, 0)
    const { status, stdout, stderr } = await runDemo(t, ['heroku', '--no-build'])
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^unknown provider: heroku \(known: railway\)\n/)
  })

  test('--real says which variables are missing', async (t) => {
    const { status, stderr } = await runDemo(t, ['--real', '--yes'], { env: { RAILWAY_PROJECT_ID: 'p' } })
    assert.equal(status, 2)
    assert.equal(
      stderr,
      'For --real, set in the environment: ' +
        'RAILWAY_API_KEY or RAILWAY_API_TOKEN or RAILWAY_TOKEN; RAILWAY_ENVIRONMENT_ID.\n',
    )
  })

  test('--real creates nothing when nobody can be asked', async (t) => {
    const account = await withAccount(t)
    const { status, stderr } = await runDemo(t, account.parameters, account)
    assert.equal(status, 2)
    assert.match(stderr, /run it in a terminal, or add --yes/)
    assert.equal(account.server.requests.length, 0)
  })

  test('--real --yes creates one service, destroys it and shows no token', async (t) => {
    const account = await withAccount(t)
    const { status, stdout, stderr } = await runDemo(t, [...account.parameters, '--yes'], account)
    assert.equal(status, 0, stdout + stderr)
    assert.equal(account.everMade().length, 1)
    assert.deepEqual(account.services(), [])
    assert.doesNotMatch(stdout + stderr, new RegExp(account.token))
    assert.match(stdout, new RegExp(`token +••••${account.token.slice(-4)} +from RAILWAY_API_KEY`))
  })

  test('--real with a wrong token fails with the reason', async (t) => {
    const account = await withAccount(t)
    const env = { ...account.env, RAILWAY_API_KEY: 'wrong' }
    const { status, stdout } = await runDemo(t, [...account.parameters, '--yes'], { env })
    assert.equal(status, 1)
    assert.match(stdout, /✖ create .* PERMISSION_DENIED: Failed to create Railway instance: Not Authorized/)
    assert.match(stdout, /✖ The demo failed \(PERMISSION_DENIED\); nothing is left behind\./)
    assert.equal(account.everMade().length, 0)
  })

  for (const { effectFirst, when } of [
    { effectFirst: true, when: 'made already' },
    { effectFirst: false, when: 'made only after the demo has let go' },
  ]) {
    test(`an interruption during create removes what was made: ${when}`, async (t) => {
      const account = await withAccount(t)
      const { faults } = account.server
      faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 1500, effectFirst })
      const demo = startDemo(t, [...account.parameters, '--yes'], account)
      await seen(account.server, ({ operations }) => operations?.includes('serviceCreate'))
      demo.child.kill('SIGINT')
      assert.equal(await demo.ended, 130, demo.stdout + demo.stderr)
      assert.equal(account.everMade().length, 1, 'the create did take effect')
      assert.deepEqual(account.services(), [])
      assert.match(demo.stdout, /Interrupted: removing what was created/)
      assert.match(demo.stdout, /✔ Interrupted\. Nothing is left behind\./)
    })
  }

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(`${signal} after create destroys the instance`, async (t) => {
      const account = await withAccount(t)
      // The call after create, held up until the signal is there.
      const listing = ({ operations }) => operations?.includes('environment')
      account.server.faults.add({ kind: 'slow', when: listing, milliseconds: 5000 })
      const demo = startDemo(t, [...account.parameters, '--yes'], account)
      await seen(account.server, listing)
      assert.equal(account.services().length, 1)
      demo.child.kill(signal)
      assert.equal(await demo.ended, status, demo.stdout + demo.stderr)
      assert.deepEqual(account.services(), [])
      assert.match(demo.stdout, /✔ Interrupted\. Nothing is left behind\./)
    })
  }

  test('what cannot be destroyed is named', async (t) => {
    const account = await withAccount(t)
    account.server.faults.add({
      kind: 'respond',
      when: 'serviceDelete',
      times: Infinity,
      status: 200,
      body: { errors: [{ message: 'Not Authorized' }] },
    })
    const demo = await runDemo(t, [...account.parameters, '--yes'], account)
    const [left] = account.services()
    assert.equal(demo.status, 1)
    assert.match(demo.stdout, new RegExp(`the service ${left.name} \\(id ${left.id}\\) is gone: look at Railway`))
  })

  test('without Rust the demo says so in one line', { skip: process.platform === 'win32' }, async (t) => {
    const copy = await mkdtemp(join(tmpdir(), 'gateway-demo-'))
    t.after(() => rm(copy, { recursive: true, force: true }))
    const parts = ['demo', 'scripts', 'src', 'package.json', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'dts-header.d.ts']
    for (const name of parts) {
      await cp(join(ROOT, name), join(copy, name), { recursive: true })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    const withoutCargo = { env: { PATH: copy }, file: join(copy, 'demo', 'demo.mjs') }
    const { status, stdout, stderr } = await runDemo(t, [], withoutCargo)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.equal(stderr, 'Rust is needed to build the addon: install it from https://rustup.rs and run this again.\n')
  })
})

/** Resolves when the server has got such a request. */
async function seen(server, matches) {
  while (!server.requests.some(matches)) await new Promise((resolve) => setTimeout(resolve, 10))
}
