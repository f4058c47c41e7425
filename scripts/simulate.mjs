#!/usr/bin/env node
// Plays scenarios of the simulation on all cores (docs/contributing/simulation.md).
//
//   npm run simulate -- --scenarios 1000000 --seed 7 [--provider railway] [--threads 2]
//   npm run simulate -- --tell --provider railway --seed 4711      the story of one scenario; with --shrink of the
//                                                                  smallest scenario in it that fails
//   npm run simulate -- --mutations                                whether every deliberate defect is found
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const NUMBERS = ['scenarios', 'seed', 'threads', 'failures']
const PROVIDERS = ['railway', 'render', 'namespace', 'vercel', 'docker']

const { values } = parseArgs({
  options: {
    scenarios: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '0' },
    provider: { type: 'string' },
    threads: { type: 'string' },
    failures: { type: 'string' },
    tell: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
  },
})

function fail(text) {
  console.error(text)
  process.exit(2)
}

for (const name of NUMBERS) {
  if (values[name] !== undefined && !/^\d+$/.test(values[name])) fail(`--${name} must be a whole number`)
}
if (values.provider !== undefined && !PROVIDERS.includes(values.provider)) {
  fail(`--provider must be one of ${PROVIDERS.join(', ')}`)
}
if (values.tell && values.provider === undefined) fail('--tell needs --provider')

const mutations = 'every_deliberate_defect_is_found_within_ten_thousand_scenarios'
const test = values.mutations ? mutations : values.tell ? 'tell_story' : 'simulate'
const args = ['test', '--quiet', `simulation::tests::${test}`]
const given = [...NUMBERS, 'provider'].map((name) => [`SIMULATE_${name.toUpperCase()}`, values[name] ?? ''])
const { status } = spawnSync('cargo', [...args, '--', '--exact', '--ignored', '--nocapture'], {
  stdio: 'inherit',
  env: { ...process.env, ...Object.fromEntries(given), SIMULATE_SHRINK: values.shrink ? 'yes' : '' },
})
process.exit(status ?? 1)
