#!/usr/bin/env node
// npm run smoke                      packs the root and the addon that is built here as they would be published,
// npm run smoke -- --packed FOLDER   or takes what `npm run release:pack` has put into FOLDER,
// installs both into an empty folder without a registry and without Rust, and uses them there in every way.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { ADDON, PLATFORM } from '../../scripts/lib/paths.mjs'
import { platformsOf, readRootManifest } from '../../scripts/release/manifests.mjs'
import { findNpm } from '../../scripts/release/npm.mjs'
import { readRelease } from '../../scripts/release/release-file.mjs'
import { pack, stagePlatform, stageRoot } from '../../scripts/release/stage.mjs'
import { bareEnvironment, must, report } from './bare.mjs'
import { installAndUse } from './uses.mjs'

await runMain(async () => {
  const { values } = parseArgs({ options: { packed: { type: 'string' } } })
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gateway-smoke-')))
  try {
    const tarballs = values.packed ? await released(resolve(values.packed)) : await packHere(folder)
    await smoke(folder, tarballs)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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

async function packHere(folder) {
  if (!existsSync(ADDON)) throw new Failure('The addon is not built: run `npm run build` first.')
  const root = await readRootManifest()
  const platform = platformsOf(root).find((each) => each.platform === PLATFORM)
  if (!platform) throw new Failure(`No package is published for ${PLATFORM}.`)
  const staged = { root: join(folder, 'root'), platform: join(folder, 'platform') }
  await stageRoot(root, staged.root)
  await stagePlatform(root, platform, staged.platform, (to) => copyFile(ADDON, to))
  const packed = join(folder, 'packed')
  const tarballs = []
  for (const from of [staged.root, staged.platform]) {
    const { file, size } = await pack(from, packed)
    report('packed', `${file}, ${size} bytes`)
    tarballs.push(join(packed, file))
  }
  return tarballs
}
