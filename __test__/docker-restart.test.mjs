// Engines that are killed in the middle of creates, and started again.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import './support/environment.mjs'
import { engineOf, forEachEngine, IMAGE } from './support/docker.mjs'
import { withFastClock } from './support/fast-clock.mjs'

/** An engine is away for a second or two, which a client should outlast by repeating: so its clock runs no faster. */
const SPEED = 4

/** When the engine is killed, after the creates have begun: in a create, in a start, between them. */
const MOMENTS = [10, 60, 250]

const CREATES = 6

describe('engines', { concurrency: true }, () => {
  forEachEngine(describe, (kind) => {
    test('each created container is there after a restart, and no other', { timeout: 500_000 }, async () => {
      const { addon, real } = withFastClock(SPEED)
      const engine = await engineOf(kind)
      const provider = addon.docker({ host: engine.host, network: 'none', maxRetries: 6 })
      await provider.list()
      const settled = []
      for (const moment of MOMENTS) {
        const creates = Array.from({ length: CREATES }, (_, index) =>
          provider
            .create({ image: IMAGE, ...(index % 2 === 0 && { idempotencyKey: `restart-${moment}-${index}` }) })
            .catch((error) => error),
        )
        await sleep(moment)
        await engine.restart()
        settled.push(...(await Promise.all(creates)))
      }
      // A lost request is watched until it can have no effect any more: 30 s, and 60 s more if it hung.
      await sleep(real(100_000))
      const reported = settled.filter(({ code }) => code === 'OUTCOME_UNKNOWN')
      const held = settled.filter(({ instanceId, code }) => instanceId && !code).map(({ instanceId }) => instanceId)
      const names = new Set(reported.map(({ resourceName }) => resourceName))
      const there = engine.callNow('GET', '/containers/json?all=1').filter(({ Names }) => !names.has(Names[0].slice(1)))
      assert.deepEqual(there.map(({ Id }) => Id).sort(), held.sort(), settled.map(String).join(', '))
      assert.ok(there.every(({ State }) => State === 'running'), JSON.stringify(there.map(({ State }) => State)))
      const outcomes = {}
      for (const one of settled) {
        const word = one instanceof Error ? one.code : 'created'
        outcomes[word] = (outcomes[word] ?? 0) + 1
      }
      console.log(`${kind}, killed ${MOMENTS.length} times: ${JSON.stringify(outcomes)}`)
    })
  })
})
