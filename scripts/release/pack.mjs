#!/usr/bin/env node
// node scripts/release/pack.mjs --artifacts FOLDER --out FOLDER [--rehearsal]
//   packs the nine packages from the addons found below FOLDER, each of which has to pass its checks.
//   --rehearsal   also accepts an addon that does not pass, such as one built for this machine alone, and puts a
//                 placeholder into a package without an addon. publish.mjs refuses both.
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../lib/failure.mjs'
import { filesBelow, inNewFolder } from '../lib/files.mjs'
import { checkArtifact } from '../targets/check.mjs'
import { select } from '../targets/list.mjs'
import { platformsOf, readRootManifest } from './manifests.mjs'
import { writeRelease } from './release-file.mjs'
import { pack, stagePlatform, stageRoot } from './stage.mjs'

const PLACEHOLDER = 'Not built: this package is part of a rehearsal.\n'
const USAGE = 'usage: pack.mjs --artifacts FOLDER --out FOLDER [--rehearsal]'

await runMain(async () => {
  const options = { artifacts: { type: 'string' }, out: { type: 'string' }, rehearsal: { type: 'boolean' } }
  const { values } = parseArgs({ options })
  if (!values.artifacts || !values.out) throw new Failure(USAGE, 2)
  const root = await readRootManifest()
  const addons = await findAddons(values.artifacts)
  const missing = platformsOf(root).filter(({ addon }) => !addons.has(addon))
  if (missing.length > 0 && !values.rehearsal) {
    throw new Failure(`Missing below ${values.artifacts}: ${missing.map(({ addon }) => addon).join(', ')}.`)
  }
  await inNewFolder('pack', (staging) => packAll(root, addons, staging, values))
})

async function packAll(root, addons, staging, { out, rehearsal }) {
  const packages = await Promise.all(
    platformsOf(root).map(async (platform) => {
      const from = addons.get(platform.addon)
      const addon = from ? await stateOf(platform, from, rehearsal) : 'placeholder'
      const folder = join(staging, platform.platform)
      await stagePlatform(root, platform, folder, (to) => (from ? copyFile(from, to) : writeFile(to, PLACEHOLDER)))
      return { ...(await pack(folder, out)), addon }
    }),
  )
  const folder = join(staging, 'root')
  await stageRoot(root, folder)
  packages.push(await pack(folder, out))
  await writeRelease(out, packages)
  for (const { file, size, addon = '' } of packages) console.log(`${String(size).padStart(8)}  ${file}  ${addon}`)
}

async function stateOf(platform, path, rehearsal) {
  const { problems } = checkArtifact(...select([platform.target]), await readFile(path))
  if (problems.length === 0) return 'checked'
  const text = `${platform.addon} ${problems.join('; ')}`
  if (!rehearsal) throw new Failure(`Not to be published: ${text}`)
  console.log(`In a rehearsal only: ${text}`)
  return 'unchecked'
}

async function findAddons(folder) {
  const found = new Map()
  for (const path of (await filesBelow(folder)).filter((path) => path.endsWith('.node'))) {
    const name = basename(path)
    if (found.has(name)) throw new Failure(`There is more than one ${name} below ${folder}.`)
    found.set(name, join(folder, path))
  }
  return found
}
