// A short soak. Whether memory grows shows in a long one only: `npm run soak`.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'

import { ROOT } from '../scripts/lib/paths.mjs'

const soak = (...options) => promisify(execFile)(process.execPath, [join(ROOT, '__test__/chaos/soak.mjs'), ...options])

describe('the soak', () => {
  test('makes calls of all kinds under faults, and tells what remains of them', async () => {
    const { stdout } = await soak('--calls', '300', '--warm-up', '300', '--seed', '3')
    assert.match(stdout, /^Soak at Railway: 300 calls after 300 to warm up, seed 3, speed 100\n/)
    const counts = /^calls: (.+)$/m.exec(stdout)[1].split(', ').map((entry) => Number(/\d+$/.exec(entry)[0]))
    assert.equal(counts.length, 7, 'kinds of calls')
    assert.ok(counts.reduce((sum, count) => sum + count) >= 600, stdout)
    assert.match(stdout, /; faults: [1-9]\d*\nmemory: [+-]?\d+\.\d MB since warm-up; stuck: 0; listeners left: 0\n/)
    assert.match(stdout, /\nNothing stuck, no listener left, memory within its bound\.\n$/)
  })

  for (const [option, value, message] of [
    ['--calls', 'many', '--calls must be a whole number from 1'],
    ['--seed', '-1', '--seed must be a whole number from 0'],
    ['--provider', 'constructor', 'unknown provider: constructor'],
    ['--nonsense', '1', "Unknown option '--nonsense'"],
  ]) {
    test(`refuses ${option} ${value}`, async () => {
      await assert.rejects(soak(`${option}=${value}`), ({ code, stderr }) => {
        assert.equal(code, 2)
        assert.ok(stderr.includes(message), stderr)
        return true
      })
    })
  }
})
