// The checks of released addons find what they look for: a check that can only succeed is none.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { ROOT } from '../scripts/lib/paths.mjs'
import { compareVersions } from '../scripts/lib/versions.mjs'
import { checkArtifact } from '../scripts/targets/check.mjs'
import { artifactName, LIMIT_BYTES, select, TARGETS } from '../scripts/targets/list.mjs'
import { makeElf, makeMacho, makePe } from './support/binaries.mjs'

const GNU = { needed: ['libm.so.6', 'libc.so.6', 'ld-linux-x86-64.so.2'] }
const MUSL = { needed: ['libc.so'], versions: {} }
const ENTRY = 'napi_register_module_v1'
const FRAMEWORK = '/System/Library/Frameworks/Security.framework/Versions/A/Security'

/** A file that is as it should be, for each target. */
const GOOD = {
  'linux-x64-gnu': () => makeElf(GNU),
  'linux-arm64-gnu': () => makeElf({ machine: 183 }),
  'linux-x64-musl': () => makeElf(MUSL),
  'linux-arm64-musl': () => makeElf({ ...MUSL, machine: 183 }),
  'darwin-arm64': () => makeMacho({ needed: ['/usr/lib/libSystem.B.dylib', FRAMEWORK] }),
  'darwin-x64': () => makeMacho({ machine: 0x01000007, oldestSystem: [10, 15], sign: false }),
  'win32-x64-msvc': () => makePe({ needed: ['KERNEL32.dll', 'api-ms-win-crt-heap-l1-1-0.dll'] }),
  'win32-arm64-msvc': () => makePe({ machine: 0xaa64, debugFile: 'computesdk_gateway.pdb' }),
}

/** What is wrong with a file, and what has to be said of it, and nothing else. */
const BAD = [
  ['linux-x64-gnu', 'cannot be read: no ELF file', Buffer.from('not a library at all')],
  ['linux-x64-gnu', 'cannot be read: nothing at 0', Buffer.alloc(0)],
  ['linux-x64-gnu', 'cannot be read: nothing at', makeElf(GNU).subarray(0, 300)],
  ['linux-x64-gnu', 'is for arm64', makeElf({ ...GNU, machine: 183 })],
  ['linux-x64-gnu', 'is no shared library', makeElf({ ...GNU, type: 2 })],
  ['linux-x64-gnu', 'needs libssl.so.3', makeElf({ needed: ['libc.so.6', 'libssl.so.3'] })],
  ['linux-x64-gnu', 'needs libgcc_s.so.1', makeElf({ needed: ['libc.so.6', 'libgcc_s.so.1'] })],
  ['linux-x64-gnu', 'does not need glibc', makeElf({ needed: [] })],
  ['linux-x64-gnu', 'needs GLIBC_2.34', makeElf({ versions: { 'libc.so.6': ['GLIBC_2.34', 'GLIBC_2.9'] } })],
  ['linux-x64-gnu', 'needs GLIBC_2.18', makeElf({ versions: { 'libm.so.6': [], 'libc.so.6': ['GLIBC_2.18'] } })],
  ['linux-x64-gnu', 'does not export', makeElf({ exports: [] })],
  ['linux-x64-gnu', 'exports rust_eh_personality', makeElf({ exports: [ENTRY, 'rust_eh_personality'] })],
  ['linux-x64-gnu', 'does not export', makeElf({ exports: [], imports: [ENTRY] })],
  ['linux-x64-gnu', 'is not stripped', makeElf({ sections: ['.debug_info'] })],
  ['linux-x64-gnu', 'looks for libraries in /opt', makeElf({ runPath: '/opt/lib' })],
  ['linux-x64-gnu', 'has relocations in its code', makeElf({ textRelocations: true })],
  ['linux-x64-gnu', 'asks for an executable stack', makeElf({ stackFlags: 7 })],
  ['linux-x64-gnu', 'is bound lazily', makeElf({ flags: 8 })],
  ['linux-x64-gnu', 'may be unloaded while its threads run', makeElf({ flags: 1 })],
  ['linux-x64-gnu', 'is too large', makeElf({ trailer: 'x'.repeat(LIMIT_BYTES) })],
  ['linux-x64-gnu', 'holds a path', makeElf({ trailer: join(homedir(), 'secret', 'lib.rs') })],
  ['linux-x64-gnu', 'holds a path', makeElf({ trailer: '/builds/.cargo/registry/src/ring/lib.rs' })],
  ['linux-x64-musl', 'needs libc.musl-x86_64.so.1', makeElf({ ...MUSL, needed: ['libc.so', 'libc.musl-x86_64.so.1'] })],
  ['linux-x64-musl', 'needs libgcc_s.so.1', makeElf({ ...MUSL, needed: ['libc.so', 'libgcc_s.so.1'] })],
  ['linux-x64-musl', 'asks for symbols of glibc: GLIBC_2.17', makeElf({ needed: ['libc.so'] })],
  ['linux-x64-musl', 'asks for symbols of glibc: __read_chk', makeElf({ ...MUSL, imports: ['free', '__read_chk'] })],
  ['linux-x64-musl', 'does not need musl', makeElf({ ...MUSL, needed: [] })],
  ['darwin-arm64', 'cannot be read: nothing at', withCountOfSymbols(0xffffffff)],
  ['darwin-arm64', 'is for x64', makeMacho({ machine: 0x01000007 })],
  ['darwin-arm64', 'is no shared library', makeMacho({ type: 2 })],
  ['darwin-arm64', 'needs /opt/homebrew', makeMacho({ needed: ['/opt/homebrew/lib/libssl.dylib'] })],
  ['darwin-arm64', 'is for macOS 15.0 and newer', makeMacho({ oldestSystem: [15, 0] })],
  ['darwin-arm64', 'does not say for which macOS', makeMacho({ oldestSystem: null })],
  ['darwin-arm64', 'does not say where to find _SecTrust', makeMacho({ imports: [missing('_SecTrust')] })],
  ['darwin-arm64', 'its signature: none', makeMacho({ sign: false })],
  ['darwin-arm64', 'its signature: broken at page 0', makeMacho({ spoil: true })],
  ['darwin-x64', 'its signature: broken', makeMacho({ machine: 0x01000007, oldestSystem: [10, 15], spoil: true })],
  ['darwin-arm64', 'is not stripped', makeMacho({ locals: ['_ours'] })],
  ['darwin-arm64', 'looks for libraries in', makeMacho({ runPath: '/Volumes/build' })],
  ['darwin-arm64', 'does not export', makeMacho({ exports: [] })],
  ['win32-x64-msvc', 'is for arm64', makePe({ machine: 0xaa64 })],
  ['win32-x64-msvc', 'is no shared library', makePe({ characteristics: 0x22 })],
  ['win32-x64-msvc', 'needs VCRUNTIME140.dll', makePe({ needed: ['KERNEL32.dll', 'VCRUNTIME140.dll'] })],
  ['win32-x64-msvc', 'needs libunwind.dll', makePe({ needed: ['libunwind.dll'] })],
  ['win32-x64-msvc', 'needs libnode.dll', makePe({ needed: ['libnode.dll'] })],
  ['win32-x64-msvc', 'does not export', makePe({ exports: [] })],
  ['win32-x64-msvc', 'is not stripped', makePe({ symbolTable: 0x2000 })],
  ['win32-x64-msvc', 'is loaded at a fixed address', makePe({ protection: 0x100 })],
  ['win32-x64-msvc', 'has executable data', makePe({ protection: 0x40 })],
  ['win32-x64-msvc', 'holds a path', makePe({ debugFile: 'D:\\a\\gateway\\computesdk_gateway.pdb' })],
]

