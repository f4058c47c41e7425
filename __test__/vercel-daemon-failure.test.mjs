// A daemon that does not start: its sandbox is gone, and the error tells what it has printed, without secrets.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, canary } from './support/canary.mjs'
import { eventually } from './support/eventually.mjs'
import { rejection } from './support/rejection.mjs'
import { DAEMON, REALLY, withFastVercel, withVercel } from './support/vercel.mjs'
import { COMMAND_PLANS } from './servers/vercel/index.mjs'

const started = 'runCommand'

/** Of a command's output an error shows so many characters at most. */
const SHOWN = 400

const hasStarted = ({ requests }) =>
  eventually(() => requests.some(({ operation, done }) => operation === started && done), 'the command is started')

/** Creates with a command that really runs, and gives the error. */
async function failure(t, installCommand, { envs, expected } = {}) {
  const fixture = await withVercel(t, REALLY)
  const error = await rejection(fixture.provider.create({ ...DAEMON, envs, installCommand }), {
    code: 'PROVISION_FAILED',
    operation: 'create',
    retryable: false,
    ...expected,
  })
  assert.deepEqual(fixture.sandboxes(), [], 'the sandbox is gone')
  const [{ json }] = fixture.requestsFor('createSandbox')
  assert.deepEqual([error.instanceId, error.resourceName], [json.name, json.name])
  return error
}

