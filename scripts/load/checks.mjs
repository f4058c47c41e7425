// The checks of an artifact in a runtime.
import { existsSync } from 'node:fs'
import { copyFile, cp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { start } from '../../__test__/servers/railway/start.mjs'
import { withoutCredentials } from '../lib/environment.mjs'
import { Failure } from '../lib/failure.mjs'
import { inNewFolder } from '../lib/files.mjs'
import { runNodeTests, testFiles } from '../lib/node-tests.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { readRootManifest } from '../release/manifests.mjs'
import { stageRoot } from '../release/stage.mjs'
import { TEST_ARTIFACTS } from '../targets/build.mjs'
import { artifactName } from '../targets/list.mjs'
import { makeCertificates, serveTls } from './certificates.mjs'

/** What uses the installed package, in this folder. */
const PROGRAMS = ['smoke.mjs', 'channels.mjs', 'workers.mjs']

const DEMOS = ['railway', 'render', 'namespace', 'vercel']

/** @type {Record<string, (job: Job) => Promise<string>>} each says what it has done */
export const CHECKS = {
  smoke: (job) => inNewFolder('load', (folder) => smoke(job, folder)),
  panic: (job) => inNewFolder('panic', (folder) => panic(job, folder)),
  suite,
  demo,
}

/** Installs the package into an empty folder, and runs programs that use it. */
async function smoke({ command, target, artifact, emulator }, folder) {
  const { server, environment } = await start({})
  const { server: never, config: neverReady } = await start({ stepMilliseconds: 1e9 })
  const certificates = await makeCertificates(folder)
  const trusted = await serveTls(certificates.trusted, server.url)
  const untrusted = await serveTls(certificates.untrusted, server.url)
  try {
    const addon = await lay(folder, target, artifact)
    const env = {
      ...withoutCredentials(),
      ...environment,
      NO_PROXY: '127.0.0.1',
      ADDON: addon,
      BASE_URL: server.url,
      UNTRUSTED_URL: untrusted.url,
      NEVER_READY: JSON.stringify(neverReady),
      // On Windows, only the system's store decides which certificates are trusted.
      ...(emulator !== 'wine' && { TRUSTED_URL: trusted.url, SSL_CERT_FILE: certificates.authority }),
    }
    for (const name of PROGRAMS) await runProgram(name, command, { cwd: folder, env })
    return 'smoke'
  } finally {
    for (const each of [trusted, untrusted, server, never]) await each.close()
  }
}

/** Checks panics, because each platform unwinds in its own way. */
async function panic({ command, target }, folder) {
  const env = { ...withoutCredentials(), ADDON: requireTestHooks(target), RUST_BACKTRACE: '0' }
  await runProgram('panic.mjs', command, { cwd: folder, env })
  return 'panic'
}

function requireTestHooks(target) {
  const addon = join(TEST_ARTIFACTS, artifactName(target))
  if (!existsSync(addon)) throw new Failure(`Not built: npm run build:all -- --test-hooks ${target.name}`)
  return addon
}

async function lay(folder, target, artifact) {
  const scope = join(folder, 'node_modules', '@computesdk')
  const platform = join(scope, `gateway-${target.name}`)
  await stageRoot(await readRootManifest(), join(scope, 'gateway'))
  await cp(join(ROOT, 'npm', target.name), platform, { recursive: true })
  await copyFile(artifact, join(platform, artifactName(target)))
  // Deno searches node_modules only if a package.json names the dependency.
  await writeFile(join(folder, 'package.json'), JSON.stringify({ dependencies: { '@computesdk/gateway': '*' } }))
  return join(platform, artifactName(target))
}

/** Runs a program of this folder. It writes into a file, because under Wine Node can use no other output. */
async function runProgram(name, [program, ...before], options) {
  await copyFile(join(ROOT, 'scripts', 'load', name), join(options.cwd, name))
  const path = join(options.cwd, 'output')
  const output = await open(path, 'w')
  try {
    await run(program, [...before, name], { ...options, stdio: ['ignore', output.fd, output.fd] })
  } finally {
    await output.close()
    process.stdout.write(await readFile(path, 'utf8'))
  }
}

async function demo({ command: [program, ...before], target, artifact }) {
  await inCheckout(target, artifact, async () => {
    for (const provider of DEMOS) {
      const options = { cwd: ROOT, env: withoutCredentials(), what: `The demo of ${provider}` }
      await run(program, [...before, join('demo', 'demo.mjs'), provider, '--no-build'], options)
    }
  })
  return `demo of ${DEMOS.length} providers`
}

/** Runs the Node tests: all of them, or those that the row names, which need no test hooks. */
async function suite({ command, artifact, target, tests, without = [] }) {
  const env = { ...withoutCredentials(), ...(!tests && { GATEWAY_ADDON: requireTestHooks(target) }) }
  const all = await testFiles()
  const isAmong = (file, words) => words.some((word) => file.startsWith(`__test__/${word}`))
  const files = all.filter((file) => (!tests || isAmong(file, tests)) && !isAmong(file, without))
  if (files.length === 0) throw new Failure('No test file is left.')
  await inCheckout(target, artifact, () => runNodeTests(files, env, command))
  return `${files.length} of ${all.length} test files`
}

/** Puts the addon where `index.js` searches first, and restores the files of this path afterwards. */
async function inCheckout(target, artifact, work) {
  const place = join(ROOT, artifactName(target))
  const kept = `${place}.kept`
  if (existsSync(place)) await rename(place, kept)
  try {
    await copyFile(artifact, place)
    await work()
  } finally {
    await rm(place, { force: true })
    if (existsSync(kept)) await rename(kept, place)
  }
}