const problemsOf = (name, bytes, options) => checkArtifact(select([name])[0], bytes, options).problems

suite('an artifact that is as it should be passes', () => {
  for (const { name } of TARGETS) {
    test(name, () => assert.deepEqual(problemsOf(name, GOOD[name]()), []))
  }
})

suite('is refused', () => {
  for (const [name, text, bytes] of BAD) {
    test(`${name} that ${text}`, () => {
      const problems = problemsOf(name, bytes)
      assert.equal(problems.length, 1, problems.join('; '))
      assert.ok(problems[0].startsWith(text), problems[0])
    })
  }

  test('the addon of every other target', () => {
    for (const { name } of TARGETS) {
      for (const other of TARGETS.filter((target) => target.name !== name)) {
        assert.notDeepEqual(problemsOf(name, GOOD[other.name]()), [], `${other.name} as ${name}`)
      }
    }
  })
})

suite('an addon that was built for this machine only', () => {
  const bytes = makeElf({ needed: ['libc.so.6', 'libgcc_s.so.1'], versions: { 'libc.so.6': ['GLIBC_2.34'] } })

  test('may need what is on it', () => assert.deepEqual(problemsOf('linux-x64-gnu', bytes, { plain: true }), []))

  test('may not be released', () => assert.equal(problemsOf('linux-x64-gnu', bytes).length, 2))
})

suite('the list of targets', () => {
  test('is that of napi-rs', () => {
    const { napi } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.deepEqual(TARGETS.map(({ triple }) => triple).sort(), [...napi.targets].sort())
  })

  test('has a package for each', () => {
    assert.deepEqual(TARGETS.map(({ name }) => name).sort(), readdirSync(join(ROOT, 'npm')).sort())
    for (const target of TARGETS) {
      const manifest = JSON.parse(readFileSync(join(ROOT, 'npm', target.name, 'package.json'), 'utf8'))
      assert.equal(manifest.main, artifactName(target))
      assert.deepEqual(manifest.cpu, [target.arch])
      assert.deepEqual(manifest.libc, target.libc && [target.libc])
    }
  })

  test('names the machine on which the release workflow builds each', () => {
    const workflow = readFileSync(join(ROOT, '.github', 'workflows', 'release.yml'), 'utf8')
    for (const { triple, runner } of TARGETS) {
      assert.ok(workflow.includes(`{ target: ${triple}, os: ${runner} }`), `${triple} on ${runner}`)
    }
  })

  test('knows no others', () => assert.throws(() => select(['linux-riscv64-gnu']), /unknown target: linux-riscv64-gnu/))
})

test('versions are compared as numbers', () => {
  const versions = ['GLIBC_2.9', 'GLIBC_2.17', 'GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_2.2']
  const inOrder = ['GLIBC_2.2', 'GLIBC_2.2.5', 'GLIBC_2.9', 'GLIBC_2.17', 'GLIBC_2.34']
  assert.deepEqual(versions.sort(compareVersions), inOrder)
})

/** A file whose header tells of so many symbols. */
function withCountOfSymbols(count) {
  const bytes = makeMacho()
  bytes.writeUInt32LE(count, bytes.indexOf(Buffer.from([2, 0, 0, 0, 24, 0, 0, 0])) + 12)
  return bytes
}

/** A symbol without a library. */
function missing(name) {
  return { name, library: 0xfe }
}
