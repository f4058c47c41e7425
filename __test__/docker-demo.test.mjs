// The demo in real containers, and what it says where there are none.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/environment.mjs'
import { modulesNamedIn } from './servers/docker/image.mjs'
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

test('an image takes along the modules that a Node of Debian reads from files', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'computesdk-modules-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [module, binary] = ['lexer.js', 'libnode.so'].map((name) => join(folder, name))
  await writeFile(module, '')
  await writeFile(binary, `\x7fELF\0internal/lexer\0${module}\0${module}\0/nowhere/acorn.js\0${module}on\0`)
  assert.deepEqual(modulesNamedIn(binary), [module])
  assert.deepEqual(modulesNamedIn(module), [])
  // Official builds of Node hold such texts. A search that goes back in them takes minutes.
  await writeFile(binary, `${'a/'.repeat(2 ** 21)}\0${module}\0`)
  assert.deepEqual(modulesNamedIn(binary), [module])
})

test('without an engine the demo says so in one sentence', async () => {
  const { status, stdout, stderr } = await runDemo('unix:///nowhere/engine.sock')
  assert.equal(status, 1)
  assert.equal(stdout, '')
  const words = process.platform === 'linux' ? 'No Docker Engine or Podman answers at /nowhere/engine.sock' : 'Linux'
  assert.ok(stderr.includes(words) && stderr.trim().split('\n').length === 1, stderr)
})
