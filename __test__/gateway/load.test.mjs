// Many at once, much over time, and more than one gateway.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { canary } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { withDaemon } from './fake-daemon.mjs'
import { clientOf, gone, memoryState, speakerOf, withGateway, withProvider } from './fixture.mjs'

const SANDBOXES = 50
const CYCLES = 240
const AT_ONCE = 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

test(`${SANDBOXES} sandboxes are made, used and destroyed at once, each with its own daemon`, async (t) => {
  const provider = await withProvider(t, 'railway')
  const gateway = await withGateway(t, provider)
  const sandboxes = clientOf(provider, gateway)
  const indices = Array.from({ length: SANDBOXES }, (_, index) => `${index}`)
  const live = await Promise.all(indices.map((INDEX) => sandboxes.create({ envs: { INDEX } })))
  assert.equal(new Set(live.map(({ sandboxId }) => sandboxId)).size, SANDBOXES)
  assert.equal(provider.existing().length, SANDBOXES)
  const said = await Promise.all(live.map((sandbox) => sandbox.runCommand('echo $INDEX')))
  assert.deepEqual(said.map(({ stdout }) => stdout), indices.map((index) => `${index}\n`))
  await Promise.all(live.map((sandbox) => sandbox.destroy()))
  await gone(provider)
})

test('two gateways that create one name at once make one sandbox, and return the same token', async (t) => {
  const provider = await withProvider(t, 'railway')
  const secret = canary('shared-secret')
  const [one, other] = await Promise.all([withGateway(t, provider, { secret }), withGateway(t, provider, { secret })])
  const wish = { name: 'app', namespace: 'users/1' }
  const ask = (gateway) => speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', wish)
  const answers = await Promise.all([one, other, one, other].map(ask))
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200])
  assert.equal(new Set(answers.map(({ json }) => `${json.data.sandboxId} ${json.data.token}`)).size, 1)
  assert.equal(provider.existing().length, 1)
  // The daemon dials one of them; the token of either opens it.
  const [{ json }] = answers
  const { data } = json
  const health = async (gateway) => {
    const headers = { authorization: `Bearer ${data.token}` }
    return (await fetch(`${gateway.url}/sb/${data.sandboxId}/health`, { headers })).status
  }
  for (let seen = []; !seen.includes(200); seen = await Promise.all([one, other].map(health)));
  await clientOf(provider, other).destroy(data.sandboxId)
  assert.deepEqual(provider.existing(), [])
})

test('gateways of different secrets and tenants never share a sandbox’s token', async (t) => {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const [one, other] = [await withGateway(t, provider), await withGateway(t, provider)]
  const tokens = []
  for (const gateway of [one, other]) {
    const { json } = await speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
    tokens.push(json.data.token)
  }
  assert.notEqual(tokens[0], tokens[1])
})

test(`${CYCLES} sandboxes come and go, and nothing grows`, async (t) => {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const state = memoryState()
  const gateway = await withGateway(t, provider, { state, log: { level: 'silent' } })
  const speak = speakerOf(provider, gateway)
  const daemon = await withDaemon(t)

  const cycle = async (index) => {
    const named = index % 4 === 0
    const body = { metadata: { text: 'x'.repeat(1000) }, ...(named && { name: `app-${index}` }) }
    const { json, status } = await speak('POST', `/v1/sandboxes${named ? '/find-or-create' : ''}`, body)
    assert.ok(status < 300, json.error)
    const { sandboxId, token, url } = json.data
    assert.equal(await daemon.register(gateway, token), 200)
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await fetch(`${url}/health`, { headers }).then((answer) => (answer.text(), answer.status))), 200)
    assert.equal((await speak('DELETE', `/v1/sandboxes/${sandboxId}`)).status, 200)
  }
  const cycles = async (count) => {
    let next = 0
    const worker = async () => {
      while (next < count) await cycle(next++)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    provider.server.requests.length = 0
    provider.server.connections.length = 0
    collectGarbage()
    return { heap: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length }
  }

  await cycles(CYCLES / 4) // what is made once and kept
  const before = await cycles(CYCLES / 4)
  const after = await cycles(CYCLES / 2)
  for (const phase of ['creating', 'running', 'removing']) assert.deepEqual(await state.select({ phase }), [])
  assert.deepEqual(provider.existing(), [])
  await eventually(() => process.getActiveResourcesInfo().length <= before.handles + 10, 'no more handles than before')
  const grown = (after.heap - before.heap) / 1024 / 1024
  // The provider's server, in this process, remembers a little of each as well.
  assert.ok(grown < 10, `the heap has grown by ${grown.toFixed(1)} MB`)
})
