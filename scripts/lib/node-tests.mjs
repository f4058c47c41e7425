// Lists the files of the Node tests, and runs them, in any Node.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

import { filesBelow, inNewFolder } from './files.mjs'
import { ROOT } from './paths.mjs'
import { run } from './run.mjs'

const TIMEOUT_MILLISECONDS = 600_000

/** Files at once. They mostly wait, so there may be more of them than processors. */
const CONCURRENCY = availableParallelism() + 3

/** Returns the files of the Node tests with one of these words in their paths; without words, all. */
export async function testFiles(words = []) {
  const files = await filesBelow(join(ROOT, '__test__'))
  return files
    .filter((file) => /\.test\.(mjs|cjs|js)$/.test(file))
    .map((file) => `__test__/${file}`)
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
}

/** Runs test files. @param {string[]} [command] the Node that runs them, with its parameters */
export async function runNodeTests(files, environment, [program, ...before] = [process.execPath]) {
  const env = { WATCH_EVENTS: String(randomInt(1_000)), ...environment }
  console.log(`WATCH_EVENTS=${env.WATCH_EVENTS}: this half of the files has its events searched for secrets.`)
  const limits = [`--test-timeout=${TIMEOUT_MILLISECONDS}`, `--test-concurrency=${CONCURRENCY}`]
  const parameters = [...before, '--test', '--test-reporter=spec', ...limits, ...files]
  // The files divide the ports among their servers (__test__/servers/shared/ports.mjs).
  await inNewFolder('test-ports', (ports) =>
    run(program, parameters, { cwd: ROOT, env: { ...env, TEST_PORTS: ports }, what: 'The Node tests' }),
  )
}
