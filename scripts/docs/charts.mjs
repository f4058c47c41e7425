#!/usr/bin/env node
// npm run docs:charts: draws the charts of the documents (docs/charts) from the results of `npm run bench` and
// `npm run simulate`. Leaves a chart as it is if its results are missing, and says so.
//   --bench FILE        the benchmark's results; default target/bench/results.json
//   --simulation FILE   the simulator's; default target/simulation/results.json
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { drawSettleTimes } from './settle-times.mjs'
import { drawSpeed } from './speed.mjs'

const CHARTS = join(ROOT, 'docs', 'charts')

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      bench: { type: 'string', default: join(ROOT, 'target', 'bench', 'results.json') },
      simulation: { type: 'string', default: join(ROOT, 'target', 'simulation', 'results.json') },
    },
  })
  await mkdir(CHARTS, { recursive: true })
  await draw('speed.svg', values.bench, drawSpeed, 'npm run bench')
  await draw('settle-times.svg', values.simulation, drawSettleTimes, 'npm run simulate')
})

async function draw(name, file, drawChart, command) {
  const path = resolve(file)
  if (!existsSync(path)) return console.log(`${name}: left as it is. ${path} is missing; ${command} writes it.`)
  const text = await readFile(path, 'utf8')
  let svg
  try {
    svg = drawChart(JSON.parse(text))
  } catch (error) {
    throw new Failure(`${path}: ${error.message}`)
  }
  await writeFile(join(CHARTS, name), svg)
  console.log(`${name}: drawn from ${path}`)
}
