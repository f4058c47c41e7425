#!/usr/bin/env node
// node scripts/release/notes.mjs: prints the changelog's section on the version of this checkout, for the release on
// GitHub. Fails if there is none, or if it has no date yet.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { readRootManifest } from './manifests.mjs'
import { installTools } from './tools.mjs'

await runMain(async () => {
  await installTools()
  const { parser } = await import('keep-a-changelog')
  const { version } = await readRootManifest()
  const { releases } = parser(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'))
  const release = releases.find((each) => each.version === version)
  if (!release?.date) throw new Failure(`CHANGELOG.md has no dated section on ${version}.`)
  console.log(release.toString().replace(/^## .*\n/, '').trim())
})
