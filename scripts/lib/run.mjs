import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { Failure } from './failure.mjs'

/** Runs a program to its end, with this process's terminal. `what` names it in the failure; the rest are `spawn`'s. */
export async function run(program, parameters, { what = program, ...options } = {}) {
  const status = await ended(spawn(program, parameters, { stdio: 'inherit', ...options }))
  if (status !== 0) throw new Failure(`${what} failed (${describe(status)}).`)
}

/**
 * Runs a program to its end and returns its output. `failure` is thrown, after the output, if the program fails.
 *
 * @returns {Promise<{ ok: boolean, status: number | string, stdout: string, output: string }>} `output`: both streams
 */
export async function capture(program, parameters, { failure, ...options } = {}) {
  const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  child.stdout.on('data', (text) => (stdout += text))
  const status = await ended(child)
  if (failure && status !== 0) throw new Failure(`${output}\n${failure}`)
  return { ok: status === 0, status, stdout, output }
}

/** @returns {Promise<number | string>} exit code, or the name of the signal or of what kept it from starting */
async function ended(child) {
  const [code, signal] = await once(child, 'close').catch((error) => [error.code])
  return code ?? signal
}

const describe = (status) => (typeof status === 'number' ? `exit code ${status}` : status)
