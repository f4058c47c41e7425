#!/usr/bin/env node
// npm test                        everything
// npm test -- node                one part: rust, node, types
// npm test -- node abort list     of the Node tests only the files with these words in their paths
// npm test -- --no-build          with the addon as it is
import { parseArgs } from 'node:util'

import { build, needsBuild } from './lib/addon.mjs'
import { withoutCredentials } from './lib/environment.mjs'
import { Failure, runMain } from './lib/failure.mjs'
import { runNodeTests, testFiles } from './lib/node-tests.mjs'
import { ROOT, tool } from './lib/paths.mjs'
import { capture, run } from './lib/run.mjs'
import { requireToolchain } from './lib/toolchain.mjs'

const TYPE_PROJECTS = [
  // The public types, once as most projects compile and once as strictly as the compiler can.
  'tsconfig.json',
  'tsconfig.strictest.json',
  'tsconfig.bridge.json',
  'examples/gateway-server/tsconfig.json',
]

const PARTS = {
  rust: { title: 'Rust tests', builds: [], run: rustTests },
  node: { title: 'Node tests', builds: ['release', 'test-hooks'], run: nodeTests },
  types: { title: 'Type tests', builds: ['release'], run: typeTests },
}

await runMain(async () => {
  const { part, words, noBuild } = readArguments()
  const parts = Object.entries(PARTS).filter(([name]) => part === undefined || part === name)
  const env = withoutCredentials()
  const durations = []
  const timed = async (title, work) => {
    console.log(`\n=== ${title}`)
    const start = performance.now()
    await work()
    durations.push(`${title} ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }

  for (const kind of new Set(parts.flatMap(([, { builds }]) => builds))) {
    if (await needsBuild(kind, noBuild)) await timed(`Build: ${kind}`, () => build(kind))
  }
  for (const [, { title, run }] of parts) await timed(title, () => run(env, words))

  console.log(`\nAll passed: ${durations.join(', ')}.`)
})

function readArguments() {
  const usage = `usage: npm test -- [${Object.keys(PARTS).join(' | ')}] [words in the paths of Node tests] [--no-build]`
  try {
    const options = { 'no-build': { type: 'boolean', default: false } }
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [part, ...words] = positionals
    if (part !== undefined && !Object.hasOwn(PARTS, part)) throw new Error(`no such part: ${part}`)
    return { part, words, noBuild: values['no-build'] }
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`, 2)
  }
}

/** Runs the Rust tests with cargo-nextest if it is installed, which is faster, else with cargo. */
async function rustTests(env) {
  await requireToolchain()
  const nextest = await capture('cargo', ['nextest', '--version'], { cwd: ROOT })
  const parameters = nextest.ok ? ['nextest', 'run'] : ['test']
  await run('cargo', parameters, { cwd: ROOT, env, what: 'The Rust tests' })
}

async function nodeTests(env, words) {
  const files = await testFiles(words)
  if (files.length === 0) throw new Failure(`No test file has ${words.join(', ')} in its path.`)
  await runNodeTests(files, env)
}

async function typeTests(env) {
  const check = async (project) => {
    const what = `The type tests (${project})`
    await run(process.execPath, [tool('typescript', 'bin/tsc'), '--project', project], { cwd: ROOT, env, what })
    console.log(`${project}: ok`)
  }
  await Promise.all(TYPE_PROJECTS.map(check))
}
