// What is packed for a release, and what must not be published of it.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { after, describe, it } from 'node:test'

import { ROOT } from '../../scripts/lib/paths.mjs'
import { capture } from '../../scripts/lib/run.mjs'
import { expectPlatform, expectRoot } from '../../scripts/release/expectations.mjs'
import { NOTICES, platformOf, platformsOf, publishedPlatform, publishedRoot } from '../../scripts/release/manifests.mjs'
import { thirdPartyNotices } from '../../scripts/release/notices.mjs'
import { readRelease, requireCheckedAddons, writeRelease } from '../../scripts/release/release-file.mjs'
import { integrityOf, pack, stageRoot } from '../../scripts/release/stage.mjs'
import { readTarball } from '../../scripts/release/tarball.mjs'
import { withFolder } from '../support/folder.mjs'

const checkout = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
const platforms = platformsOf(checkout)
const root = publishedRoot(checkout)
const rootFiles = ['package.json', ...checkout.files]

const folder = withFolder({ after })

/** A folder with nine tarballs that no test opens. */
async function packedRelease(name, change = (packages) => packages) {
  const out = join(folder, name)
  await mkdir(out)
  const names = [...platforms.map(({ platform }) => `${checkout.name}-${platform}`), checkout.name]
  const packages = await Promise.all(
    names.map(async (each) => {
      const file = `${each.replace(/^@/, '').replace('/', '-')}.tgz`
      await writeFile(join(out, file), each)
      const packed = { name: each, version: checkout.version, file, integrity: await integrityOf(join(out, file)) }
      return each === checkout.name ? packed : { ...packed, addon: 'checked' }
    }),
  )
  await writeRelease(out, change(packages))
  return out
}

describe('The packages of a release', () => {
  it('are called by npm as Node and napi-rs call their platforms', () => {
    assert.deepEqual(platformOf('aarch64-unknown-linux-musl'), {
      target: 'aarch64-unknown-linux-musl',
      platform: 'linux-arm64-musl',
      addon: 'gateway.linux-arm64-musl.node',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    })
    assert.equal(platformOf('x86_64-pc-windows-msvc').platform, 'win32-x64-msvc')
    assert.equal(platformOf('aarch64-apple-darwin').libc, undefined)
    assert.throws(() => platformOf('riscv64gc-unknown-linux-gnu'), /no platform is known/)
  })

  it('are named by the root package, each in its own version, and by no other field of the checkout', () => {
    expectRoot(root, rootFiles, checkout)
    assert.equal(Object.keys(root.optionalDependencies).length, 8)
    for (const key of ['scripts', 'devDependencies', 'overrides', 'napi']) assert.equal(root[key], undefined)
  })

  it('are refused with a root package that lacks a platform, a file, or has a file or a script too many', () => {
    const [first, ...others] = Object.entries(root.optionalDependencies)
    const lacking = { ...root, optionalDependencies: Object.fromEntries(others) }
    assert.throws(() => expectRoot(lacking, rootFiles, checkout), new RegExp(`optionalDependencies.*${first[0]}`))
    assert.throws(() => expectRoot(root, rootFiles.slice(0, -1), checkout), /files/)
    assert.throws(() => expectRoot(root, [...rootFiles, 'gateway.linux-x64-gnu.node'], checkout), /files/)
    const scripted = { ...root, scripts: { postinstall: 'node evil.js' } }
    assert.throws(() => expectRoot(scripted, rootFiles, checkout), /scripts that run on a user’s machine.*postinstall/)
  })

  it('are refused with a platform package that other systems would take, or without provenance', async () => {
    const platform = platforms.find((each) => each.platform === 'linux-x64-musl')
    const own = JSON.parse(await readFile(join(ROOT, 'npm', platform.platform, 'package.json'), 'utf8'))
    const published = publishedPlatform(own, checkout)
    const files = ['LICENSE', 'README.md', 'package.json', platform.addon, NOTICES]
    expectPlatform(published, files, platform, checkout)
    const { libc, ...everyLibc } = published
    assert.deepEqual(libc, ['musl'])
    assert.throws(() => expectPlatform(everyLibc, files, platform, checkout), /linux-x64-musl/)
    assert.throws(() => expectPlatform(own, files, platform, checkout), /provenance/)
    assert.throws(() => expectPlatform(published, files.slice(0, -1), platform, checkout), /files/)
  })

  it('come out of the root’s tarball as they were staged', async () => {
    const staged = join(folder, 'staged')
    await stageRoot(checkout, staged)
    const { file, integrity } = await pack(staged, join(folder, 'packed'))
    const files = await readTarball(join(folder, 'packed', file))
    expectRoot(JSON.parse(files.get('package.json').toString()), files.keys(), checkout)
    assert.deepEqual(files.get('index.js'), await readFile(join(ROOT, 'index.js')))
    assert.equal(await integrityOf(join(folder, 'packed', file)), integrity)
    const again = await pack(staged, relative(process.cwd(), join(folder, 'packed-again')))
    assert.equal(again.integrity, integrity, 'packing twice gives the same bytes, wherever they are put')
  })
})

