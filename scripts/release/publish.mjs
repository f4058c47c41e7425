#!/usr/bin/env node
// node scripts/release/publish.mjs FOLDER [--registry URL] [--platforms-only] [--without-provenance]
//   publishes the packages that pack.mjs has put into FOLDER. After a failure it can run again, and continues.
//   --platforms-only       all but the root package
//   --without-provenance   outside of GitHub Actions, where npm cannot make one: docs/contributing/releasing.md
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../lib/failure.mjs'
import { run } from '../lib/run.mjs'
import { compareVersions } from '../lib/versions.mjs'
import { findNpm, npm } from './npm.mjs'
import { publishAll } from './publisher.mjs'
import { isRehearsal, NPM_REGISTRY, publishedIntegrity } from './registry.mjs'
import { readRelease, requireCheckedAddons } from './release-file.mjs'

/** The first version of npm that publishes without a token: https://docs.npmjs.com/trusted-publishers */
const NPM_NEEDED = '11.5.1'

await runMain(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      registry: { type: 'string', default: NPM_REGISTRY },
      'platforms-only': { type: 'boolean' },
      'without-provenance': { type: 'boolean' },
    },
  })
  const [folder] = positionals
  if (positionals.length !== 1) throw new Failure('usage: publish.mjs FOLDER [options, as its first lines say]', 2)
  const { registry } = values
  const packages = await readRelease(folder)
  if (!isRehearsal(registry)) {
    requireCheckedAddons(packages)
    await requireNpm()
  }
  const wanted = values['platforms-only'] ? packages.slice(0, -1) : packages
  const { published, skipped } = await publishAll(wanted, {
    look: ({ name, version }) => publishedIntegrity(registry, name, version),
    publish: (packed) => publish(folder, packed, registry, values['without-provenance']),
    report: console.log,
  })
  console.log(`Published ${published.length}, there before ${skipped.length}.`)
})

async function publish(folder, { file, version }, registry, withoutProvenance) {
  // npm may read a relative path as a repository on GitHub.
  const parameters = ['publish', resolve(folder, file), '--access', 'public', '--registry', registry]
  // Without a tag npm refuses a pre-release, because it would become the default version.
  if (version.includes('-')) parameters.push('--tag', 'next')
  if (withoutProvenance) parameters.push('--no-provenance')
  // At a terminal npm asks for a second factor.
  if (process.stdin.isTTY) {
    const atTerminal = run(process.execPath, [await findNpm(), ...parameters], { what: 'npm' })
    return atTerminal.then(() => ({ ok: true }), ({ message }) => ({ ok: false, output: message }))
  }
  const result = await npm(parameters)
  console.log(result.output.trimEnd())
  return result
}

async function requireNpm() {
  const present = (await npm(['--version'])).stdout.trim()
  if (compareVersions(present, NPM_NEEDED) >= 0) return
  throw new Failure(`npm ${NPM_NEEDED} or newer is needed, and this is ${present}.`)
}
