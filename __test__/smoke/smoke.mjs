#!/usr/bin/env node
// npm run smoke                      packs the root and the addon that is built here as they would be published,
// npm run smoke -- --packed FOLDER   or takes what `npm run release:pack` has put into FOLDER,
// installs both into an empty folder without a registry and without Rust, and uses them there in every way.
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { PLATFORM } from '../../scripts/lib/paths.mjs'
import { inNewFolder } from '../../scripts/lib/files.mjs'
import { findNpm } from '../../scripts/release/npm.mjs'
import { readRelease } from '../../scripts/release/release-file.mjs'
import { bareEnvironment, must } from './bare.mjs'
import { packFor } from './packages.mjs'
import { installAndUse } from './uses.mjs'

await runMain(async () => {
  const { values } = parseArgs({ options: { packed: { type: 'string' } } })
  await inNewFolder('smoke', async (folder) => {
    const tarballs = values.packed ? await released(resolve(values.packed)) : await packFor(folder)
    await smoke(folder, tarballs)
  })
  console.log('Smoke test passed.')
})

async function smoke(folder, tarballs) {
  const bare = await bareEnvironment(folder)
  const project = join(folder, 'project')
  await mkdir(project)
  const npm = await findNpm()
  const node = (what, parameters, { env } = {}) =>
    must(what, process.execPath, parameters, { cwd: project, env: { ...bare, ...env } })
  await installAndUse(project, {
    install: () => node('npm install', [npm, 'install', '--offline', '--no-audit', '--no-fund', ...tarballs]),
    node,
  })
}

/** The root and this machine's platform package, of a whole release. */
async function released(folder) {
  const packages = await readRelease(folder)
  const root = packages.at(-1)
  const own = packages.find(({ name }) => name === `${root.name}-${PLATFORM}`)
  if (own.addon === 'placeholder') throw new Failure(`${own.name} holds no addon.`)
  return [root, own].map(({ file }) => join(folder, file))
}
