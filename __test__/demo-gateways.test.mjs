// npm run demo -- --gateways 3: several gateways with one PostgreSQL, of which one is killed, and the database.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import './support/environment.mjs'
import { MARK } from './support/canary.mjs'
import { runDemo } from './support/demo.mjs'
import { WITHOUT_POSTGRES } from './support/postgres.mjs'

test('three gateways are one, and outlive one of them', { skip: WITHOUT_POSTGRES }, async (t) => {
  const { status, stdout, stderr } = await runDemo(t, ['--gateways', '3', '--no-build'])
  assert.equal(status, 0, stdout + stderr)
  assert.equal(stderr, '')
  const shown = stdout.split('\n').filter(Boolean)
  const end = /^ {2}✔ 3 gateways, in .*\. 0 resources left at Railway, 0 rows in the database\.$/
  assert.match(shown.at(-1), end)
  assert.match(stdout, /by way of gateway 1, gateway 2, gateway 3; the daemon is at gateway [123]/)
  assert.match(stdout, /3 gateways asked at once: 1 sandbox/)
  assert.match(stdout, /gateway 1 was killed in mid-create; gateway [23] has finished it .* later/)
  assert.ok(!stdout.includes(MARK) && !stdout.includes('\u001B'), 'no secret shows, and no colours without a terminal')
})

test('a wrong number of gateways is refused with the possible ones', async (t) => {
  for (const count of ['1', '0', 'many', '10', '-3', '']) {
    const { status, stderr } = await runDemo(t, [`--gateways=${count}`, '--no-build'])
    assert.deepEqual([status, stderr.split('\n')[0]], [2, `--gateways 2 to 9, not ${count}`])
  }
  const { status, stderr } = await runDemo(t, ['--gateways', '3', '--real', '--no-build'])
  assert.deepEqual([status, stderr.split('\n')[0]], [2, 'either --gateways or --real'])
})
