import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { ADDON, ADDON_NAME, PLATFORM, ROOT } from '../scripts/lib/paths.mjs'
import { TARGETS } from '../scripts/targets/list.mjs'
import { withFolder } from './support/folder.mjs'

const run = promisify(execFile)
const { platformError } = createRequire(import.meta.url)('../src/node/load-error.js')

/** What is published, besides the binary. */
const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
const LOADER = ['package.json', ...files.filter((name) => name.endsWith('js'))]

const PERMISSION_MODEL = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'

/** Requires the package in a folder, in a process of its own, and returns the error as its program would catch it. */
async function loadError(folder, { flags = [], env = {}, before = '' } = {}) {
  const program = `
    ${before}
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
  const folder = withFolder(t)
  await mkdir(join(folder, 'src', 'node'), { recursive: true })
  for (const file of LOADER) await cp(join(ROOT, file), join(folder, file))
  return folder
}

test('names the real reason when addons are switched off', async () => {
  const { message } = await loadError(ROOT, { flags: ['--no-addons'] })
  assert.match(message, new RegExp(`^Cannot load native binding for ${PLATFORM}: .*--no-addons`))
})

test("names the real reason when Node's permission model forbids addons", async () => {
  const { message } = await loadError(ROOT, { flags: [PERMISSION_MODEL, '--allow-fs-read=*'] })
  assert.match(message, new RegExp(`^Cannot load native binding for ${PLATFORM}: .*permission model.*--allow-addons`))
  assert.doesNotMatch(message, /--no-addons/)
})

test('names the real reason when the binary is damaged', async (t) => {
  const folder = await copyPackage(t)
  await writeFile(join(folder, ADDON_NAME), 'no binary')
  const { message, causes } = await loadError(folder)
  assert.match(message, new RegExp(`^Cannot load native binding for ${PLATFORM}: .*${ADDON_NAME.replaceAll('.', '\\.')}`))
  assert.match(message, /damaged, or was made for another system/)
  assert.equal(causes.length, 2, 'the other place that was tried is a cause, too')
  assert.ok(causes[0].includes(ADDON_NAME), 'the reason is the first cause')
})

// The system maps what is not there, and ends the process.
test('names the real reason when the binary is cut short', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = await copyPackage(t)
  const path = join(folder, ADDON_NAME)
  const whole = await readFile(ADDON)
  for (const part of [0.001, 0.5, 0.999]) {
    await writeFile(path, whole.subarray(0, Math.floor(whole.length * part)))
    const { message } = await loadError(folder)
    assert.ok(message.startsWith(`Cannot load native binding for ${PLATFORM}: ${path}: the file is cut short. `), message)
    const named = await loadError(ROOT, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: path } })
    assert.match(named.message, /the file is cut short/)
  }
})

test('says what to do about each way in which the system refuses a file', () => {
  const advice = (message) => {
    const error = Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' })
    return platformError(PLATFORM, [PLATFORM], '/there/gateway.node', [error]).message
  }
  const ways = {
    "/lib/libc.so.6: version `GLIBC_2.34' not found (required by /there/gateway.node)": /C library of this system is older/,
    '/there/gateway.node: cannot open shared object file: Permission denied': /mode of the file/,
    '/there/gateway.node: failed to map segment from shared object: Operation not permitted': /noexec/,
    'libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory': /another system or C library/,
    'Error loading shared library ld-linux-x86-64.so.2: No such file or directory': /another system or C library/,
    "Module did not self-register: '/there/gateway.node'.": /damaged/,
  }
  for (const [message, expected] of Object.entries(ways)) {
    const said = advice(message)
    assert.ok(said.startsWith(`Cannot load native binding for ${PLATFORM}: ${message.replace(/\.$/, '')}`), said)
    assert.match(said, expected)
    assert.ok(said.includes('/there/gateway.node'), 'it names the file')
    assert.doesNotMatch(said, /\.\./)
  }
})

test('says that the package is there without its file', async (t) => {
  const folder = await copyPackage(t)
  const packageFolder = join(folder, 'node_modules', '@computesdk', `gateway-${PLATFORM}`)
  await cp(join(ROOT, 'npm', PLATFORM), packageFolder, { recursive: true })
  const { message } = await loadError(folder)
  assert.match(message, /^Cannot find native binding: the package .* is installed without its file: install it anew/)
})

test('says for which platforms there are binaries on another one', async () => {
  for (const [property, value] of [['arch', 'riscv64'], ['platform', 'freebsd']]) {
    const change = `Object.defineProperty(process, '${property}', { value: '${value}' });`
    const { message } = await loadError(ROOT, { before: change })
    const named = new RegExp(`^Cannot find native binding: @computesdk/gateway has none for .*${value}.*It has: darwin-arm64, `)
    assert.match(message, named)
  }
})

test('without a binary both import and require reject, and nothing else does', async (t) => {
  const folder = await copyPackage(t)
  const program = `
    import { createRequire } from 'node:module'
    const attempts = [
      () => import(${JSON.stringify(join(folder, 'index.mjs'))}),
      async () => createRequire(import.meta.url)(${JSON.stringify(join(folder, 'index.js'))}),
      () => import(${JSON.stringify(join(folder, 'index.js'))}),
      () => import(${JSON.stringify(join(folder, 'index.mjs'))}),
    ]
    const ends = await Promise.allSettled(attempts.map((attempt) => attempt()))
    console.log(ends.map(({ reason }) => String(reason?.message).slice(0, 26)).join())`
  await writeFile(join(folder, 'attempts.mjs'), program)
  const { stdout } = await run(process.execPath, [join(folder, 'attempts.mjs')], { env: { PATH: process.env.PATH } })
  assert.equal(stdout.trim(), Array.from({ length: 4 }, () => 'Cannot find native binding').join())
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
