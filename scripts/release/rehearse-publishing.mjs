// The publishing part of a rehearsal: an interrupted run, the run after it, and what must be refused.
import assert from 'node:assert/strict'
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { capture } from '../lib/run.mjs'
import { readRootManifest } from './manifests.mjs'
import { npm } from './npm.mjs'
import { publishedIntegrity } from './registry.mjs'
import { readRelease } from './release-file.mjs'
import { pack, stageRoot } from './stage.mjs'

const PUBLISH = join(ROOT, 'scripts', 'release', 'publish.mjs')

export async function rehearsePublishing({ folder, packed, registry }) {
  const packages = await readRelease(packed)
  const total = packages.length
  const userconfig = join(folder, 'publisher.npmrc')
  await writeFile(userconfig, `${registry.url.replace('http:', '')}:_authToken=${registry.token}\n`)
  const settings = { npm_config_userconfig: userconfig, npm_config_cache: join(folder, 'publisher-cache') }
  // In the folder from which the workflow runs it.
  const options = { env: { ...process.env, ...settings }, cwd: folder }
  const run = (...parameters) => capture(process.execPath, [PUBLISH, ...parameters], options)
  const publish = (from, ...further) =>
    run(basename(from), '--registry', registry.url, '--without-provenance', ...further)

  if (packages.slice(0, -1).some(({ addon }) => addon !== 'checked')) {
    // npm's registry, for which there are no credentials here. The script refuses before it sends a request.
    const { ok, output } = await run(packed, '--registry', 'https://registry.invalid')
    assert.ok(!ok)
    assert.match(output, /Not to be published, for want of a checked addon/)
    console.log('What is not checked is refused for a registry that is not on this machine.')
  }

  // As if a run had been interrupted after two packages.
  const already = packages.slice(0, 2)
  for (const { file } of already) {
    const parameters = ['publish', join(packed, file), '--registry', registry.url, '--no-provenance', '--tag', 'next']
    await npm(parameters, { ...options, failure: `${file} could not be published.` })
  }
  const platforms = await publish(packed, '--platforms-only')
  expectCounts(platforms, total - already.length - 1, already.length)
  const root = packages.at(-1)
  assert.equal(await publishedIntegrity(registry.url, root.name, root.version), undefined, 'the root comes last')
  console.log(`Goes on where a run broke off: ${already.length} of ${total} were there.`)
  expectCounts(await publish(packed), 1, total - 1)
  expectCounts(await publish(packed), 0, total)
  for (const { name, version, integrity } of packages) {
    assert.equal(await publishedIntegrity(registry.url, name, version), integrity, `${name} as it was packed`)
  }
  console.log('Once more: nothing to do, and the registry has each tarball bit by bit.')

  const other = await publish(await withOtherContents(folder, packed, root))
  assert.ok(!other.ok)
  assert.match(other.output, /is published already, with other contents/)
  console.log('Other contents under a published version are refused.')
}

function expectCounts({ ok, output, stdout }, published, before) {
  assert.ok(ok, output)
  assert.match(stdout, new RegExp(`Published ${published}, there before ${before}\\.`))
}

/** Makes the same release with one more line in a package. */
async function withOtherContents(folder, packed, packedRoot) {
  const [staging, other] = ['other', 'other-packed'].map((name) => join(folder, name))
  await cp(packed, other, { recursive: true })
  await stageRoot(await readRootManifest(), staging)
  await appendFile(join(staging, 'README.md'), '\nAnother line.\n')
  const { integrity } = await pack(staging, other)
  const list = join(other, 'release.json')
  await writeFile(list, (await readFile(list, 'utf8')).replace(packedRoot.integrity, integrity))
  return other
}
