// A consumer's project: the packages as npm installs them, and the tools that users build with.
import assert from 'node:assert/strict'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bareEnvironment, must } from '../../__test__/smoke/bare.mjs'
import { packFor } from '../../__test__/smoke/packages.mjs'
import { ROOT } from '../lib/paths.mjs'
import { capture } from '../lib/run.mjs'
import { findNpm } from '../release/npm.mjs'

const FOLDER = join(ROOT, 'scripts', 'consumers')

/** The programs and settings of the consumers. */
export const PROJECT = join(FOLDER, 'project')

/**
 * @typedef {object} Workshop
 * @property {string} folder
 * @property {Record<string, string>} bare an environment without the developer's variables
 * @property {Record<string, string>} environment what the programs need to find the fake server
 * @property {(name: string) => Promise<string>} room a new folder in which the tools and the packages are found
 * @property {(name: string, packages: boolean) => Promise<string>} place a new folder from which no tool can be found
 * @property {(what: string, parameters: string[], options: object) => Promise<{ stdout: string }>} node
 * @property {(name: string, file: string) => string} tool the script behind a tool's command
 * @property {(name: string) => Promise<string>} version of a tool
 */

/** Installs all of it. @param {string} folder an empty one, by its real path @returns {Promise<Workshop>} */
export async function openWorkshop(folder, environment) {
  // Only the owner may read a folder of mkdtemp, and one of the consumers is another user.
  await chmod(folder, 0o755)
  const bare = { ...(await bareEnvironment(folder)), NO_PROXY: '127.0.0.1', NEXT_TELEMETRY_DISABLED: '1' }
  const shop = join(folder, 'workshop')
  const installed = await install(join(folder, 'installed'), await packFor(join(folder, 'own')), bare)
  await mkdir(shop)
  for (const name of ['package.json', 'package-lock.json']) await cp(join(FOLDER, name), join(shop, name))
  const parameters = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  // With the developer's settings, which may name a registry and its certificates.
  await must('npm ci', process.execPath, [await findNpm(), ...parameters], { cwd: shop })
  await copyPackages(installed, shop)

  const tool = (name, file) => join(shop, 'node_modules', name, file)
  return {
    folder,
    bare,
    environment,
    tool,
    node: (what, parameters, { env, ...options }) =>
      must(what, process.execPath, parameters, { ...options, env: { ...bare, ...env } }),
    version: async (name) => JSON.parse(await readFile(tool(name, 'package.json'), 'utf8')).version,
    async room(name) {
      const room = join(shop, name)
      await mkdir(room)
      return room
    },
    async place(name, packages) {
      const place = join(folder, 'places', name)
      await mkdir(place, { recursive: true })
      if (packages) await copyPackages(installed, place)
      return place
    },
  }
}

/** Copies a program of the consumers into a folder, as an ES module and as the same program in CommonJS. */
export async function copyProgram(name, room) {
  const text = await readFile(join(PROJECT, name), 'utf8')
  await writeFile(join(room, name), text)
  // In TypeScript, only `import = require` gives types.
  const required = name.endsWith('ts') ? 'import $3 = require($2)\nconst $1 = $3' : 'const $1 = require($2)'
  const common = text.replace(/^import (?!type)(.+) from ('.*?(\w+)')$/gm, required)
  await writeFile(join(room, name.replace('.m', '.c')), common)
}

/** Installs tarballs into a new folder, without a registry. */
export async function install(folder, tarballs, env, options = []) {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n')
  const parameters = ['install', '--offline', '--no-audit', '--no-fund', ...options, ...tarballs]
  await must('npm install', process.execPath, [await findNpm(), ...parameters], { cwd: folder, env })
  return folder
}

/** Only this package and its binary. */
const copyPackages = (from, to) =>
  cp(join(from, 'node_modules', '@computesdk'), join(to, 'node_modules', '@computesdk'), { recursive: true })

/** Runs what was built in its folder, and checks that it loads the addon there. */
export async function runAt(shop, place, file, options = {}) {
  const { stdout } = await shop.node(file, [join(place, file)], { cwd: place, env: shop.environment, ...options })
  const loaded = /create, destroy with (.+\.node)/.exec(stdout)?.[1]
  assert.ok(loaded?.startsWith(place), `loaded from elsewhere than ${place}: ${stdout}`)
}

/** Runs a build that has to fail, and to name the binary. */
export async function failToBuild(shop, parameters, cwd) {
  const { ok, output } = await capture(process.execPath, parameters, { cwd, env: shop.bare })
  assert.ok(!ok && /\.node\b/.test(output), `it should fail and name a .node file: ${output}`)
  return 'the build fails and names the file'
}
