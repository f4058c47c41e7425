#!/usr/bin/env node
// npm run release:version -- 1.2.3
//   Writes the version into all files that have it, and dates the changelog's open section. The addon takes it from
//   Cargo.toml. Commits nothing. By npm (package.json, package-lock.json), napi (npm/*, as npm's `version` script),
//   cargo (Cargo.lock) and keep-a-changelog, which leaves hand-written text as it is.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { readRootManifest } from './manifests.mjs'
import { findNpm } from './npm.mjs'
import { installTools, toolOf } from './tools.mjs'

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$/

await runMain(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [version = ''] = positionals
  if (!VERSION.test(version)) throw new Failure('usage: npm run release:version -- 1.2.3', 2)
  await installTools()
  const inRoot = (what, program, parameters) => run(program, parameters, { cwd: ROOT, what })

  // First, because it refuses a version without an entry in the changelog.
  const url = (await readRootManifest()).homepage.replace(/#.*/, '')
  const dated = ['--release', '--version', version, '--format', 'markdownlint', '--url', url]
  await inRoot('keep-a-changelog', process.execPath, [toolOf('keep-a-changelog', 'bin.js'), ...dated])
  const bump = ['version', version, '--no-git-tag-version', '--allow-same-version']
  await inRoot('npm version', process.execPath, [await findNpm(), ...bump])
  const path = join(ROOT, 'Cargo.toml')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/^version = "[^"]*"$/m, `version = "${version}"`))
  await inRoot('cargo update', 'cargo', ['update', '--workspace', '--offline'])
  console.log(`\nNow ${version}. Read the changes, then commit them and tag the commit v${version}: docs/contributing/releasing.md`)
})
