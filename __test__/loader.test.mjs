import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { ADDON, ADDON_NAME, PLATFORM, ROOT } from '../scripts/lib/paths.mjs'
import { TARGETS } from '../scripts/targets/list.mjs'

const run = promisify(execFile)

const LOADER = ['index.js', 'index.mjs', 'package.json', 'src/node/bridge.js', 'src/node/load.js']

/** Requires the package in a folder, in a process of its own, and returns the error as its program would catch it. */
async function loadError(folder, { flags = [], env = {} } = {}) {
  const program = `
    try { require(${JSON.stringify(join(folder, 'index.js'))}); console.log('{}') }
    catch (error) {
      const causes = []
      for (let at = error.cause; at; at = at.cause) causes.push(at.message)
      console.log(JSON.stringify({ message: error.message, causes }))
    }`
  const options = { env: { PATH: process.env.PATH, ...env } }
  const { stdout } = await run(process.execPath, [...flags, '--eval', program], options)
  return JSON.parse(stdout)
}

/** The package without a binary, in a folder of its own. */
async function copyPackage(t) {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-loader-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'src', 'node'), { recursive: true })
  for (const file of LOADER) await cp(join(ROOT, file), join(folder, file))
  return folder
}

test('names the real reason when addons are switched off', async () => {
  const { message } = await loadError(ROOT, { flags: ['--no-addons'] })
  assert.match(message, new RegExp(`^Cannot load native binding for ${PLATFORM}: .*--no-addons`))
})

test('names the real reason when the binary is damaged', async (t) => {
  const folder = await copyPackage(t)
  await writeFile(join(folder, ADDON_NAME), 'no binary')
  const { message, causes } = await loadError(folder)
  assert.match(message, new RegExp(`^Cannot load native binding for ${PLATFORM}: .*${ADDON_NAME.replaceAll('.', '\\.')}`))
  assert.match(message, /damaged, or was made for another system/)
  assert.equal(causes.length, 2, 'the other place that was tried is a cause, too')
})

test('says which package is missing', async (t) => {
  const { message, causes } = await loadError(await copyPackage(t))
  assert.match(message, new RegExp(`^Cannot find native binding: the package @computesdk/gateway-${PLATFORM} is not installed`))
  assert.ok(causes.some((cause) => cause.includes(`@computesdk/gateway-${PLATFORM}`)))
})

test('refuses a binary of another version', async (t) => {
  const folder = await copyPackage(t)
  await copyFile(ADDON, join(folder, ADDON_NAME))
  assert.deepEqual(await loadError(folder), {})
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.1' }))
  const { message } = await loadError(folder)
  assert.match(message, /has the version .*, the package 0\.0\.1: install the package anew/)
})

test('takes the binary that the environment names, and no other', async () => {
  const named = (path) => loadError(ROOT, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: path } })
  assert.deepEqual(await named(ADDON), {})
  const { message } = await named('/nowhere/gateway.node')
  assert.match(message, /^Cannot load native binding named by NAPI_RS_NATIVE_LIBRARY_PATH: Cannot find module '\/nowhere\/gateway\.node'/)
})

test('knows the platforms that are built, by requires that a bundler can read', async () => {
  const text = await readFile(join(ROOT, 'src', 'node', 'load.js'), 'utf8')
  const requires = [...text.matchAll(/require\('([^']+)'\)/g)].map(([, path]) => path)
  const binaries = requires.filter((path) => path.endsWith('.node') || path.startsWith('@computesdk/'))
  const expected = TARGETS.flatMap(({ name }) => [`../../gateway.${name}.node`, `@computesdk/gateway-${name}`])
  assert.deepEqual(binaries.sort(), expected.sort())
})

test('a second copy of the loader shares the addon of its environment', async () => {
  const program = `
    const first = require(${JSON.stringify(ROOT)})
    for (const path of Object.keys(require.cache)) if (!path.endsWith('.node')) delete require.cache[path]
    const second = require(${JSON.stringify(ROOT)})
    const rejected = [first, second].map(({ railway }) => railway({}).list().catch(({ code }) => code))
    Promise.all(rejected).then((codes) => console.log(codes.join()))`
  const { stdout } = await run(process.execPath, ['--eval', program], { env: { PATH: process.env.PATH } })
  assert.equal(stdout.trim(), 'INVALID_CONFIG,INVALID_CONFIG')
})
