// The examples of the documents and of the types: TypeScript is checked by tsc, and those that are whole programs run
// against a fake server.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { tool } from '../scripts/lib/paths.mjs'
import { capture } from '../scripts/lib/run.mjs'
import { readPages, ROOT } from './support/markdown.mjs'
import { withRailway } from './support/railway.mjs'

/** What an example may use without saying where it comes from. Its own imports hide these. */
const GLOBALS = `
import type { DockerConfig, InfraProvider } from '@computesdk/gateway'
declare global {
  const apiKey: string, projectId: string, environmentId: string, ownerId: string, token: string, teamId: string
  const config: { apiKey: string }, idempotencyKey: string
  const provider: InfraProvider
  const docker: typeof import('@computesdk/gateway').docker
  const railway: typeof import('@computesdk/gateway').railway
  const isGatewayError: typeof import('@computesdk/gateway').isGatewayError
  const wait: (milliseconds: number) => Promise<void>, later: typeof wait
  const alert: (text: string) => void
}
`

/** Below the package's root, so that its name leads to it. */
let folder

before(async () => {
  await mkdir(join(ROOT, 'target'), { recursive: true })
  folder = await mkdtemp(join(ROOT, 'target', 'docs-examples-'))
})

after(() => rm(folder, { recursive: true, force: true }))

/** Returns the examples in one language, of the pages and of the comments of the types. */
async function examplesIn(language) {
  const pages = await readPages()
  const examples = pages.flatMap(({ path, blocks }) =>
    blocks.filter((block) => block.language === language).map(({ text, line }) => ({ where: `${path}:${line}`, text })),
  )
  const types = await readFile(join(ROOT, 'index.d.ts'), 'utf8')
  for (const [, name, body] of types.matchAll(/^ *\* ```(\w+)\n((?: *\*.*\n)*?) *\* ```$/gm)) {
    const line = types.slice(0, types.indexOf(body)).split('\n').length
    if (name === language) examples.push({ where: `index.d.ts:${line}`, text: body.replace(/^ *\* ?/gm, '') })
  }
  return examples
}

/** Returns the one example of a page in which a text stands. */
async function exampleWith(page, language, text) {
  const examples = await examplesIn(language)
  const found = examples.filter((example) => example.where.startsWith(page) && example.text.includes(text))
  assert.equal(found.length, 1, `${page}: one example with ${text}`)
  return found[0].text
}

test('every TypeScript example compiles', async () => {
  const examples = await examplesIn('ts')
  assert.ok(examples.length >= 10, `${examples.length} examples`)
  const names = new Map()
  for (const [index, { where, text }] of examples.entries()) {
    const name = `example-${index}.mts`
    names.set(name, where)
    await writeFile(join(folder, name), `${text}\nexport {}\n`)
  }
  await writeFile(join(folder, 'globals.d.mts'), GLOBALS)
  const options = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: { skipLibCheck: true }, files: [], include: ['*.mts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const compiler = [tool('typescript', 'bin/tsc'), '--project', folder]
  const { status, output } = await capture(process.execPath, compiler, { cwd: ROOT })
  const named = output.replace(/\S*?(example-\d+\.mts)/g, (_, name) => names.get(name))
  assert.equal(status, 0, named)
})

/**
 * Runs an example in this process, at a fake server: its factory gets the server's address besides.
 *
 * @param {string} text
 * @param {Record<string, unknown>} globals what it uses without an import
 * @param {object} settings
 */
async function run(text, globals, settings) {
  const name = `run-${Math.random().toString(36).slice(2)}`
  const shim = join(folder, `${name}-package.mjs`)
  Object.assign(globalThis, globals, { exampleSettings: settings })
  await writeFile(
    shim,
    `export * from '@computesdk/gateway'
    import { railway as real } from '@computesdk/gateway'
    export const railway = (config) => real({ ...globalThis.exampleSettings, ...config })`,
  )
  const file = join(folder, `${name}.mjs`)
  const imports = text.replaceAll("'@computesdk/gateway'", `'${pathToFileURL(shim)}'`)
  await writeFile(file, imports)
  try {
    await import(pathToFileURL(file))
  } finally {
    for (const global of [...Object.keys(globals), 'exampleSettings']) delete globalThis[global]
  }
}

test('the quick start of the README creates, reads, lists and destroys', async (t) => {
  const fixture = await withRailway(t)
  const { apiKey, projectId, environmentId, server } = fixture
  const printed = t.mock.method(console, 'log', () => {})
  const failed = t.mock.method(console, 'error', () => {})
  const text = await exampleWith('README.md', 'ts', 'idempotencyKey')
  await run(text, { apiKey, projectId, environmentId }, { baseUrl: server.url })
  assert.deepEqual(failed.mock.calls.map(({ arguments: words }) => words), [])
  assert.equal(printed.mock.calls.length, 1)
  const operations = new Set(fixture.asked())
  for (const operation of ['serviceCreate', 'serviceDelete']) {
    assert.ok([...operations].some((asked) => asked.toLowerCase().includes(operation.toLowerCase())), operation)
  }
})

test('the example of errors waits after a failure that passes', async (t) => {
  const { server, provider } = await withRailway(t)
  server.faults.add({ kind: 'respond', status: 429, headers: { 'retry-after': '60' }, body: '' })
  const waited = []
  const text = await exampleWith('docs/errors.md', 'ts', 'later(')
  await run(text, { provider, idempotencyKey: 'key', later: async (milliseconds) => waited.push(milliseconds) }, {})
  assert.equal(waited.length, 1)
  assert.ok(waited[0] > 30_000 && waited[0] <= 60_000, `${waited[0]} ms`)
})

// The last one, because its subscribers stay.
test('the example of observability prints the life of a create', async (t) => {
  const { apiKey, projectId, environmentId, server } = await withRailway(t)
  const printed = t.mock.method(console, 'log', () => {})
  const text = await exampleWith('docs/observability.md', 'js', 'CHANNELS')
  await run(text, {}, { apiKey, projectId, environmentId, baseUrl: server.url })
  const events = printed.mock.calls.map(({ arguments: [, event] }) => event)
  assert.equal(events[0], 'begins')
  assert.ok(events.includes('request') && events.includes('ends'), events.join(' '))
})
