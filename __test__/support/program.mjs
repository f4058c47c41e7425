import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { printable } from './canary.mjs'

/** The variables that a program needs: no credentials, no proxies. Two name addons. */
const KEPT = ['PATH', 'SystemRoot', 'TEMP', 'GATEWAY_ADDON', 'NAPI_RS_NATIVE_LIBRARY_PATH', 'LD_PRELOAD']

/**
 * The modules that this process imports first. Its programs import them first, too (`../http-reqwest.test.mjs`).
 */
const PRELOADS = process.execArgv.filter((argument) => argument.startsWith('--import='))

/**
 * Runs a program of `support/programs` in a process of its own.
 *
 * @param {string} name
 * @param {object} [options]
 * @param {unknown} [options.input] for the program's variable `INPUT`, as JSON
 * @param {string[]} [options.execArgv]
 * @param {number} [options.milliseconds] after which it is killed, and the result says so
 * @param {Record<string, string>} [options.env]
 * @returns {{ child: import('node:child_process').ChildProcess,
 *   ended: Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string, late: boolean }> }}
 *   the texts without secrets
 */
export function startProgram(name, { input, execArgv = [], milliseconds = 20_000, env } = {}) {
  const inherited = Object.entries(process.env).filter(([variable]) => KEPT.includes(variable))
  const file = fileURLToPath(new URL(`programs/${name}`, import.meta.url))
  const child = spawn(process.execPath, [...PRELOADS, ...execArgv, file], {
    env: { ...Object.fromEntries(inherited), INPUT: JSON.stringify(input ?? null), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  // The channel is for programs that listen to it. It keeps no other program alive.
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, milliseconds)
  const all = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  const ended = all.then(([[code, signal], stdout, stderr]) => {
    clearTimeout(timer)
    return { code, signal, late, stdout: printable(stdout), stderr: printable(stderr) }
  })
  return { child, ended }
}

/** Runs a program to its end. */
export const runProgram = (name, options) => startProgram(name, options).ended
