// A gateway that is killed, and comes again with what it has written down.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { freePort } from '../../scripts/lib/free-port.mjs'
import { canary, MARK } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { withFolder } from '../support/folder.mjs'
import { startGatewayProcess } from './gateway-process.mjs'
import { SECRET } from './gateways-fixture.mjs'
import { clientOf, gone, PROVIDERS, requested, speakerOf, sqliteState, withProvider } from './fixture.mjs'

/** Until the test is over: the process that waits for the answer is killed before. */
const LONG_MILLISECONDS = 60_000

function withStateFile(t) {
  const folder = withFolder(t)
  return { folder, env: { GATEWAY_STATE: join(folder, 'state.db'), GATEWAY_SECRET: SECRET } }
}

async function withRestarts(t, name, options) {
  const provider = await withProvider(t, name, options)
  const state = withStateFile(t)
  const port = await freePort()
  const start = () => startGatewayProcess(t, { provider, port, env: state.env })
  return { provider, start, ...state }
}

/** What the gateway has written down, as long as it does not run. */
async function rows({ env }) {
  const state = await sqliteState({ file: env.GATEWAY_STATE, secret: SECRET })
  const phases = ['creating', 'running', 'removing'].map((phase) => state.select({ phase }))
  const found = (await Promise.all(phases)).flat()
  await state.close()
  return found
}

describe('a gateway that is killed', { concurrency: 4 }, () => {
  for (const name of Object.keys(PROVIDERS)) {
    test(`${name}: in the middle of creates, and started again, leaves only what has a name`, async (t) => {
      const { provider, start } = await withRestarts(t, name)
      const { server, existing, create } = provider
      server.faults.add({ kind: 'slow', when: create, milliseconds: LONG_MILLISECONDS, times: 2 })
      const first = await start()
      const speak = speakerOf(provider, first)
      const answers = await Promise.allSettled([
        speak('POST', '/v1/sandboxes', { envs: { SECRET: canary('variable') } }),
        speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' }),
        eventually(() => existing().length === 2, 'the creates take effect', 20_000).then(first.kill),
      ])
      assert.deepEqual(answers.map(({ status }) => status), ['rejected', 'rejected', 'fulfilled'])

      const second = await start()
      await Promise.all([second.logged('destroyed'), second.logged('created')])
      const sandbox = await clientOf(provider, second).find({ name: 'app' })
      assert.deepEqual(existing(), [sandbox.sandboxId])
      assert.equal((await sandbox.runCommand('echo there')).stdout, 'there\n')
      await sandbox.destroy()
      await gone(provider)
    })
  }

  test('before its create has reached the provider, leaves nothing behind', async (t) => {
    const fixture = await withRestarts(t, 'railway', { daemon: false })
    const { provider, start } = fixture
    provider.server.faults.add({ kind: 'slow', when: 'environments', milliseconds: LONG_MILLISECONDS })
    const first = await start()
    await Promise.allSettled([
      speakerOf(provider, first)('POST', '/v1/sandboxes', {}),
      requested(provider, 'environments').then(first.kill),
    ])
    assert.deepEqual(provider.existing(), [])
    const second = await start()
    await second.logged('destroyed')
    assert.deepEqual(provider.existing(), [])
    await second.stop()
    assert.deepEqual(await rows(fixture), [])
  })

  test('in the middle of a delete ends it after its start', async (t) => {
    const fixture = await withRestarts(t, 'railway', { daemon: false })
    const { provider, start } = fixture
    const first = await start()
    const speak = speakerOf(provider, first)
    const { json } = await speak('POST', '/v1/sandboxes', {})
    const fault = { kind: 'slow', milliseconds: LONG_MILLISECONDS, effectFirst: false }
    provider.server.faults.add({ ...fault, when: 'serviceDelete' })
    await Promise.allSettled([
      speak('DELETE', `/v1/sandboxes/${json.data.sandboxId}`),
      requested(provider, 'serviceDelete').then(first.kill),
    ])
    assert.equal(provider.existing().length, 1)
    const second = await start()
    await second.logged('destroyed')
    assert.deepEqual(provider.existing(), [])
  })

  test('still knows its sandboxes, and where their daemons are', async (t) => {
    const { provider, start } = await withRestarts(t, 'railway')
    const first = await start()
    const sandbox = await clientOf(provider, first).create({ metadata: { purpose: 'long' } })
    await first.kill()

    const second = await start()
    assert.equal((await sandbox.runCommand('echo still here')).stdout, 'still here\n')
    const again = await clientOf(provider, second).getById(sandbox.sandboxId)
    assert.deepEqual((await again.getInfo()).metadata, { purpose: 'long' })
    await again.destroy()
    await gone(provider)
  })
})

test('the state file holds no secret in the clear', async (t) => {
  const fixture = await withRestarts(t, 'railway', { daemon: false })
  const { provider, start, folder } = fixture
  provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: LONG_MILLISECONDS })
  const gateway = await start()
  const wish = { envs: { SECRET: canary('variable') }, metadata: { secret: canary('metadata') } }
  await Promise.allSettled([
    speakerOf(provider, gateway)('POST', '/v1/sandboxes', wish),
    requested(provider, 'serviceCreate').then(gateway.kill),
  ])
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')))
  assert.match(texts.join(''), /acme/, 'it is written down')
  assert.equal(texts.some((text) => text.includes(MARK)), false)
  const [row] = await rows(fixture)
  assert.deepEqual([row.wish, row.config.apiKey], [wish, provider.credentials.apiToken])
})

test('a state file is one gateway’s alone', async (t) => {
  const { start, env } = await withRestarts(t, 'railway', { daemon: false })
  await start()
  await assert.rejects(() => sqliteState({ file: env.GATEWAY_STATE, secret: SECRET }), /locked/)
})

test('a gateway that gets SIGTERM answers its open requests, takes no more, and ends with 0', async (t) => {
  const { provider, start } = await withRestarts(t, 'railway', { daemon: false })
  provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 500 })
  const gateway = await start()
  const speak = speakerOf(provider, gateway)
  const [created, ended] = await Promise.all([
    speak('POST', '/v1/sandboxes', {}),
    requested(provider, 'serviceCreate').then(gateway.stop),
  ])
  assert.deepEqual([created.status, ended], [201, { code: 0, signal: null }])
  assert.deepEqual(provider.existing(), [created.json.data.sandboxId])
  await assert.rejects(() => speak('GET', '/health'), TypeError)
})
