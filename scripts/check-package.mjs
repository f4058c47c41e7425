#!/usr/bin/env node
// Checks what would be published, as far as the checkout shows it: the root's manifest and files, and the manifests of
// the eight platform packages. It is fast, and needs no other tools; `npm run release:check` checks packed tarballs.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from './lib/failure.mjs'
import { inNewFolder } from './lib/files.mjs'
import { ROOT } from './lib/paths.mjs'
import { expectNoScripts, expectPlatform, expectRoot, expectSame } from './release/expectations.mjs'
import { platformsOf, publishedPlatform, readRootManifest } from './release/manifests.mjs'
import { npm } from './release/npm.mjs'
import { stageRoot } from './release/stage.mjs'

const readJson = async (...path) => JSON.parse(await readFile(join(...path), 'utf8'))

await runMain(async () => {
  const checkout = await readRootManifest()
  checkCheckout(checkout)
  await inNewFolder('package', (folder) => checkRoot(checkout, folder))
  await checkPlatforms(checkout)
  console.log('Package contents: ok')
})

/** The fields of the published manifest that the committed one must not have. */
function checkCheckout({ name, scripts, optionalDependencies }) {
  expectNoScripts(`${name} in the checkout`, { scripts })
  // `npm ci` in a fresh clone would install versions that are not published yet.
  expectSame('committed optionalDependencies', Object.keys(optionalDependencies ?? {}), [])
}

async function checkRoot(checkout, folder) {
  await stageRoot(checkout, folder)
  const { stdout } = await npm(['pack', '--dry-run', '--json'], { cwd: folder, failure: 'npm pack failed.' })
  const [{ files, size, unpackedSize }] = JSON.parse(stdout)
  for (const { path, size: bytes } of files) console.log(`${String(bytes).padStart(8)}  ${path}`)
  console.log(`${String(unpackedSize).padStart(8)}  in all, ${size} packed`)
  expectRoot(await readJson(folder, 'package.json'), files.map(({ path }) => path), checkout)
}

async function checkPlatforms(checkout) {
  const platforms = platformsOf(checkout)
  const folders = await readdir(join(ROOT, 'npm'))
  expectSame('folders in npm', folders.sort(), platforms.map(({ platform }) => platform).sort())
  for (const platform of platforms) {
    const folder = join(ROOT, 'npm', platform.platform)
    const own = await readJson(folder, 'package.json')
    expectPlatform(publishedPlatform(own, checkout), undefined, platform, checkout)
    if (!existsSync(join(folder, 'README.md'))) throw new Failure(`npm/${platform.platform} has no README.md.`)
  }
  console.log(`${platforms.length} platform packages`)
}
