// A program in TypeScript that uses every exported value, and a file that names every type, as ESM and as CommonJS:
// compiled by each major version, and run.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startFakeEngine } from '../../__test__/servers/docker/fake.mjs'
import { ROOT } from '../lib/paths.mjs'
import { copyProgram, PROJECT } from './workshop.mjs'

const TOOLS = ['typescript-5', 'typescript-6', 'typescript-7']
const SERVERS = ['railway', 'render', 'namespace', 'vercel']
const TYPES = ['types.mts', 'types.cts']
const FILES = ['every.mts', 'every.cts', ...TYPES]

export const COMPILERS = TOOLS.map((tool) => ({ name: tool, check: (shop) => check(shop, tool) }))

async function check(shop, tool) {
  const types = await typesOfPackage()
  const options = { strict: await optionsOf('tsconfig.json') }
  options.strictest = { ...options.strict, ...(await optionsOf('tsconfig.strictest.json')) }
  const room = await shop.room(tool)
  await copyProgram('every.mts', room)
  const named = `export type { ${types.join(', ')} } from '@computesdk/gateway'\n`
  for (const file of TYPES) await writeFile(join(room, file), named)
  for (const [name, compilerOptions] of Object.entries(options)) {
    const settings = { compilerOptions: { ...compilerOptions, noEmit: false, outDir: name }, files: FILES }
    await writeFile(join(room, `tsconfig.${name}.json`), JSON.stringify(settings))
    const parameters = [shop.tool(tool, 'bin/tsc'), '--project', `tsconfig.${name}.json`]
    await shop.node(`tsc, ${name}`, parameters, { cwd: room })
    for (const file of ['every.mjs', 'every.cjs']) await run(shop, room, join(name, file))
  }
  return { version: `typescript ${await shop.version(tool)}`, did: 'strict and strictest, ESM and CJS: compiled, run' }
}

/** Runs the programs with a fake server of each provider. */
async function run(shop, cwd, file) {
  const engine = await startFakeEngine()
  const servers = [engine]
  const configs = { docker: { host: engine.url } }
  try {
    for (const name of SERVERS) {
      const { start } = await import(`../../__test__/servers/${name}/start.mjs`)
      const { server, config } = await start({ stepMilliseconds: 10 })
      servers.push(server)
      configs[name] = config
    }
    await shop.node(file, [file], { cwd, env: { CONFIGS: JSON.stringify(configs) } })
  } finally {
    for (const server of servers) await server.close()
  }
}

/** Returns the types that index.d.ts exports. The program must name its other exports. */
async function typesOfPackage() {
  const types = await readFile(join(ROOT, 'index.d.ts'), 'utf8')
  const exported = [...types.matchAll(/^export (?:declare )?(type|interface|const|function) (\w+)/gm)]
  const namesOf = (...kinds) => exported.filter(([, kind]) => kinds.includes(kind)).map(([, , name]) => name)
  assert.ok(exported.length > 0, 'index.d.ts exports nothing')
  const words = new Set((await readFile(join(PROJECT, 'every.mts'), 'utf8')).match(/\w+/g))
  const unused = namesOf('const', 'function').filter((name) => !words.has(name))
  assert.deepEqual(unused, [], 'every.mts does not use them')
  return namesOf('type', 'interface')
}

const optionsOf = async (file) => JSON.parse(await readFile(join(ROOT, file), 'utf8')).compilerOptions
