#!/usr/bin/env node
// What would be published: the root's files, and the eight platform packages' manifests.
//   --without-readme   accepts that README.md is not there yet
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from './lib/failure.mjs'
import { ROOT } from './lib/paths.mjs'
import { capture } from './lib/run.mjs'

const FILES = ['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json']
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack']

await runMain(async () => {
  const root = await readJson('package.json')
  await checkFiles(process.argv.includes('--without-readme') ? FILES.filter((name) => name !== 'README.md') : FILES)
  checkRoot(root)
  await checkPlatforms(root)
  console.log('Package contents: ok')
})

async function checkFiles(expected) {
  // Through the shell only on Windows, where npm is a batch file.
  const { ok, stdout, output } = await capture('npm', ['pack', '--dry-run', '--json'], {
    cwd: ROOT,
    shell: process.platform === 'win32',
  })
  if (!ok) throw new Failure(`${output}\nnpm pack failed.`)
  const [{ files, size, unpackedSize }] = JSON.parse(stdout)
  for (const { path, size: bytes } of files) console.log(`${String(bytes).padStart(8)}  ${path}`)
  console.log(`${String(unpackedSize).padStart(8)}  in all, ${size} packed`)
  expectSame('files of the package', files.map(({ path }) => path).sort(), expected)
}

function checkRoot({ scripts, optionalDependencies, dependencies }) {
  const found = INSTALL_SCRIPTS.filter((name) => Object.hasOwn(scripts, name))
  expectSame('scripts that run on a user’s machine', found, [])
  expectSame('dependencies', Object.keys(dependencies ?? {}), [])
  // Written when the package is published, for exactly that version.
  expectSame('committed optionalDependencies', Object.keys(optionalDependencies ?? {}), [])
}

async function checkPlatforms({ name, version, license, engines, napi }) {
  const folders = (await readdir(join(ROOT, 'npm'))).sort()
  const expected = napi.targets.map(platformOf).sort()
  expectSame('folders in npm', folders, expected)
  for (const folder of folders) {
    const manifest = await readJson('npm', folder, 'package.json')
    const addon = `${napi.binaryName}.${folder}.node`
    const wanted = { name: `${name}-${folder}`, version, license, engines, main: addon, files: [addon] }
    const got = Object.fromEntries(Object.keys(wanted).map((key) => [key, manifest[key]]))
    expectSame(`npm/${folder}/package.json`, got, wanted)
    if (!existsSync(join(ROOT, 'npm', folder, 'README.md'))) throw new Failure(`npm/${folder} has no README.md.`)
  }
}

/** `aarch64-unknown-linux-musl` → `linux-arm64-musl` */
function platformOf(target) {
  const [cpu, , system, abi] = target.split('-')
  const arch = { aarch64: 'arm64', x86_64: 'x64' }[cpu]
  const platform = { darwin: 'darwin', linux: 'linux', windows: 'win32' }[system]
  return [platform, arch, abi].filter(Boolean).join('-')
}

function expectSame(what, got, expected) {
  const [left, right] = [got, expected].map((value) => JSON.stringify(value))
  if (left !== right) throw new Failure(`${what}: ${left}, expected ${right}`)
}

async function readJson(...path) {
  return JSON.parse(await readFile(join(ROOT, ...path), 'utf8'))
}
