#!/usr/bin/env node
// npm run check:artifacts                            all of `artifacts`; it must hold every target
// npm run check:artifacts -- linux-x64-gnu …         only these
// npm run check:artifacts -- linux-x64-gnu=FILE      a file in another folder
// npm run check:artifacts -- --plain …              what `npm run build` makes: it may need what this machine has
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from './lib/failure.mjs'
import { ARTIFACTS } from './targets/build.mjs'
import { checkArtifact } from './targets/check.mjs'
import { artifactName, select } from './targets/list.mjs'
import { table } from './targets/table.mjs'

await runMain(async () => {
  const options = { plain: { type: 'boolean', default: false } }
  const { values, positionals: words } = parseArgs({ allowPositionals: true, options })
  const files = new Map(words.filter((word) => word.includes('=')).map((word) => word.split(/=(.*)/s)))
  const rows = []
  const found = []
  for (const target of select(words.map((word) => word.split('=')[0]))) {
    const path = files.get(target.name) ?? files.get(target.triple) ?? join(ARTIFACTS, artifactName(target))
    if (!existsSync(path)) throw new Failure(`Not built: ${path}`)
    const { facts, problems } = checkArtifact(target, await readFile(path), values)
    rows.push({ artifact: artifactName(target), ...facts, result: problems.length === 0 ? 'good' : 'BROKEN' })
    found.push(...problems.map((problem) => `BROKEN  ${artifactName(target)} ${problem}`))
  }
  console.log([table(rows), ...found].join('\n'))
  if (found.length > 0) throw new Failure('Not every artifact is as it should be.')
})
