#!/usr/bin/env node
// npm run check:load                        every row of scripts/load/rows.mjs, with the artifacts that exist
// npm run check:load -- node-22 bun …       only these rows
// npm run check:load -- --only smoke …      of each row only this: smoke, panic, suite, demo
// npm run check:load -- --list              the rows
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from './lib/failure.mjs'
import { CHECKS } from './load/checks.mjs'
import { programOf } from './load/program.mjs'
import { select } from './load/rows.mjs'
import { ARTIFACTS } from './targets/build.mjs'
import { artifactName, select as selectTargets } from './targets/list.mjs'
import { table } from './targets/table.mjs'

await runMain(async () => {
  const options = { list: { type: 'boolean' }, only: { type: 'string', multiple: true } }
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const unknown = values.only?.find((name) => !Object.hasOwn(CHECKS, name))
  if (unknown) throw new Failure(`unknown check: ${unknown} (known: ${Object.keys(CHECKS).join(', ')})`, 2)
  const rows = select(positionals)
  if (values.list) return console.log(table(rows.map(describe)))
  const results = []
  for (const row of rows) results.push(await load(row, values.only ?? row.does))
  console.log(`\n${table(results)}`)
  if (results.some(({ result }) => result !== 'good')) throw new Failure('Not every row is good.')
})

async function load(row, checks) {
  const [target] = selectTargets([row.target])
  const artifact = join(ARTIFACTS, artifactName(target))
  if (!existsSync(artifact)) throw new Failure(`Not built: ${artifact}\nnpm run build:all -- ${row.target}`)
  const program = await programOf(row)
  const report = { ...describe(row), version: program.version, did: '', seconds: 0, result: 'good' }
  const start = performance.now()
  const done = []
  for (const name of checks.filter((name) => row.does.includes(name))) {
    console.log(`\n=== ${row.name}: ${name}`)
    try {
      done.push(await CHECKS[name]({ ...row, ...program, target, artifact }))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      console.error(error.message)
      report.result = `${name} failed`
    }
  }
  return { ...report, did: done.join(', '), seconds: Math.round((performance.now() - start) / 1000) }
}

function describe({ name, target, runtime, emulator }) {
  return { row: name, artifact: target, runtime: runtime ?? 'this Node', emulator: emulator ?? '' }
}
