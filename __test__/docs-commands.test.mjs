// Takes each command from the Markdown. A command is run here, or is run by a program that this file names, or stands in the
// short list of those that cannot run in a test, with the reason. Any other command fails.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { withoutCredentials } from '../scripts/lib/environment.mjs'
import { inlineCode, readPages, ROOT } from './support/markdown.mjs'

/**
 * Commands that this file runs, with what their output shows. `instead`: a word and what a test replaces it by, so that it
 * takes seconds and meets no other test. `serves`: the command goes on until it is stopped.
 */
const RUN = [
  { command: /^npm run build:all -- --list$/, shows: /"name":"linux-x64-musl"/ },
  { command: /^npm run check:load -- --list$/, shows: /^node-20 +linux-x64-gnu/m },
  { command: /^npm run server -- render --port 4000$/, instead: ['4000', '0'], shows: /RENDER_API_KEY=/, serves: true },
  { command: /^npm run check:consumers -- --list$/, shows: /^next-turbopack$/m },
  { command: /^npm run server -- (render|railway( --daemon)?)$/, shows: /export R\w+_API_KEY=/, serves: true },
  { command: /^npm run docs$/, shows: /\d\d pages, \d{4} links checked/ },
  { command: /^npm test -- node render-list$/, instead: ['node', '--no-build node'], shows: /pass [1-9][^]*All passed: Node tests/ },
]

/** Commands that another program runs: its file, and how the command stands there if not word for word. */
const ELSEWHERE = [
  { command: /^npm ci$/, file: '.ci/run' },
  { command: /^npm run demo( -- render)?$/, file: '.ci/run', as: 'npm ci && npm run demo' },
  { command: /^npm test$/, file: '.ci/run', as: 'npm ci && npm test' },
  { command: /^npm test -- (rust|types|--no-build|node simulation)$/, file: 'scripts/test.mjs', as: '--no-build' },
  { command: /^cargo test (simulation|the_recordings)$/, file: 'scripts/test.mjs', as: 'The Rust tests' },
  { command: /^npm run build(:debug|:test-hooks)?$/, file: 'scripts/test.mjs', as: "builds: ['release', 'test-hooks']" },
  { command: /^npm run (lint|smoke|check:instructions)$/, file: '.ci/run' },
  { command: /^npm run (check:artifacts|release:rehearse)$/, file: '.ci/run' },
  { command: /^cargo fmt$/, file: '.ci/run', as: 'cargo fmt --check' },
  { command: /^cargo clippy --all-targets -- -D warnings$/, file: '.ci/run', as: 'cargo clippy --locked --all-targets' },
  { command: /^cargo deny$/, file: '.ci/run', as: 'cargo deny check' },
  { command: /^\.ci\/(run|rules|layers|self-test|canary)$/, file: '.github/workflows/ci.yml', as: '.ci/run' },
  { command: /^npm run build:all( -- (TARGET|[\w-]+))?$/, file: '.github/workflows/release.yml', as: 'npm run build:all -- ' },
  { command: /^npm run release:(pack|check|sbom)$/, file: '.github/workflows/release.yml' },
  { command: /^npm run release:workflows$/, file: '.github/workflows/ci.yml' },
  { command: /^npm run smoke -- --packed packed$/, file: '.github/workflows/release.yml' },
  { command: /^npm ci --os=linux --cpu=arm64 --libc=musl$/, file: 'scripts/release/rehearse-installs.mjs', as: '--libc=' },
  { command: /^npm install( --no-save .*)?$/, file: 'scripts/release/managers.mjs', as: 'install' },
  { command: /^npm run chaos( -- .*--runs 1000 --seed 7)?$/, file: '__test__/chaos.test.mjs', as: 'runs' },
  { command: /^npm run demo -- --gateways 3$/, file: '__test__/demo-gateways.test.mjs', as: '--gateways' },
  { command: /^npm run demo -- render --real$/, file: '__test__/demo-real.test.mjs', as: '--real' },
  { command: /^esbuild main\.ts .*--external:@computesdk/, file: '__test__/smoke/uses.mjs', as: '--external:@computesdk' },
  { command: /^npx tsx examples\/gateway-server\/main\.ts$/, file: '__test__/gateway/fixture.mjs', as: 'main.ts' },
  { command: /^node .*daemon\.mjs/, file: '__test__/servers/shared/daemon.mjs', as: 'daemon.mjs' },
]

