#!/usr/bin/env node
// node scripts/release/check-tag.mjs TAG: checks that the tag is that of the checkout's version in all files, and that
// the changelog has a section on it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { expectSame } from './expectations.mjs'
import { platformsOf, readRootManifest } from './manifests.mjs'

await runMain(async () => {
  const [tag] = process.argv.slice(2)
  const root = await readRootManifest()
  const { version } = root
  if (tag !== `v${version}`) throw new Failure(`The tag is ${tag}, and the version is ${version}.`)
  const text = (name) => readFile(join(ROOT, name), 'utf8')
  expectSame('Cargo.toml', /^version = "([^"]*)"$/m.exec(await text('Cargo.toml'))?.[1], version)
  expectSame('package-lock.json', JSON.parse(await text('package-lock.json')).version, version)
  for (const { platform } of platformsOf(root)) {
    expectSame(`npm/${platform}`, JSON.parse(await text(`npm/${platform}/package.json`)).version, version)
  }
  const dated = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm')
  if (!dated.test(await text('CHANGELOG.md'))) throw new Failure(`CHANGELOG.md has no dated section on ${version}.`)
  console.log(`${tag}: the same version everywhere`)
})
