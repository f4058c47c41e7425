// Writes the packages into folders as they are published, and packs them.
import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { NOTICES, publishedPlatform, publishedRoot } from './manifests.mjs'
import { thirdPartyNotices } from './notices.mjs'
import { npm } from './npm.mjs'

/** Writes the root package into `folder`. */
export async function stageRoot(root, folder) {
  await mkdir(folder, { recursive: true })
  await writeManifest(folder, publishedRoot(root))
  for (const file of root.files) await cp(join(ROOT, file), join(folder, file), { recursive: true })
}

/** Writes a platform package into `folder`; `place(path)` puts the addon there. */
export async function stagePlatform(root, { platform, addon }, folder, place) {
  await mkdir(folder, { recursive: true })
  const own = JSON.parse(await readFile(join(ROOT, 'npm', platform, 'package.json'), 'utf8'))
  await writeManifest(folder, publishedPlatform(own, root))
  await writeFile(join(folder, 'README.md'), readme(root, platform))
  // Each tarball is a copy, and the licence has to go with each.
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  await writeFile(join(folder, NOTICES), await thirdPartyNotices())
  await place(join(folder, addon))
}

/** `npm pack`. @returns {Promise<{ name: string, version: string, file: string, integrity: string, size: number }>} */
export async function pack(folder, destination) {
  await mkdir(destination, { recursive: true })
  // npm runs in the folder that it packs.
  const out = resolve(destination)
  const parameters = ['pack', '--json', '--ignore-scripts', '--pack-destination', out]
  const { stdout } = await npm(parameters, { cwd: folder, failure: `npm pack failed in ${folder}.` })
  const [{ name, version, filename, size }] = JSON.parse(stdout)
  // npm 12 and later may keep the scope's `@` and `/` in what they report.
  const file = filename.replace(/^@/, '').replaceAll('/', '-')
  if (file !== filename) await rename(join(out, filename), join(out, file))
  return { name, version, file, integrity: await integrityOf(join(out, file)), size }
}

/** Returns the integrity, as npm and the registry write it. */
export async function integrityOf(path) {
  return `sha512-${createHash('sha512').update(await readFile(path)).digest('base64')}`
}

function readme({ name, homepage }, platform) {
  const text = `The prebuilt binary of [\`${name}\`](${homepage}) for ${platform}. Install that package: it brings this one.`
  return `# \`${name}-${platform}\`\n\n${text}\n`
}

const writeManifest = (folder, manifest) =>
  writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
