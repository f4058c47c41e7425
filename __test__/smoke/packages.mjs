// Packs the root and one platform's package, as they are published.
import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../../scripts/lib/failure.mjs'
import { ADDON, PLATFORM } from '../../scripts/lib/paths.mjs'
import { platformsOf, readRootManifest } from '../../scripts/release/manifests.mjs'
import { pack, stagePlatform, stageRoot } from '../../scripts/release/stage.mjs'
import { report } from './bare.mjs'

/**
 * @param {string} folder for all that is written
 * @param {{ platform?: string, addon?: string }} [of] this machine's without it
 * @returns {Promise<string[]>} the paths of the tarballs
 */
export async function packFor(folder, { platform: name = PLATFORM, addon = ADDON } = {}) {
  if (!existsSync(addon)) throw new Failure(`${addon} is missing: run \`npm run build\` first.`)
  const root = await readRootManifest()
  const platform = platformsOf(root).find((each) => each.platform === name)
  if (!platform) throw new Failure(`No package is published for ${name}.`)
  const staged = { root: join(folder, 'root'), platform: join(folder, 'platform') }
  await stageRoot(root, staged.root)
  await stagePlatform(root, platform, staged.platform, (to) => copyFile(addon, to))
  const packed = join(folder, 'packed')
  const tarballs = []
  for (const from of [staged.root, staged.platform]) {
    const { file, size } = await pack(from, packed)
    report('packed', `${file}, ${size} bytes`)
    tarballs.push(join(packed, file))
  }
  return tarballs
}
