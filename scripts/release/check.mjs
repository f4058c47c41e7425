#!/usr/bin/env node
// node scripts/release/check.mjs FOLDER: checks the tarballs that pack.mjs has put there: their manifests and files,
// then publint on each, then Are The Types Wrong on the root package.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { capture } from '../lib/run.mjs'
import { expectPlatform, expectRoot } from './expectations.mjs'
import { platformsOf, readRootManifest } from './manifests.mjs'
import { readRelease } from './release-file.mjs'
import { readTarball } from './tarball.mjs'
import { installTools, toolOf } from './tools.mjs'

await runMain(async () => {
  const [folder] = process.argv.slice(2)
  if (!folder) throw new Failure('usage: check.mjs FOLDER', 2)
  const checkout = await readRootManifest()
  const packages = await readRelease(folder)
  const platforms = platformsOf(checkout)
  for (const [index, { file }] of packages.entries()) {
    const files = await readTarball(join(folder, file))
    const manifest = JSON.parse(files.get('package.json').toString())
    const platform = platforms[index]
    if (platform) expectPlatform(manifest, files.keys(), platform, checkout)
    else expectRoot(manifest, files.keys(), checkout)
  }
  console.log(`${packages.length} manifests and lists of files: ok`)

  await installTools()
  for (const { name, file } of packages) await lint(name, join(folder, file))
  await checkTypes(join(folder, packages.at(-1).file))
  console.log('Packed packages: ok')
})

/** A suggestion is a failure, too: there is none so far, and each is easy to follow. */
async function lint(name, tarball) {
  const [{ publint }, { formatMessage }] = await Promise.all([import('publint'), import('publint/utils')])
  const { buffer, byteOffset, byteLength } = await readFile(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) } })
  if (messages.length === 0) return console.log(`publint: ok  ${name}`)
  const lines = messages.map((message) => `${message.type}: ${formatMessage(message, pkg, { color: false })}`)
  throw new Failure(`${name}\n${lines.join('\n')}\npublint has found something.`)
}

async function checkTypes(tarball) {
  const parameters = [toolOf('@arethetypeswrong/cli', 'dist/index.js'), tarball]
  await capture(process.execPath, parameters, { failure: 'Are The Types Wrong has found something.' })
  console.log('attw: ok')
}
