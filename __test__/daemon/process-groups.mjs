// Processes with a group of their own, so that a shell's children end with it. One that leaves its group (`setsid`)
// does not end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long to wait after a process's end for output that its children hold open. */
const DRAIN_MILLISECONDS = 100

/**
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { onOutput: (stream: 'stdout' | 'stderr', text: string) => void,
 *   onExit: () => void, onEnd: (exitCode: number) => void }} options `onEnd`: it has exited, and its output has ended
 */
export function spawnGroup(file, args, { onOutput, onExit, onEnd, ...options }) {
  const child = spawn(file, args, { ...options, detached: true })
  for (const stream of ['stdout', 'stderr']) {
    child[stream]?.setEncoding('utf8').on('data', (text) => onOutput(stream, text))
  }
  child.once('exit', async (code, signal) => {
    onExit()
    await Promise.race([once(child, 'close'), sleep(DRAIN_MILLISECONDS)])
    onEnd(code ?? 128 + constants.signals[signal])
  })
  return child
}

/** @returns {boolean} whether there was a process */
export function signalGroup(pid, signal) {
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal) // Windows has no groups
  } catch {
    return false
  }
}
