// Runs the demo as a process, without a terminal.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const DEMO = fileURLToPath(new URL('../../demo/demo.mjs', import.meta.url))

/** @param {{ env?: Record<string, string>, file?: string }} [options] `file`: of a copy */
export function startDemo(t, parameters, { env = {}, file = DEMO } = {}) {
  const child = spawn(process.execPath, [file, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const demo = { child, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      demo[name] += text
    })
  }
  demo.ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  return demo
}

export async function runDemo(t, parameters, options) {
  const demo = startDemo(t, parameters, options)
  const status = await demo.ended
  return { ...demo, status }
}

/** Returns the pids of the daemons that a process has started. @returns {Promise<number[]>} */
export async function daemonsOf(pid) {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  const rows = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
  const isDaemon = ([, , parent, args]) => Number(parent) === pid && args.endsWith('daemon.mjs')
  return rows.filter(isDaemon).map(([, own]) => Number(own))
}
