#!/usr/bin/env node
// Plays scenarios of the simulation on all cores (docs/contributing/simulation.md).
//
//   npm run simulate -- --scenarios 1000000 --seed 7 [--provider railway] [--threads 2]
//   npm run simulate -- --tell --provider railway --seed 4711      the story of one scenario; with --shrink of the
//                                                                  smallest scenario in it that fails
//   npm run simulate -- --mutations                                whether every deliberate defect is found
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

import { Failure, runMain } from './lib/failure.mjs'

const NUMBERS = ['scenarios', 'seed', 'threads', 'failures']
const PROVIDERS = ['railway', 'render', 'namespace', 'vercel', 'docker']

const OPTIONS = {
  scenarios: { type: 'string', default: '20000' },
  seed: { type: 'string', default: '0' },
  provider: { type: 'string' },
  threads: { type: 'string' },
  failures: { type: 'string' },
  tell: { type: 'boolean' },
  shrink: { type: 'boolean' },
  mutations: { type: 'boolean' },
}

await runMain(() => {
  const { values } = parseArgs({ options: OPTIONS })
  const wrong = NUMBERS.find((name) => values[name] !== undefined && !/^\d+$/.test(values[name]))
  if (wrong) throw new Failure(`--${wrong} must be a whole number`, 2)
  if (values.provider !== undefined && !PROVIDERS.includes(values.provider)) {
    throw new Failure(`--provider must be one of ${PROVIDERS.join(', ')}`, 2)
  }
  if (values.tell && values.provider === undefined) throw new Failure('--tell needs --provider', 2)

  const mutations = 'every_deliberate_defect_is_found_within_ten_thousand_scenarios'
  const test = values.mutations ? mutations : values.tell ? 'tell_story' : 'simulate'
  const args = ['test', '--quiet', `simulation::tests::${test}`, '--', '--exact', '--ignored', '--nocapture']
  const given = [...NUMBERS, 'provider'].map((name) => [`SIMULATE_${name.toUpperCase()}`, values[name] ?? ''])
  const env = { ...process.env, ...Object.fromEntries(given), SIMULATE_SHRINK: values.shrink ? 'yes' : '' }
  process.exitCode = spawnSync('cargo', args, { stdio: 'inherit', env }).status ?? 1
})
