// The tests of what the transport does, once more over reqwest. By themselves these files run over hyper, which sends whatever
// goes straight to its host; both have to pass the same tests.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { printable } from './support/canary.mjs'
import { addonPath } from './support/test-addon.mjs'

const PRELOAD = new URL('support/reqwest-package.mjs', import.meta.url).href

const FILES = [
  'abort.test.mjs',
  'connect-faults.test.mjs',
  'error-answers.test.mjs',
  'error-transport.test.mjs',
  'foreign-answers.test.mjs',
  'large-replies.test.mjs',
  'lifecycle.test.mjs',
  'process-exit.test.mjs',
  'requests.test.mjs',
]

/** Runs a file of tests in a process whose requests reqwest sends. */
async function runOverReqwest(file) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [`--import=${PRELOAD}`, fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...env, NAPI_RS_NATIVE_LIBRARY_PATH: addonPath() },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, output: printable(stdout + stderr) }
}

describe('over reqwest', () => {
  for (const file of FILES) {
    test(`${file} passes`, async () => {
      assert.ok(existsSync(addonPath()), 'the test build is missing: run `npm run build:test-hooks`')
      const { code, output } = await runOverReqwest(file)
      assert.equal(code, 0, output)
      assert.match(output, /^(#|ℹ) fail 0$/m)
      assert.doesNotMatch(output, /^(#|ℹ) pass 0$/m)
    })
  }
})
