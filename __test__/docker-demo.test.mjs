// The demo in real containers, and what it says where there are none.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/environment.mjs'
import { engineOf, forEachEngine } from './support/docker.mjs'

const DEMO = fileURLToPath(new URL('../demo/demo.mjs', import.meta.url))

function runDemo(host) {
  const child = spawn(process.execPath, [DEMO, 'docker', '--no-build'], { env: { ...process.env, DOCKER_HOST: host } })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => (output[name] += chunk))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...output })))
}

forEachEngine(describe, (kind) => {
  test('the demo says hello from a real container, and leaves nothing', async () => {
    const engine = await engineOf(kind)
    const images = () => engine.callNow('GET', '/images/json').length
    const before = images()
    const { status, stdout, stderr } = await runDemo(engine.host)
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /✔ hello, in [\d.]+ m?s\. 0 resources left at Docker\.\s*$/)
    assert.match(stdout, /its process has ended/)
    assert.deepEqual(engine.callNow('GET', '/containers/json?all=1'), [])
    assert.equal(images(), before)
  })
})

test('without an engine the demo says so in one sentence', async () => {
  const { status, stdout, stderr } = await runDemo('unix:///nowhere/engine.sock')
  assert.equal(status, 1)
  assert.equal(stdout, '')
  const words = process.platform === 'linux' ? 'No Docker Engine or Podman answers at /nowhere/engine.sock' : 'Linux'
  assert.ok(stderr.includes(words) && stderr.trim().split('\n').length === 1, stderr)
})
