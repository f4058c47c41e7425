// The demo in real containers, and what it says where there are none.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { modulesNamedIn } from './servers/docker/image.mjs'
import { runDemo } from './support/demo.mjs'
import { engineOf, forEachEngine } from './support/docker.mjs'
import { withFolder } from './support/folder.mjs'

const runAt = (t, host) => runDemo(t, ['docker', '--no-build'], { env: { DOCKER_HOST: host } })

forEachEngine(describe, (kind) => {
  test('the demo says hello from a real container, and leaves nothing', async (t) => {
    const engine = await engineOf(kind)
    const images = () => engine.callNow('GET', '/images/json').length
    const before = images()
    const { status, stdout, stderr } = await runAt(t, engine.host)
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /✔ hello, in [\d.]+ m?s\. 0 resources left at Docker\.\s*$/)
    assert.match(stdout, /its process has ended/)
    assert.deepEqual(engine.callNow('GET', '/containers/json?all=1'), [])
    assert.equal(images(), before)
  })
})

test('an image takes along the modules that a Node of Debian reads from files', async (t) => {
  const folder = withFolder(t)
  const [module, binary] = ['lexer.js', 'libnode.so'].map((name) => join(folder, name))
  await writeFile(module, '')
  await writeFile(binary, `\x7fELF\0internal/lexer\0${module}\0${module}\0/nowhere/acorn.js\0${module}on\0`)
  assert.deepEqual(modulesNamedIn(binary), [module])
  assert.deepEqual(modulesNamedIn(module), [])
  // Official builds of Node hold such texts. A search that goes back in them takes minutes.
  await writeFile(binary, `${'a/'.repeat(2 ** 21)}\0${module}\0`)
  assert.deepEqual(modulesNamedIn(binary), [module])
})

test('without an engine the demo says so in one sentence', async (t) => {
  const { status, stdout, stderr } = await runAt(t, 'unix:///nowhere/engine.sock')
  assert.equal(status, 1)
  assert.equal(stdout, '')
  const words = process.platform === 'linux' ? 'No Docker Engine or Podman answers at /nowhere/engine.sock' : 'Linux'
  assert.ok(stderr.includes(words) && stderr.trim().split('\n').length === 1, stderr)
})
