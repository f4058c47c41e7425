// npm run demo: provider, gateway, daemon and the published client on this machine.
import assert from 'node:assert/strict'
import { cp, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/environment.mjs'
import { PROVIDERS } from '../demo/providers.mjs'
import { canary, MARK } from './support/canary.mjs'
import { isAlive } from './support/daemon.mjs'
import { daemonsOf, runDemo, startDemo } from './support/demo.mjs'
import { eventually } from './support/eventually.mjs'
import { withFolder } from './support/folder.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const STARTED = 'starts its process'
const REGISTERED = '/internal/daemons → 200'

/** What a shell may hold that would lead the demo elsewhere, or have the client print its tokens. */
const SHELL = {
  COMPUTESDK_API_KEY: canary('computesdk'),
  COMPUTESDK_DEBUG: '1',
  COMPUTESDK_GATEWAY_URL: 'http://127.0.0.1:1',
  COMPUTESDK_PROVIDER: 'e2b',
  COMPUTESDK_TRIBUTARY_URL: 'http://127.0.0.1:1',
  RAILWAY_API_KEY: canary('railway'),
  RAILWAY_PROJECT_ID: 'nowhere',
  RENDER_API_KEY: canary('render'),
  NSC_TOKEN: canary('namespace'),
  NSC_ENDPOINT: 'http://127.0.0.1:1',
  VERCEL_TOKEN: canary('vercel'),
  VERCEL_OIDC_TOKEN: canary('oidc'),
  HTTP_PROXY: 'http://127.0.0.1:1',
  https_proxy: 'http://127.0.0.1:1',
}

/** How a provider is named, where not by its name alone. */
const WORDS = { railway: [], render: ['--provider', 'render'] }

/** A demo whose daemon has found its gateway. */
async function withDaemon(t, name) {
  const demo = startDemo(t, [name, '--no-build'])
  return { demo, daemon: await registeredDaemon(demo) }
}

/** Returns the pid of the daemon. It is looked for from its start on, because the demo soon ends it. */
async function registeredDaemon(demo) {
  const shows = (text) => () => demo.stdout.includes(text)
  await eventually(shows(STARTED))
  const daemons = await eventually(async () => {
    const found = await daemonsOf(demo.child.pid)
    return found.length > 0 && found
  }, 'a daemon')
  assert.equal(daemons.length, 1)
  await eventually(shows(REGISTERED))
  const others = (await daemonsOf(demo.child.pid)).filter((pid) => pid !== daemons[0])
  assert.deepEqual(others, [], 'no second one has started')
  return daemons[0]
}

const lines = (text) => text.split('\n').filter(Boolean)

// Side by side: most of the time each of these processes waits.
describe('the demo', { concurrency: 4 }, () => {
  // At a real engine: docker-demo.test.mjs.
  for (const [name, { title }] of Object.entries(PROVIDERS).filter(([, { remark }]) => !remark)) {
    test(`at ${title} says hello and leaves nothing`, async (t) => {
      const demo = startDemo(t, [...(WORDS[name] ?? [name]), '--no-build'], { env: SHELL })
      const daemon = await registeredDaemon(demo)
      assert.equal(await demo.ended, 0, demo.stdout + demo.stderr)
      assert.equal(demo.stderr, '')
      const shown = lines(demo.stdout)
      assert.match(shown.at(-1), new RegExp(`^  ✔ hello, in [\\d.]+ m?s\\. 0 resources left at ${title}\\.$`))
      assert.deepEqual(
        shown.filter((line) => line.startsWith('  ›')).map((line) => /\.(\w+)\(/.exec(line)[1]),
        ['create', 'runCode', 'writeFile', 'readFile', 'list', 'list', 'destroy', 'list'],
      )
      assert.ok(shown.some((line) => /^ {2}✔ hello {2}[\d.]+ m?s$/.test(line)), demo.stdout)
      assert.match(demo.stdout, / {2}! always throws: The gateway does not support listing sandboxes\./)
      assert.match(demo.stdout, /├─+►│ .* create\(\{ daemonConfig/, 'the package is seen at its work')
      assert.match(demo.stdout, /its process has ended/)
      assert.ok(!shown.some((line) => line.length > 100), 'no line is too long')
      assert.ok(!demo.stdout.includes('\u001B'), 'no colours without a terminal')
      assert.ok(!demo.stdout.includes(MARK), 'nothing of the shell shows')
      assert.doesNotMatch(demo.stdout, /demo_[0-9a-f]{8}|Bearer|\[ComputeSDK\]|[\w-]{40}/, 'no secret shows')
      assert.ok(!isAlive(daemon), 'its daemon is gone')
    })
  }

  test('with --trace prints the calls that the package published, with their requests', async (t) => {
    const { status, stdout, stderr } = await runDemo(t, ['--trace', '--no-build'])
    assert.equal(status, 0, stdout + stderr)
    const [, trace] = stdout.split('What the package published: 4 calls\n')
    const took = / +[\d.]+ m?s +/
    const calls = trace.trim().split('\n\n').slice(0, 4).map((call) => call.split('\n').map((line) => line.trim().split(took)))
    const names = calls.map(([[head], ...requests]) => [head, ...requests.map(([request]) => request)])
    assert.deepEqual(names, [
      ['create railway', '├─ POST /graphql/v2 Project', '├─ POST /graphql/v2 Environments', '└─ POST /graphql/v2 ServiceCreate'],
      ['list railway', '└─ POST /graphql/v2 Environment'],
      ['destroy railway', '└─ POST /graphql/v2 ServiceDelete'],
      ['list railway', '└─ POST /graphql/v2 Environment'],
    ])
    assert.match(calls[0][0][1], /^created {2}[0-9a-f-]{36} {2}at /)
    assert.deepEqual(calls.flatMap(([, ...requests]) => requests.map(([, result]) => result)), Array(6).fill('200'))
  })

  test('lists the providers', async (t) => {
    const { status, stdout, stderr } = await runDemo(t, ['heroku', '--no-build'])
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.ok(stderr.startsWith(`unknown provider: heroku (known: ${Object.keys(PROVIDERS).join(', ')})\n`), stderr)
    assert.match((await runDemo(t, ['railway', '--provider', 'render'])).stderr, /^one provider at a time\n/)
  })

  test('ends all of it on Ctrl-C in mid-create', async (t) => {
    const demo = startDemo(t, ['vercel', '--no-build'])
    await eventually(() => demo.stdout.includes('POST /v1/sandboxes'))
    demo.child.kill('SIGINT')
    assert.equal(await demo.ended, 130, demo.stdout + demo.stderr)
    assert.match(demo.stdout, /! Interrupted: ending what was started/)
    assert.match(lines(demo.stdout).at(-1), /^ {2}✔ Interrupted: 0 resources left at Vercel\.$/)
  })

  test('ends all of it on SIGTERM with a daemon running', async (t) => {
    const { demo, daemon } = await withDaemon(t, 'railway')
    demo.child.kill('SIGTERM')
    assert.equal(await demo.ended, 143, demo.stdout + demo.stderr)
    assert.match(lines(demo.stdout).at(-1), /^ {2}✔ Interrupted: 0 resources left at Railway\.$/)
    assert.ok(!isAlive(daemon))
  })

  test('prints the reason when it fails, and cleans up', async (t) => {
    const { demo, daemon } = await withDaemon(t, 'namespace')
    process.kill(daemon, 'SIGKILL')
    assert.equal(await demo.ended, 1, demo.stdout + demo.stderr)
    const [failed, left] = lines(demo.stdout).slice(-2)
    assert.equal(failed, '  ✖ The demo failed: the daemon has ended.')
    assert.equal(left, '  ✔ 0 resources left at Namespace.')
  })

  test('leaves no daemon behind when it is killed', async (t) => {
    const { demo, daemon } = await withDaemon(t, 'render')
    demo.child.kill('SIGKILL')
    await eventually(() => !isAlive(daemon))
  })

  test('without Rust the demo says so in one line', { skip: process.platform === 'win32' }, async (t) => {
    const copy = withFolder(t)
    const parts = ['demo', 'scripts', 'src', 'package.json', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'dts-header.d.ts']
    for (const name of parts) {
      const filter = (source) => basename(source) !== 'node_modules'
      await cp(join(ROOT, name), join(copy, name), { recursive: true, filter })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    const withoutCargo = { env: { PATH: copy }, file: join(copy, 'demo', 'demo.mjs') }
    const { status, stdout, stderr } = await runDemo(t, [], withoutCargo)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.equal(stderr, 'Rust is needed to build the addon: install it from https://rustup.rs and run this again.\n')
  })
})

