import { spawn } from 'node:child_process'

import { signalGroup } from '../../daemon/process-groups.mjs'

const KILL_AFTER_MILLISECONDS = 2000
const OUTPUT_MAXIMUM = 64 * 1024

/** Functions that end what must not outlive this process. It may end without closing its servers. */
export const atExit = new Set()
process.on('exit', () => atExit.forEach((end) => end()))

/**
 * Runs a real process in place of an instance's container or machine.
 *
 * @typedef {{ command: string, args?: string[], inherit?: boolean }} Command `inherit`: with our output
 *
 * @typedef {object} RunningProcess what it was started with as `labels`, and
 * @property {string} id
 * @property {number} [pid]
 * @property {Record<string, string>} environment all it was given
 * @property {string} output the first 64 KiB of stdout and stderr
 * @property {number | null} [exitCode]
 * @property {string | null} [signal]
 * @property {Promise<void>} exited
 */
export class Processes {
  /** @type {RunningProcess[]} all, also ended ones */
  all = []

  /** By id, the processes that were not stopped. */
  #running = new Map()
  #runCommand

  /**
   * @param {Command | ((subject: object, variables: Record<string, string>) => Command)} [runCommand] absent: nothing
   *   is run
   */
  constructor(runCommand) {
    this.#runCommand = runCommand
  }

  /**
   * @param {{ id: string, subject: object, labels?: Record<string, string> }} what `id`: of what is up; `subject`: what
   *   the command is chosen by
   * @param {Record<string, string>} variables
   * @param {(exitCode: number | null) => void} onExit by itself, not by stop()
   */
  start({ id, subject, labels }, variables, onExit) {
    if (!this.#runCommand || this.#running.has(id)) return
    const chosen = typeof this.#runCommand === 'function' ? this.#runCommand(subject, variables) : this.#runCommand
    // It gets the path alone: a container does not see its host's environment either.
    const environment = { PATH: process.env.PATH, ...variables }
    const child = spawn(chosen.command, chosen.args ?? [], {
      env: environment,
      stdio: ['ignore', chosen.inherit ? 'inherit' : 'pipe', chosen.inherit ? 'inherit' : 'pipe'],
      detached: true, // a group of its own, so that a shell's children are stopped with it
    })
    const record = { ...labels, id, pid: child.pid, environment, output: '' }
    const kill = () => signalGroup(child.pid, 'SIGKILL')
    atExit.add(kill)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        if (record.output.length < OUTPUT_MAXIMUM) record.output += chunk
      })
    }
    record.exited = new Promise((resolve) => {
      const end = (exitCode, signal) => {
        if (record.exitCode !== undefined) return
        Object.assign(record, { exitCode, signal })
        atExit.delete(kill)
        if (this.#running.get(id) === record) {
          this.#running.delete(id)
          onExit(exitCode)
        }
        resolve()
      }
      child.on('error', () => end(127, null)) // no such command
      // As in a container, the others end with the first process, and release what they hold open.
      child.on('exit', kill)
      child.on('close', end)
    })
    this.#running.set(id, record)
    this.all.push(record)
  }

  /** Sends SIGTERM, then SIGKILL to a process that ignores it. */
  async stop(id) {
    const record = this.#running.get(id)
    if (!record) return
    this.#running.delete(id)
    signalGroup(record.pid, 'SIGTERM')
    const timer = setTimeout(() => signalGroup(record.pid, 'SIGKILL'), KILL_AFTER_MILLISECONDS)
    await record.exited
    clearTimeout(timer)
  }

  async close() {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)))
    await Promise.all(this.all.map(({ exited }) => exited))
  }
}
