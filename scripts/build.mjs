#!/usr/bin/env node
// node scripts/build.mjs [release | debug | test-hooks]
import { build, kinds } from './lib/addon.mjs'
import { Failure, runMain } from './lib/failure.mjs'

await runMain(async () => {
  const kind = process.argv[2] ?? 'release'
  if (!kinds.includes(kind)) throw new Failure(`unknown build: ${kind} (known: ${kinds.join(', ')})`, 2)
  await build(kind)
})
