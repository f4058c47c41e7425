import assert from 'node:assert/strict'
import { test } from 'node:test'

import './support/environment.mjs'
import { runChaos } from './chaos/harness.mjs'
import { previewFaults, planRound } from './chaos/plan.mjs'
import { PROVIDERS } from './chaos/providers/index.mjs'
import { failureReport, table } from './chaos/report.mjs'

// Slower than an idle machine allows, because other tests run at the same time.
const SPEED = 25

/** Both its rounds have reads that lag behind writes, and outages. */
const SEED = 3

let killed = 0

// Real engines do not run faster, so they are no part of this test: `npm run chaos -- --provider docker`.
const FAKE_SERVERS = Object.values(PROVIDERS).filter(({ pace }) => pace === undefined)

for (const provider of FAKE_SERVERS) {
  const pace = { speed: SPEED, concurrency: 48 }
  // The simulation plays thousands of times as many (docs/contributing/simulation.md): these show sockets and processes.
  const runs = 200
  const run = (options) => runChaos({ provider, seed: SEED, ...pace, ...options })
  const replay = `npm run chaos -- --provider ${provider.name} --seed ${SEED} --speed ${SPEED}`

  test(`${provider.name}: many creates under faults leak and duplicate nothing`, async () => {
    const reports = []
    const onFinding = (finding) => {
      reports.push(failureReport(finding, { command: ({ id }) => `${replay} --scenario ${id}` }))
    }
    const { violations, creates, outcomes } = await run({ runs, onFinding })
    assert.deepEqual(
      violations,
      { leaked: 0, duplicated: 0, missing: 0, unfinished: 0, 'wrong location': 0, unsettled: 0, stuck: 0 },
      reports.join('\n\n'),
    )
    assert.ok(creates >= runs)
    for (const [what, count] of Object.entries(outcomes)) {
      // A run kills two processes. Whether one of them is in mid-create depends on the machine.
      if (what === 'killed') killed += count
      else assert.ok(count > 0, `no create was ${what}: too few faults`)
    }
  })

  test(`${provider.name}: a client that retries blindly and swallows failures has violations`, async () => {
    // Faster than the other test: violations because of a slow machine do no harm here. With fewer creates, a seed might
    // have none.
    const reports = []
    const onFinding = (finding) => reports.push(failureReport(finding, { command: () => replay }))
    const tally = await run({ runs: 250, speed: 100, naive: true, without: ['processes'], onFinding })
    assert.ok(tally.violations.leaked > 0, 'leaked')
    assert.ok(tally.violations.duplicated > 0, 'duplicated')
    const leak = reports.find((report) => /^Scenario .*leaked:/.test(report))
    assert.ok(leak.includes(`\n  replay: ${replay}\n`), leak)
    assert.match(leak, /\n {2}create \{.*\n {2}on the server: [\w-]+ \(.*\n +[\d.]+ s {2}\S+ .*\bran, \d{3}/s)
    const text = table(tally, { title: provider.title, client: 'the naive client', seed: SEED, ...pace })
    assert.match(text, new RegExp(`\\nViolations\\n {2}leaked +${tally.violations.leaked} `, 's'))
    assert.match(text, new RegExp(`\\n {2}create +${tally.creates}\\n`))
  })

  test(`${provider.name}: a seed plans the same scenarios and the same faults, and another seed others`, () => {
    const plan = (seed, options) => planRound({ seed, round: 0, provider, ...options })
    for (const options of [{}, { singleFaults: true }, { looseNames: true }]) {
      assert.deepEqual(plan(7, options), plan(7, options))
      assert.notDeepEqual(plan(7, options).scenarios, plan(8, options).scenarios)
    }
    const faults = (seed) => previewFaults(plan(seed), provider)
    assert.deepEqual(faults(7), faults(7))
    assert.notDeepEqual(faults(7), faults(8))
  })
}

test('some processes were killed in mid-create', () => {
  assert.ok(killed > 0)
})
