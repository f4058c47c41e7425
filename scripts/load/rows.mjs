// Which artifact is loaded in which runtime. Each tested row of the table in docs/platforms.md is one of these.
import { Failure } from '../lib/failure.mjs'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} target whose artifact is loaded, as in scripts/targets/list.mjs
 * @property {string} [runtime] as in runtimes.mjs; the Node that runs this script without one
 * @property {'qemu-aarch64' | 'wine'} [emulator]
 * @property {'arm64' | 'x64'} [libraries] for which processor system libraries are fetched
 * @property {('smoke' | 'panic' | 'suite' | 'demo')[]} does
 * @property {string[]} [tests] of the suite only the files that begin so, none of which needs test hooks
 * @property {string[]} [without] of the suite all but the files that begin so
 */

/** The tests that run under emulation: those that a processor or C library could break. All would take hours. */
const EMULATED_TESTS = ['exports', 'create.test', 'destroy', 'list', 'error-', 'abort.test', 'abort-reading', 'secrets']

/** @type {Partial<Row>} */
const ARM64 = { emulator: 'qemu-aarch64', libraries: 'arm64', does: ['smoke', 'suite'], tests: EMULATED_TESTS }

/** @type {Row[]} */
export const ROWS = [
  { name: 'node-20', target: 'linux-x64-gnu', does: ['smoke', 'panic', 'suite'] },
  { name: 'node-22', target: 'linux-x64-gnu', runtime: 'node-22', does: ['smoke', 'suite'] },
  { name: 'node-24', target: 'linux-x64-gnu', runtime: 'node-24', does: ['smoke', 'suite'] },
  { name: 'node-26', target: 'linux-x64-gnu', runtime: 'node-26', does: ['smoke', 'suite'] },
  { name: 'bun', target: 'linux-x64-gnu', runtime: 'bun', does: ['smoke', 'demo'] },
  { name: 'deno', target: 'linux-x64-gnu', runtime: 'deno', does: ['smoke', 'demo'] },
  {
    name: 'musl',
    target: 'linux-x64-musl',
    runtime: 'node-24-musl-x64',
    libraries: 'x64',
    does: ['smoke', 'panic', 'suite'],
    // An image holds the Node that runs the tests, which here is a script; and npm starts this machine's own Node.
    without: ['docker-demo', 'docs-commands'],
  },
  { name: 'arm64', target: 'linux-arm64-gnu', runtime: 'node-26-arm64', ...ARM64 },
  { name: 'arm64-musl', target: 'linux-arm64-musl', runtime: 'node-24-musl-arm64', ...ARM64 },
  {
    name: 'windows',
    target: 'win32-x64-msvc',
    runtime: 'node-22-windows-x64',
    emulator: 'wine',
    does: ['smoke', 'panic'],
  },
]

/** Returns the rows with these names; without names, all. */
export function select(names) {
  if (names.length === 0) return ROWS
  return names.map((name) => {
    const found = ROWS.find((row) => row.name === name)
    if (found) return found
    throw new Failure(`unknown row: ${name} (known: ${ROWS.map((row) => row.name).join(', ')})`, 2)
  })
}