/** Commands that cannot run in a test, and why. For those of npm the script and its options are checked nevertheless. */
const NOT_HERE = [
  { command: /^npm (trust|publish)\b/, reason: 'changes packages at npm' },
  { command: /^npm run release:(publish|version)\b/, reason: 'publishes, or rewrites the checkout' },
  { command: /^git (tag|push)\b/, reason: 'starts a release' },
  { command: /^npm install @computesdk\/gateway$/, reason: 'the package is not published yet' },
  { command: /^npm run demo -- docker$/, reason: 'needs a real engine; docker-demo.test.mjs runs it where there is one' },
  { command: /^npm run server -- railway --run /, reason: 'starts a program of the reader' },
  { command: /^npm run (bench|bench:gateways|soak)\b|^cargo bench$|^cd bench$/, reason: 'takes minutes on a quiet machine' },
  { command: /^npm run simulate -- /, reason: 'builds the tests with optimisations, and takes minutes' },
  { command: /^npm run docs:charts$/, reason: 'needs results of a benchmark; docs-site.test.mjs draws charts' },
  { command: /^npm run check:consumers( -- container-musl)?$/, reason: 'fetches the tools of its consumers, and takes minutes' },
  { command: /^npm link \.\.\/gateway$/, reason: 'writes into npm’s global folder' },
  { command: /^npm run check:load\b/, reason: 'needs the artifacts of every platform' },
  { command: /^npm run build:all -- --test-hooks /, reason: 'builds for another platform, for minutes' },
  { command: /^apt-get install\b/, reason: 'changes the machine' },
  { command: /\bacme\b|^npm test -- node behaviour exports demo$/, reason: 'acme stands for a new provider' },
  { command: /^node __test__\/servers\/namespace\/schema\/generate\.mjs$/, reason: 'fetches a compiler' },
]

/** Programs with whose names a command begins. */
const PROGRAM = /^(?:npm (?:ci|test|run|install|link|trust|publish)\b|(?:npx|node|cargo|git|cd|apt-get|esbuild) )|^\.ci\/[\w-]+$/

/** Variables that precede a command, and lines that only set some. */
const VARIABLES = /^(?:[A-Z_]+=(?:'[^']*'|\S*)\s*)+/

/** Returns the commands of a text of a shell. @param {string} text */
function commandsOf(text) {
  const lines = text.replace(/\\\n\s*/g, ' ').split('\n')
  const plain = lines.map((line) => line.replace(/(^|\s)#( .*|$)/, '').replace(VARIABLES, '').trim())
  return plain.flatMap((line) => line.split(/\s*&&\s*/)).filter((command) => command !== '')
}

/** Returns the commands of all pages, with the pages that hold them. @returns {Promise<Map<string, string>>} */
async function documented() {
  const found = new Map()
  for (const { path, text, blocks } of await readPages()) {
    if (path === 'CHANGELOG.md') continue
    const shell = blocks.filter(({ language }) => language === 'sh').flatMap((block) => commandsOf(block.text))
    const inline = inlineCode(text).flatMap(commandsOf).filter((code) => PROGRAM.test(code))
    for (const command of [...shell, ...inline]) found.set(command, path)
  }
  return found
}

const commands = await documented()
const scripts = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).scripts

const ruleFor = (rules, command) => rules.find((rule) => rule.command.test(command))

/** Runs a command to its end, or until it has shown what it shall. Returns what it has printed. */
function runCommand(command, { shows, serves }) {
  // Under a test runner's variable the runner that a command starts would run nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = withoutCredentials()
  const child = spawn('/bin/sh', ['-c', command], { cwd: ROOT, env, detached: true })
  let output = ''
  return new Promise((resolve, reject) => {
    const stop = () => process.kill(-child.pid, 'SIGTERM')
    const read = (chunk) => {
      output += chunk
      if (serves && shows.test(output)) stop()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
}

describe('The commands of the documents', { concurrency: true }, () => {
  for (const [command, path] of commands) {
    const rule = ruleFor(RUN, command)
    if (!rule) continue
    test(`${command} works (${path})`, { skip: process.platform === 'win32' && 'needs a POSIX shell' }, async () => {
      const shortened = rule.instead ? command.replace(...rule.instead) : command
      assert.ok(!rule.instead || shortened !== command, 'the command has changed')
      const { status, output } = await runCommand(shortened, rule)
      assert.match(output, rule.shows)
      if (!rule.serves) assert.equal(status, 0, output)
    })
  }

  test('each other command is run by a program of the repository, or has a reason not to be', async () => {
    const unknown = []
    for (const [command, path] of commands) {
      if (ruleFor(RUN, command) || ruleFor(NOT_HERE, command)) continue
      const rule = ruleFor(ELSEWHERE, command)
      const text = rule && (await readFile(join(ROOT, rule.file), 'utf8'))
      if (!text?.includes(rule.as ?? command)) unknown.push(`${path}: ${command}`)
    }
    assert.deepEqual(unknown, [])
  })

  test('each script that a command runs exists, and knows its options', async () => {
    const wrong = []
    for (const [command, path] of commands) {
      const [, name, rest = ''] = /^npm (?:run )?(test|(?<=run )[\w:-]+)(?: -- (.*))?$/.exec(command) ?? []
      if (!name || /\bacme\b/.test(command)) continue
      const script = scripts[name]
      if (!script) wrong.push(`${path}: ${command}: no such script`)
      const [, file] = /^node (\S+)/.exec(script ?? '') ?? []
      if (!file) continue
      const text = await readFile(join(ROOT, file), 'utf8')
      for (const [, option] of rest.matchAll(/(?<=^|\s)--([a-z\d-]+)/g)) {
        const isRead = new RegExp(`--${option}\\b|'${option}'|\\b${option}: \\{`).test(text)
        if (!isRead) wrong.push(`${path}: ${command}: --${option}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  test('every rule has a command', () => {
    const rules = [...RUN, ...ELSEWHERE, ...NOT_HERE]
    const idle = rules.filter((rule) => ![...commands.keys()].some((command) => rule.command.test(command)))
    assert.deepEqual(idle.map((rule) => String(rule.command)), [])
  })
})