describe('The licences in a platform package', () => {
  it('are those of what is linked in, with their texts, and not those of what only builds or tests it', async () => {
    const text = await thirdPartyNotices()
    for (const name of ['ring', 'rustls', 'webpki-root-certs', 'security-framework', 'windows-sys']) {
      assert.match(text, new RegExp(`^${name} \\d+\\.`, 'm'), name)
    }
    assert.match(text, /Permission to use, copy, modify, and\/or distribute this software/, 'the ISC licence of ring')
    for (const name of ['napi-build', 'proptest', 'computesdk-gateway']) {
      assert.doesNotMatch(text, new RegExp(`^${name} \\d`, 'm'), name)
    }
    assert.ok(!text.includes(homedir()), 'no path of the machine that made it')
  })
})

describe('A packed release', () => {
  it('is read with the root package last', async () => {
    const out = await packedRelease('reversed', (packages) => packages.toReversed())
    const packages = await readRelease(out)
    assert.equal(packages.length, 9)
    assert.equal(packages.at(-1).name, checkout.name)
    requireCheckedAddons(packages)
  })

  it('is refused when a package is missing, is of another version, or was changed after packing', async () => {
    const missing = await packedRelease('missing', (packages) => packages.slice(1))
    await assert.rejects(readRelease(missing), new RegExp(`Not packed: ${checkout.name}-${platforms[0].platform}@`))
    const other = await packedRelease('other', ([first, ...rest]) => [{ ...first, version: '0.0.1' }, ...rest])
    await assert.rejects(readRelease(other), /Not packed/)
    const changed = await packedRelease('changed')
    await writeFile(join(changed, 'computesdk-gateway.tgz'), 'something else')
    await assert.rejects(readRelease(changed), /computesdk-gateway\.tgz is not as it was packed/)
  })

  for (const [what, addon] of [
    ['a placeholder', 'placeholder'],
    ['an addon of which nothing is known', undefined],
  ]) {
    it(`is refused by the publishing script with ${what}, before the registry is asked`, async () => {
      const out = await packedRelease(`with-${addon}`, ([first, ...rest]) => [{ ...first, addon }, ...rest])
      const publish = join(ROOT, 'scripts', 'release', 'publish.mjs')
      const { ok, output } = await capture(process.execPath, [publish, out, '--registry', 'https://registry.invalid/'])
      assert.ok(!ok)
      assert.match(output, new RegExp(`for want of a checked addon: ${checkout.name}-${platforms[0].platform}`))
    })
  }

  it('is not packed at all when an addon is missing', async () => {
    const empty = join(folder, 'no-artifacts')
    await mkdir(empty)
    const script = join(ROOT, 'scripts', 'release', 'pack.mjs')
    const parameters = [script, '--artifacts', empty, '--out', join(folder, 'nothing')]
    const { ok, output } = await capture(process.execPath, parameters)
    assert.ok(!ok)
    for (const { addon } of platforms) assert.ok(output.includes(addon), addon)
  })
})
