#!/usr/bin/env node
// Packs what would be published, installs it into an empty folder without a registry and without Rust, and uses it
// there from ESM, CommonJS and TypeScript.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { ADDON, ADDON_NAME, PLATFORM, ROOT, tool } from '../../scripts/lib/paths.mjs'
import { capture } from '../../scripts/lib/run.mjs'
import { start } from '../servers/railway/start.mjs'

const CONSUMER = join(ROOT, '__test__', 'smoke', 'consumer')

await runMain(async () => {
  if (!existsSync(ADDON)) throw new Failure('The addon is not built: run `npm run build` first.')
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gateway-smoke-')))
  try {
    await smoke(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

async function smoke(folder) {
  const npm = await findNpm()
  const env = await bareEnvironment(folder)
  assert.equal((await capture('cargo', ['--version'], { env })).status, 'ENOENT', 'there is a cargo on the bare PATH')
  const node = (what, parameters, options) => must(what, process.execPath, parameters, { env, ...options })

  const packed = join(folder, 'packed')
  await mkdir(packed)
  const pack = async (from) => {
    const parameters = [npm, 'pack', '--json', '--pack-destination', packed]
    const { stdout } = await node(`npm pack in ${from}`, parameters, { cwd: from })
    const [{ filename, size, unpackedSize }] = JSON.parse(stdout)
    report('packed', `${filename}, ${size} bytes, unpacked ${unpackedSize}`)
    return join(packed, filename)
  }
  const platform = join(folder, 'platform')
  await cp(join(ROOT, 'npm', PLATFORM), platform, { recursive: true })
  await cp(ADDON, join(platform, ADDON_NAME))
  const tarballs = [await pack(ROOT), await pack(platform)]

  const project = join(folder, 'project')
  await cp(CONSUMER, project, { recursive: true })
  await node('npm install', [npm, 'install', '--offline', '--no-audit', '--no-fund', ...tarballs], { cwd: project })
  report('installed', 'without a registry')

  const { server, environment } = await start({})
  try {
    const inProject = { cwd: project, env: { ...env, ...environment, NO_PROXY: '127.0.0.1' } }
    for (const file of ['esm.mjs', 'common.cjs']) {
      const { stdout } = await node(file, [file], inProject)
      report(file, stdout.trim())
      assertLoadedFrom(project, stdout)
    }
    for (const resolution of ['node16', 'bundler']) {
      const tsc = [tool('typescript', 'bin/tsc'), '--project', `tsconfig.${resolution}.json`]
      // The compiler and Node's types are those of the checkout; the package is the installed one.
      await node(`tsc, ${resolution}`, [...tsc, '--typeRoots', join(ROOT, 'node_modules', '@types')], inProject)
      report('tsc', `moduleResolution ${resolution}`)
    }
    const { stdout } = await node('typed.mjs', ['typed.mjs'], inProject)
    report('typed.mts', stdout.trim())
    assert.deepEqual(server.errors, [])
    assert.deepEqual(server.schemaViolations, [])
    const left = [...server.world.projects.keys()].flatMap((id) => server.world.liveServices(id))
    assert.deepEqual(left, [], 'the programs have destroyed what they created')
  } finally {
    await server.close()
  }
  console.log('Smoke test passed.')
}

/** Nothing of the developer's: no cargo, no settings of npm, no cache. */
async function bareEnvironment(folder) {
  const bin = join(folder, 'bin')
  const home = join(folder, 'home')
  await Promise.all([mkdir(bin), mkdir(home)])
  await symlink(process.execPath, join(bin, process.platform === 'win32' ? 'node.exe' : 'node'))
  await writeFile(join(home, '.npmrc'), '')
  const kept = ['SystemRoot', 'TMPDIR', 'TEMP', 'TMP'].filter((name) => process.env[name])
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    PATH: bin,
    HOME: home,
    USERPROFILE: home,
    // The loader then refuses a platform package of another version.
    NAPI_RS_ENFORCE_VERSION_CHECK: '1',
  }
}

/** npm's script, to be run by this very Node. */
async function findNpm() {
  if (process.env.npm_execpath) return process.env.npm_execpath
  for (const folder of process.env.PATH.split(delimiter)) {
    const path = join(folder, 'npm')
    if (!existsSync(path)) continue
    const script = await realpath(path)
    if (script.endsWith('.js')) return script
    const beside = join(dirname(script), 'node_modules', 'npm', 'bin', 'npm-cli.js')
    if (existsSync(beside)) return beside
  }
  throw new Failure('npm was not found: use `npm run smoke`.')
}

async function must(what, program, parameters, options) {
  const result = await capture(program, parameters, options)
  if (!result.ok) throw new Failure(`${result.output}\n${what} failed (${result.status}).`)
  return result
}

/** The addon must be that of the platform package, not one that lies in the checkout. */
function assertLoadedFrom(project, stdout) {
  const expected = join(project, 'node_modules', '@computesdk', `gateway-${PLATFORM}`, ADDON_NAME)
  assert.ok(stdout.includes(expected), `loaded from elsewhere than ${expected}: ${stdout}`)
}

function report(what, text) {
  console.log(`${what.padEnd(12)}${text}`)
}
