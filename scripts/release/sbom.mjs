#!/usr/bin/env node
// npm run release:sbom -- FOLDER: writes the parts of the packages as CycloneDX: one document for the addon (every crate
// that is linked into a target), one for the npm package. Needs cargo-cyclonedx.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { npm } from './npm.mjs'

await runMain(async () => {
  const [folder] = process.argv.slice(2)
  if (!folder) throw new Failure('usage: npm run release:sbom -- FOLDER', 2)
  await mkdir(folder, { recursive: true })
  const addon = join(folder, 'addon.cdx.json')
  const parameters = ['cyclonedx', '--format', 'json', '--spec-version', '1.5', '--target', 'all', '--override-filename']
  await run('cargo', [...parameters, 'gateway-sbom'], { cwd: ROOT, what: 'cargo cyclonedx' })
  const made = join(ROOT, 'gateway-sbom.json')
  // The builder's name and folder do not belong into the document.
  await writeFile(addon, (await readFile(made, 'utf8')).replaceAll(ROOT, '/gateway'))
  await rm(made)

  const wanted = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only']
  const { stdout } = await npm(wanted, { cwd: ROOT, failure: 'npm sbom failed.' })
  const packageDocument = join(folder, 'package.cdx.json')
  await writeFile(packageDocument, stdout)
  for (const path of [addon, packageDocument]) {
    const { bomFormat, specVersion, components = [] } = JSON.parse(await readFile(path, 'utf8'))
    console.log(`${path}: ${bomFormat} ${specVersion}, ${components.length} components`)
  }
})