describe('a command that fails', { concurrency: true }, () => {
  test('destroys the sandbox, and the error has its exit code and its words', async (t) => {
    const { message } = await failure(t, 'echo one; echo "two: $GREETING"; exit 7', { envs: { GREETING: 'greetings' } })
    assert.equal(
      message,
      'Failed to create Vercel instance: The instance was made and removed again: The command that installs the ' +
        'daemon ended with exit code 7. It printed: one two: [redacted]',
    )
  })

  test('may have printed to stderr', async (t) => {
    assert.match((await failure(t, 'echo "no such luck" >&2; exit 1')).message, /It printed: no such luck$/)
  })

  test('may have printed nothing', async (t) => {
    assert.match((await failure(t, 'exit 1')).message, /exit code 1\.$/)
  })

  test('may have been killed', async (t) => {
    assert.match((await failure(t, 'kill -9 $$')).message, /exit code 137\.$/)
  })

  test('may call a missing program', async (t) => {
    const { message } = await failure(t, 'no-such-program --at-all')
    assert.match(message, /exit code 127\. It printed: .*no-such-program/)
  })

  test('may hold a syntax error', async (t) => {
    assert.match((await failure(t, 'if (')).message, /exit code 2\. It printed: /)
  })

  test('is shown by the end of its output, in one line', async (t) => {
    const { message } = await failure(t, 'seq 1 2000; printf "\\033[31mred\\007"; exit 1')
    const [, shown] = message.split('It printed: ')
    assert.match(shown, /^…[\d ]+ 1999 2000 \[31mred$/)
    assert.equal(shown.length, SHOWN + 1)
  })
})

describe('secrets in the output', { concurrency: true }, () => {
  test('are masked, whatever they came from', async (t) => {
    const envs = { OTHER: canary('other'), LINES: `${canary('first')}\n  ${canary('second')}` }
    const { message } = await failure(t, 'env; echo "token=$COMPUTESDK_ACCESS_TOKEN"; exit 1', { envs })
    assert.match(message, /token=\[redacted\]/)
  })

  // Shown are the last characters: one that begins before them is cut in two.
  for (const visible of [1, 4, ACCESS_TOKEN.length - 1, ACCESS_TOKEN.length]) {
    test(`do not show where the cut leaves their last ${visible} characters`, async (t) => {
      const filler = 'x'.repeat(SHOWN - visible)
      const { message } = await failure(t, `printf %s "begin \${COMPUTESDK_ACCESS_TOKEN}${filler}"; exit 1`)
      assert.ok(message.endsWith('xxx'))
      for (let length = 4; length <= ACCESS_TOKEN.length; length += 1) {
        assert.ok(!message.includes(ACCESS_TOKEN.slice(-length)), `its last ${length} characters show`)
      }
    })
  }

  test('are masked where they come in pieces', async (t) => {
    const middle = ACCESS_TOKEN.length / 2
    const pieces = [ACCESS_TOKEN.slice(0, middle), ACCESS_TOKEN.slice(middle)]
    const output = pieces.map((data) => ({ stream: 'stdout', data }))
    const { provider } = await withVercel(t, { server: { commandPlan: { exitCode: 1, output } } })
    const message = /It printed: \[redacted\]$/
    await rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', message })
  })
})

describe('other events before the daemon runs', { concurrency: true }, () => {
  test('an image without a shell', async (t) => {
    const { provider, sandboxes, asked } = await withVercel(t, { server: { commandPlan: COMMAND_PLANS.missing } })
    await rejection(provider.create(DAEMON), {
      code: 'PROVISION_FAILED',
      httpStatus: 400,
      providerCode: 'executable_not_found',
      retryable: false,
    })
    assert.deepEqual(sandboxes(), [])
    assert.deepEqual(asked(), ['createSandbox', started, 'deleteSandbox'])
  })

  for (const status of ['stopped', 'failed', 'aborted']) {
    test(`a sandbox that is ${status} before it runs`, async (t) => {
      const { provider, sandboxes, asked } = await withVercel(t, { server: { plan: ['pending', status] } })
      const message = new RegExp(`has the status ${status}`)
      await rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', message })
      assert.deepEqual(sandboxes(), [])
      assert.ok(!asked().includes(started))
    })
  }

  // Whether commands of a stopped session can still be read is not known.
  for (const commandsOfStopped of ['sandbox_stopped', 'kept']) {
    test(`a sandbox that stops while its daemon is watched (${commandsOfStopped})`, async (t) => {
      const fixture = await withFastVercel(t, { server: { commandsOfStopped } })
      const { provider, sandboxes, world, server } = fixture
      const failed = rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', retryable: false })
      await hasStarted(server)
      world.stopSession(sandboxes()[0].session)
      await failed
      assert.deepEqual(sandboxes(), [])
    })
  }

  test('a sandbox that another client destroys while its daemon is watched', async (t) => {
    const fixture = await withFastVercel(t, { server: { deletedSession: 'sandbox_stopped' } })
    const { provider, sandboxes, world, server } = fixture
    const failed = rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED' })
    await hasStarted(server)
    world.deleteSandbox(sandboxes()[0])
    await failed
    assert.deepEqual(sandboxes(), [])
  })

  test('output that cannot be had hides no failure', async (t) => {
    const { provider, sandboxes, server } = await withVercel(t, { server: { commandPlan: COMMAND_PLANS.fails } })
    server.faults.add({ kind: 'reset-before', when: 'commandLogs' })
    await rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', message: /exit code 1\.$/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('a firewall’s page in the way of the removal, which is tried again', async (t) => {
    const { provider, sandboxes, server } = await withFastVercel(t, { server: { commandPlan: COMMAND_PLANS.fails } })
    server.faults.add({ kind: 'html', status: 403, when: 'deleteSandbox', times: 2 })
    await rejection(provider.create(DAEMON), { code: 'PROVISION_FAILED', message: /removed again/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('a start that may not be sent', async (t) => {
    const { provider, sandboxes, server } = await withVercel(t)
    const body = { error: { code: 'forbidden', message: 'Commands are not for you.' } }
    server.faults.add({ kind: 'respond', status: 403, body, when: started })
    await rejection(provider.create(DAEMON), { code: 'PERMISSION_DENIED', message: /removed again: Commands are not/ })
    assert.deepEqual(sandboxes(), [])
  })

  test('a signal that fires: the sandbox is removed in the background', async (t) => {
    const { provider, sandboxes, server } = await withVercel(t)
    const controller = new AbortController()
    const aborted = rejection(provider.create({ ...DAEMON, signal: controller.signal }), { code: 'ABORTED' })
    await hasStarted(server)
    controller.abort()
    await aborted
    await eventually(() => sandboxes().length === 0, 'the sandbox is gone')
  })

  // What has an effect is waited for, for the minute that its answer may take.
  test('a signal that fires before the command is answered', async (t) => {
    const { provider, sandboxes, server } = await withFastVercel(t)
    server.faults.add({ kind: 'slow', milliseconds: Infinity, when: started })
    const controller = new AbortController()
    const aborted = rejection(provider.create({ ...DAEMON, signal: controller.signal }), { code: 'ABORTED' })
    await eventually(() => server.requests.some(({ operation }) => operation === started), 'it is asked for')
    controller.abort()
    await aborted
    await eventually(() => sandboxes().length === 0, 'the sandbox is gone')
  })
})
