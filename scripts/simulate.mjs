#!/usr/bin/env node
// Plays scenarios of the simulation on all cores (docs/contributing/simulation.md).
//
//   npm run simulate -- --scenarios 1000000 --seed 7 [--provider railway] [--threads 2]
//   npm run simulate -- --tell --provider railway --seed 4711      the story of one scenario; with --shrink of the
//                                                                  smallest scenario in it that fails
//   npm run simulate -- --mutations                                whether every deliberate defect is found
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

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

for (const name of ['scenarios', 'seed', 'threads', 'failures']) {
  if (values[name] !== undefined && !/^\d+$/.test(values[name])) fail(`--${name} must be a whole number`)
}
if (values.provider !== undefined && !PROVIDERS.includes(values.provider)) {
  fail(`--provider must be one of ${PROVIDERS.join(', ')}`)
}
if (values.tell && values.provider === undefined) fail('--tell needs --provider')

const tests = {
  mutations: 'every_deliberate_defect_is_found_within_ten_thousand_scenarios',
  tell: 'tell_story',
  simulate: 'simulate',
}
const test = values.mutations ? tests.mutations : values.tell ? tests.tell : tests.simulate
const args = ['test', '--quiet', `simulation::tests::${test}`]
const { status } = spawnSync('cargo', [...args, '--', '--exact', '--ignored', '--nocapture'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    SIMULATE_SCENARIOS: values.scenarios,
    SIMULATE_SEED: values.seed,
    SIMULATE_PROVIDER: values.provider ?? '',
    SIMULATE_THREADS: values.threads ?? '',
    SIMULATE_FAILURES: values.failures ?? '',
    SIMULATE_SHRINK: values.shrink ? 'yes' : '',
  },
})
process.exit(status ?? 1)
