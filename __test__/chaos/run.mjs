#!/usr/bin/env node
// npm run chaos                                   a thousand creates under faults
// npm run chaos -- --runs 10000 --seed 7          more of them, of a given seed
// npm run chaos -- --seed 7 --round 3             one round of that seed
// npm run chaos -- --seed 7 --scenario 3.41       one scenario
// npm run chaos -- --naive                        a client that must have violations
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { runChaos } from './harness.mjs'
import { providerOf, whole } from './options.mjs'
import { ENDING_TYPES, SCENARIO_TYPES } from './plan.mjs'
import { PROVIDERS } from './providers/index.mjs'
import { failureReport, table } from './report.mjs'
import { hasViolations } from './tally.mjs'

/** How many failed scenarios are printed without --verbose. */
const PRINTED = 3

const OPTIONAL = [...SCENARIO_TYPES, ...ENDING_TYPES]

const USAGE = `usage: npm run chaos -- [options]

  --provider NAME    ${Object.keys(PROVIDERS).join(', ')} (default: railway)
  --runs N           creates (default: 1000)
  --seed S           chooses scenarios and faults (default: a random one)
  --concurrency C    scenarios at once (default: 64; at a real engine 24)
  --speed X          how many times as fast the client's clock runs (default: 25; at a real engine 4)
  --round R          only this round of the seed
  --scenario R.S     only this scenario
  --without A,B      leaves out types of scenario (${SCENARIO_TYPES.join(', ')})
                     or endings (${ENDING_TYPES.join(', ')})
  --loose-names      in all rounds the server lets a name exist twice
  --single-faults    each create meets one fault, reads lag little: for the times until creates settle
  --naive            a client that retries blindly, which must have violations
  --verbose          a line for each round, and every failed scenario`

await runMain(async () => {
  const options = readArguments()
  if (options.help) return console.log(USAGE)
  const progress = createProgress(options)
  let failures = 0
  const tally = await runChaos({
    ...options,
    onRound: progress.show,
    onFinding(finding) {
      failures += 1
      if (!options.verbose && failures > PRINTED) return
      progress.clear()
      console.log(`${failureReport(finding, { command: (scenario) => replay(options, scenario) })}\n`)
    },
  })
  progress.clear()
  const { title } = options.provider
  console.log(table(tally, { ...options, title, client: options.naive ? 'the naive client' : 'the addon' }))
  if (!hasViolations(tally)) return
  const hidden = options.verbose ? 0 : failures - PRINTED
  if (hidden > 0) console.log(`\n${hidden} more failed scenarios; --verbose prints all.`)
  process.exitCode = 1
})

function readArguments() {
  try {
    const text = { type: 'string' }
    const flag = { type: 'boolean', default: false }
    const { values } = parseArgs({
      options: {
        provider: { ...text, default: 'railway' },
        runs: { ...text, default: '1000' },
        seed: { ...text, default: String(randomBytes(4).readUInt32LE()) },
        concurrency: text,
        speed: text,
        round: text,
        scenario: text,
        without: { ...text, default: '' },
        'loose-names': flag,
        'single-faults': flag,
        naive: flag,
        verbose: flag,
        help: { ...flag, short: 'h' },
      },
    })
    const provider = providerOf(values)
    const pace = provider.pace ?? { speed: 25, concurrency: 64 }
    const without = values.without.split(',').filter(Boolean)
    const unknown = without.find((type) => !OPTIONAL.includes(type))
    if (unknown) throw new Error(`--without: unknown: ${unknown}`)
    return {
      ...values,
      provider,
      looseNames: values['loose-names'],
      singleFaults: values['single-faults'],
      without,
      runs: whole(values, 'runs'),
      seed: whole(values, 'seed', 0),
      concurrency: values.concurrency ? whole(values, 'concurrency') : pace.concurrency,
      speed: values.speed ? whole(values, 'speed') : pace.speed,
      round: values.scenario ? Number(values.scenario.split('.')[0]) : values.round && whole(values, 'round', 0),
    }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`, 2)
  }
}

/** Returns the command that runs a scenario again. The order of its concurrent requests may differ. */
function replay({ provider, seed, speed, concurrency, without, looseNames, singleFaults, naive }, scenario) {
  const words = ['npm run chaos --', `--provider ${provider.name}`, `--seed ${seed}`, `--scenario ${scenario.id}`]
  words.push(`--speed ${speed}`, `--concurrency ${concurrency}`)
  if (without.length > 0) words.push(`--without "${without.join(',')}"`)
  if (looseNames) words.push('--loose-names')
  if (singleFaults) words.push('--single-faults')
  if (naive) words.push('--naive')
  return words.join(' ')
}

function createProgress({ verbose }) {
  const live = process.stderr.isTTY && !verbose
  return {
    show({ rounds, tally }) {
      const violations = Object.values(tally.violations).reduce((sum, number) => sum + number, 0)
      const line = `${tally.rounds} of ${rounds} rounds, ${tally.creates} creates, ${violations} violations`
      if (live) process.stderr.write(`\r\x1b[K${line}`)
      else if (verbose) console.error(line)
    },
    clear() {
      if (live) process.stderr.write('\r\x1b[K')
    },
  }
}
