#!/usr/bin/env node
// npm run build:all                                 every target, into `artifacts`; checks each
// npm run build:all -- linux-x64-musl …             only these; Rust's names will do as well
// npm run build:all -- --test-hooks linux-x64-musl  with the exports for tests, into `artifacts/test-hooks`
// npm run build:all -- --list                       as JSON: what is built, and on which of GitHub's machines
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { Failure, runMain } from './lib/failure.mjs'
import { requireToolchain } from './lib/toolchain.mjs'
import { buildTarget } from './targets/build.mjs'
import { checkArtifact } from './targets/check.mjs'
import { artifactName, select } from './targets/list.mjs'
import { table } from './targets/table.mjs'

await runMain(async () => {
  const options = { list: { type: 'boolean' }, 'test-hooks': { type: 'boolean' } }
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const targets = select(positionals)
  if (values.list) {
    const listed = targets.map((target) => ({ ...target, artifact: artifactName(target) }))
    return console.log(JSON.stringify(listed, ['triple', 'name', 'artifact', 'runner']))
  }
  await requireToolchain()
  if (values['test-hooks']) {
    for (const target of targets) console.log(await buildTarget(target, { testHooks: true }))
    return
  }
  const rows = []
  let broken = 0
  for (const target of targets) {
    const start = performance.now()
    console.log(`\n=== ${target.triple}`)
    const { facts, problems } = checkArtifact(target, await readFile(await buildTarget(target)))
    const seconds = Math.round((performance.now() - start) / 1000)
    rows.push({ artifact: artifactName(target), ...facts, seconds, result: problems.join('; ') || 'good' })
    broken += problems.length
  }
  console.log(`\n${table(rows)}`)
  if (broken > 0) throw new Failure('Not every artifact is as it should be.')
})
