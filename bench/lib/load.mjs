/** The Rust programs of bench/load: built, started, asked. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { Failure } from '../../scripts/lib/failure.mjs'
import { ROOT } from '../../scripts/lib/paths.mjs'
import { capture, run } from '../../scripts/lib/run.mjs'

/** Cargo's settings of bench/.cargo count in here. */
export const BENCH = join(ROOT, 'bench')

/** Where cargo puts what it builds here. */
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target', 'bench')

const program = (name) => join(TARGET, 'release', process.platform === 'win32' ? `${name}.exe` : name)

export async function buildLoad() {
  const parameters = ['build', '--release', '--locked', '--package', 'gateway-bench-load']
  await run('cargo', parameters, { cwd: BENCH, what: 'Building the load server' })
}

/** @returns {Promise<{ addresses: Record<string, string>, authority: string, close: () => Promise<void> }>} */
export async function startLoad() {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-bench-'))
  const authority = join(folder, 'authority.pem')
  // One thread more than bare hyper needs to be kept busy by a client of as many.
  const threads = Math.max(1, availableParallelism() >> 1)
  const child = spawn(program('load-server'), ['--threads', String(threads), '--authority', authority], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const line = await new Promise((resolve, reject) => {
    child.once('error', reject)
    closed.then((code) => reject(new Failure(`The load server ended (${code}).`)))
    createInterface({ input: child.stdout }).once('line', resolve)
  })
  const close = async () => {
    child.stdin.end()
    await closed
    await rm(folder, { recursive: true, force: true })
  }
  return { addresses: JSON.parse(line), authority, close }
}

/** The upper limit: the better of one thread and two, since either can be in the other's way. */
export async function bareClient(address, abreast, seconds) {
  const results = []
  for (const threads of abreast > 1 ? [1, 2] : [1]) {
    const options = { port: new URL(address).port, abreast, threads, seconds }
    const parameters = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    const { ok, output, stdout } = await capture(program('bare-client'), parameters)
    if (!ok) throw new Failure(`The bare client failed: ${output}`)
    results.push({ ...JSON.parse(stdout), threads })
  }
  return results.reduce((best, other) => (other.perSecond > best.perSecond ? other : best))
}
