// The tests of what the transport does, once more over reqwest. By themselves these files run over hyper, which sends whatever
// goes straight to its host; both have to pass the same tests.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { capture } from '../scripts/lib/run.mjs'
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
  const path = fileURLToPath(new URL(file, import.meta.url))
  const all = { ...env, NAPI_RS_NATIVE_LIBRARY_PATH: addonPath() }
  const { status, output } = await capture(process.execPath, [`--import=${PRELOAD}`, path], { env: all })
  return { status, output: printable(output) }
}

describe('over reqwest', () => {
  for (const file of FILES) {
    test(`${file} passes`, async () => {
      assert.ok(existsSync(addonPath()), 'the test build is missing: run `npm run build:test-hooks`')
      const { status, output } = await runOverReqwest(file)
      assert.equal(status, 0, output)
      assert.match(output, /^(#|ℹ) fail 0$/m)
      assert.doesNotMatch(output, /^(#|ℹ) pass 0$/m)
    })
  }
})
