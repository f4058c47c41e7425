#!/usr/bin/env node
// npm run bench                          everything, in minutes
// npm run bench -- --quick               the same in seconds, for a look and as a test of the benchmarks
// npm run bench -- --only burst,memory   only steps with one of these words in their names
// npm run bench -- --build o3=FILE       another build beside the one here: an addon, or the index.js of another checkout that
//                                        is built; may be repeated
// npm run bench -- --http2               a build with HTTP/2 too, for the measures over TLS; takes minutes to build
// npm run bench -- --rounds 3            how often all of it is measured; default 5
// npm run bench -- --json FILE           where the figures go; default target/bench/results.json
//
// What the figures mean: docs/contributing/performance.md
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { build } from '../scripts/lib/addon.mjs'
import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { measure } from './lib/child.mjs'
import { candidates as makeCandidates } from './lib/candidates.mjs'
import { checkGoals } from './lib/goals.mjs'
import { buildWithHttp2 } from './lib/http2.mjs'
import { importCost, timeImports } from './lib/imports.mjs'
import { bareClient, buildLoad, startLoad, TARGET } from './lib/load.mjs'
import { describeMachine } from './lib/machine.mjs'
import { makePlan } from './lib/plan.mjs'
import { QuietWatch } from './lib/quiet.mjs'
import { goalsTable, importsTable, measuresTable } from './lib/report.mjs'
import { Results } from './lib/results.mjs'

/** Of the right form; the load server looks only whether there is one. */
const API_KEY = '0123456789abcdef0123456789abcdef'

await runMain(async () => {
  const options = readArguments()
  const machine = await describeMachine()
  await prepare()
  const candidates = makeCandidates({ ...options, http2Build: options.http2 && (await buildWithHttp2()) })
  const plan = makePlan(options)
  const { starts, steps: all } = plan
  const rounds = options.rounds ?? plan.rounds
  const isWanted = (key) => options.only.length === 0 || options.only.some((word) => key.includes(word))
  const steps = all.filter(({ key }) => isWanted(key))
  const results = new Results()
  const imports = {}
  const quiet = new QuietWatch()

  const load = await startLoad()
  try {
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`round ${round} of ${rounds}\n`)
      if (isWanted('import')) timeImports(imports, starts)
      for (const step of steps) {
        quiet.look()
        await runStep(step, { candidates, load, results, round })
      }
    }
  } finally {
    await load.close()
  }

  const importMilliseconds = isWanted('import') ? importCost(imports, 'addon') : Number.NaN
  const goals = checkGoals(results, importMilliseconds)
    .filter(({ value }) => !Number.isNaN(value))
  print({ machine, results, steps, candidates, imports, goals, quiet })
  await mkdir(dirname(options.json), { recursive: true })
  const record = { machine, quick: options.quick, rounds, goals, imports, spread: quiet.spread, samples: results.samples }
  await writeFile(options.json, `${JSON.stringify(record, null, 2)}\n`)
  process.stderr.write(`All figures: ${options.json}\n`)
})

function readArguments() {
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    build: { type: 'string', multiple: true, default: [] },
    http2: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'string', default: join(TARGET, 'results.json') },
  }
  try {
    const { values } = parseArgs({ options })
    const builds = values.build.map((text) => {
      const [name, file] = text.split('=')
      if (!file) throw new Error(`--build NAME=FILE, not ${text}`)
      return [name, resolve(file)]
    })
    return {
      quick: values.quick,
      only: values.only.split(',').filter(Boolean),
      builds: Object.fromEntries(builds),
      http2: values.http2,
      rounds: values.rounds && countOf(values.rounds),
      json: resolve(values.json),
    }
  } catch (error) {
    throw new Failure(error.message, 2)
  }
}

function countOf(text) {
  if (!/^[1-9]\d?$/.test(text)) throw new Error(`--rounds 1 to 99, not ${text}`)
  return Number(text)
}

/** An unoptimised build would do for tests and be worthless here, so cargo is asked each time. */
async function prepare() {
  await buildLoad()
  if (!process.env.NAPI_RS_NATIVE_LIBRARY_PATH) await build('release')
}

async function runStep({ key, place, job, environmentId, bare, newer, ours, measure: name }, { candidates, load, ...rest }) {
  const { results, round } = rest
  const baseUrl = load.addresses[place]
  const config = { apiKey: API_KEY, projectId: environmentId, environmentId, baseUrl }
  const isTaking = (candidate) => (newer || !candidate.newer) && (!ours || candidate.module === 'addon')
  const taking = candidates.filter(isTaking)
  // Not always the same one first after the pause between two steps.
  const turn = round % taking.length
  for (const candidate of [...taking.slice(turn), ...taking.slice(0, turn)]) {
    const authority = baseUrl.startsWith('https:') ? load.authority : undefined
    const sample = await measure(candidate, { measure: name, ...job, config }, authority)
    results.add(key, candidate.id, sample)
  }
  if (bare) results.add(key, 'bare', await bareClient(baseUrl, job.abreast, job.seconds))
}

function print({ machine, results, steps, candidates, imports, goals, quiet }) {
  const lines = Object.entries(machine).map(([name, value]) => `${name.padEnd(18)}  ${value}`)
  console.log(`${lines.join('\n')}\n`)
  console.log(`${measuresTable(results, steps, candidates)}\n`)
  if (imports.addon) console.log(`${importsTable(imports)}\n`)
  console.log(goalsTable(goals, quiet.isQuiet))
  if (quiet.warning) console.log(`\n${quiet.warning}`)
}
