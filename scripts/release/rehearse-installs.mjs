// The installing part of a rehearsal: one package manager, in empty folders, on a machine without Rust.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bareEnvironment, must, report } from '../../__test__/smoke/bare.mjs'
import { copyConsumer, installAndUse } from '../../__test__/smoke/uses.mjs'
import { PLATFORM } from '../lib/paths.mjs'
import { MANAGERS } from './managers.mjs'
import { platformsOf, readRootManifest } from './manifests.mjs'
import { readRelease } from './release-file.mjs'
import { toolOf } from './tools.mjs'

/** This machine's platform, and the same with the other C library. */
const BOTH_LIBRARIES = new Set([PLATFORM, PLATFORM.replace('gnu', 'musl'), PLATFORM.replace('musl', 'gnu')])

export async function rehearseInstalls(name, { folder, packed, registry }) {
  const manager = MANAGERS[name]
  const place = join(folder, name)
  await mkdir(place)
  const bare = await bareEnvironment(place)
  await writeFile(join(bare.HOME, '.npmrc'), `registry=${registry.url}\n`)
  const script = await manager.script()
  const root = (await readRelease(packed)).at(-1)
  const spec = `${root.name}@${root.version}`

  /** An empty project. */
  const project = async (title) => {
    const cwd = join(place, title)
    await mkdir(cwd)
    await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: title, version: '1.0.0', private: true }))
    await manager.prepare?.(cwd, registry.url)
    const call = (what, parameters, { env } = {}) =>
      must(`${what} (${name})`, process.execPath, parameters, { cwd, env: { ...bare, ...env } })
    return {
      cwd,
      manage: (...parameters) => call(parameters.join(' '), [script, ...parameters]),
      node: (what, parameters, options) =>
        call(what, manager.node ? [script, ...manager.node, ...parameters] : parameters, options),
    }
  }

  const plain = await project('project')
  const pnp = manager.node !== undefined
  await installAndUse(plain.cwd, {
    install: () => plain.manage(...manager.add(spec)),
    node: plain.node,
    // They search node_modules for packages, unless a plugin does it.
    typescript: !pnp,
    esbuild: pnp ? undefined : toolOf('esbuild', 'bin/esbuild'),
  })
  if (!pnp) await assertPlatforms(plain.cwd, manager.ignoresLibc ? BOTH_LIBRARIES : [PLATFORM])
  for (const rehearse of OWN[name] ?? []) await rehearse({ project, spec, manager })
}

/** Checks that one binary is downloaded, not eight. */
async function assertPlatforms(cwd, expected = [PLATFORM]) {
  const found = (await readdir(join(cwd, 'node_modules', '@computesdk'))).filter((entry) => entry !== 'gateway')
  // pnpm keeps the dependencies of a package in another folder.
  const store = join(cwd, 'node_modules', '.pnpm')
  const stored = existsSync(store) ? await readdir(store) : []
  const names = [...found, ...stored.flatMap((entry) => /^@computesdk\+(gateway-.+)@/.exec(entry)?.[1] ?? [])]
  const platforms = [...new Set(names)].map((entry) => entry.replace('gateway-', ''))
  assert.deepEqual(platforms.sort(), [...expected].sort())
  report('platforms', `${platforms.join(', ')}, no other`)
}

/** Checks that an installation without optional dependencies has no addon, and that the error says what to do. */
async function missingPlatform({ project, spec }) {
  const { cwd, manage, node } = await project('missing')
  await copyConsumer(cwd)
  await manage('install', spec, '--omit=optional', '--no-audit', '--no-fund')
  const { stdout } = await node('missing.mjs', ['missing.mjs'])
  for (const { message, causes } of JSON.parse(stdout)) {
    assert.match(message, /Cannot find native binding/)
    assert.match(message, /npm i.*removing both package-lock\.json and node_modules/s)
    assert.ok(causes.some((cause) => cause.includes(`@computesdk/gateway-${PLATFORM}`)), causes.join('\n'))
  }
  report('missing.mjs', 'the error says what to do, and its causes name the package')

  await manage('install', '--no-save', spec.replace('gateway@', `gateway-${PLATFORM}@`), '--no-audit', '--no-fund')
  const repaired = await node('missing.mjs', ['missing.mjs'])
  assert.match(repaired.stdout, /it was loaded/)
  report('missing.mjs', 'the package named by hand repairs it')
}

/** Checks that a lockfile of another platform names every platform, so that `npm ci` installs this machine's. */
async function lockfileOfAnotherSystem({ project, spec }) {
  const { cwd, manage, node } = await project('lockfile')
  await copyConsumer(cwd)
  await manage('install', spec, '--os=darwin', '--cpu=arm64', '--no-audit', '--no-fund')
  await assertPlatforms(cwd, ['darwin-arm64'])
  await manage('ci', '--no-audit', '--no-fund')
  await assertPlatforms(cwd)
  const { stdout } = await node('missing.mjs', ['missing.mjs'])
  assert.match(stdout, /it was loaded/)
  report('npm ci', 'with a lockfile written on darwin-arm64')
}

/** Checks that an installation for another system, as for a container, has that system's package, and no other. */
async function forAnotherSystem({ project, spec }) {
  const { cwd, manage } = await project('another')
  await manage('install', spec, '--package-lock-only', '--no-audit', '--no-fund')
  for (const { platform, os, cpu, libc } of platformsOf(await readRootManifest())) {
    const target = [`--os=${os}`, `--cpu=${cpu}`, ...(libc ? [`--libc=${libc}`] : [])]
    await manage('ci', ...target, '--no-audit', '--no-fund')
    await assertPlatforms(cwd, [platform])
  }
}

/** Checks the same with a setting, for this system and another. */
function bySetting(file) {
  return async ({ project, spec, manager }) => {
    const { cwd, manage } = await project('another')
    const setting = 'supportedArchitectures:\n  os: [current, linux]\n  cpu: [current, arm64]\n  libc: [current, musl]\n'
    await appendFile(join(cwd, file), setting)
    await manage(...manager.add(spec))
    const wanted = ['linux-arm64-musl', 'linux-arm64-gnu', 'linux-x64-musl', 'linux-x64-gnu', PLATFORM]
    await assertPlatforms(cwd, new Set(wanted))
  }
}

/** Checks what docs/platforms.md says of a package manager. */
const OWN = {
  npm: [missingPlatform, lockfileOfAnotherSystem, forAnotherSystem],
  pnpm: [bySetting('pnpm-workspace.yaml')],
  yarn: [bySetting('.yarnrc.yml')],
}
