#!/usr/bin/env node
// npm run release:rehearse [-- --artifacts FOLDER] [--managers npm,pnpm,…]
//   Runs a whole release with a registry on this machine instead of npm's: packs, checks the tarballs, publishes them
//   with the script of a real release, and installs from there as users do. A package without an addon holds a
//   placeholder, but the addon for this machine must exist. `--artifacts` defaults to the builds in the checkout.
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../lib/failure.mjs'
import { inNewFolder } from '../lib/files.mjs'
import { ADDON, ADDON_NAME, ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { startRegistry } from './local-registry.mjs'
import { MANAGERS } from './managers.mjs'
import { rehearseInstalls } from './rehearse-installs.mjs'
import { rehearsePublishing } from './rehearse-publishing.mjs'
import { installTools } from './tools.mjs'

const heading = (text) => console.log(`\n=== ${text}`)

await runMain(async () => {
  const { values } = parseArgs({ options: { artifacts: { type: 'string' }, managers: { type: 'string' } } })
  const managers = values.managers?.split(',') ?? Object.keys(MANAGERS)
  const unknown = managers.filter((name) => !Object.hasOwn(MANAGERS, name))
  if (unknown.length > 0) throw new Failure(`unknown: ${unknown.join(', ')} (known: ${Object.keys(MANAGERS)})`, 2)
  await inNewFolder('rehearsal', async (folder) => {
    await rehearse(folder, values.artifacts ?? (await artifactsOfCheckout(folder)), managers)
  })
  console.log('\nThe rehearsal went well.')
})

async function rehearse(folder, artifacts, managers) {
  const packed = join(folder, 'packed')
  const script = (name, ...parameters) => {
    const what = `${name} ${parameters.join(' ')}`
    return run(process.execPath, [join(ROOT, 'scripts', 'release', name), ...parameters], { what })
  }
  heading('Pack')
  await script('pack.mjs', '--artifacts', artifacts, '--out', packed, '--rehearsal')
  heading('Check what was packed')
  await script('check.mjs', packed)
  await installTools()
  const registry = await startRegistry(join(folder, 'registry'))
  try {
    heading('Publish')
    await rehearsePublishing({ folder, packed, registry })
    for (const manager of managers) {
      heading(`Install by ${manager}`)
      await rehearseInstalls(manager, { folder, packed, registry })
    }
  } finally {
    await registry.close()
  }
}

async function artifactsOfCheckout(folder) {
  const artifacts = join(folder, 'artifacts')
  await mkdir(artifacts)
  await copyFile(ADDON, join(artifacts, ADDON_NAME)).catch(() => {
    throw new Failure('The addon is not built: run `npm run build` first.')
  })
  return artifacts
}
