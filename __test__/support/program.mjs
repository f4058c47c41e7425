import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { printable } from './canary.mjs'

/** The variables that a program needs: no credentials, no proxies. Two name addons. */
const KEPT = ['PATH', 'SystemRoot', 'TEMP', 'GATEWAY_ADDON', 'NAPI_RS_NATIVE_LIBRARY_PATH', 'LD_PRELOAD']

/**
 * The modules that this process imports first. Its programs import them first, too (`../transport-reqwest.test.mjs`).
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
  const texts = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', (chunk) => (texts[stream] += chunk))
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, milliseconds)
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, late, stdout: printable(texts.stdout), stderr: printable(texts.stderr) })
    })
  })
  return { child, ended }
}

/** Runs a program to its end. */
export function runProgram(name, options) {
  return startProgram(name, options).ended
}
