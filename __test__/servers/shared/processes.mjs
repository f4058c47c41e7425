import { spawn } from 'node:child_process'

import { signalGroup } from '../../daemon/process-groups.mjs'

const KILL_AFTER_MILLISECONDS = 2000
const OUTPUT_MAXIMUM = 64 * 1024

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
  #children = new Map()
  /** Also the processes that are being stopped. */
  #running = new Set()
  #runCommand
  // The starter of the server may end without close(). Its processes must not outlive it.
  #atExit = () => this.#running.forEach((child) => signalGroup(child.pid, 'SIGKILL'))

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
    if (!this.#runCommand || this.#children.has(id)) return
    const chosen = typeof this.#runCommand === 'function' ? this.#runCommand(subject, variables) : this.#runCommand
    // It gets the path alone: a container does not see its host's environment either.
    const environment = { PATH: process.env.PATH, ...variables }
    const child = spawn(chosen.command, chosen.args ?? [], {
      env: environment,
      stdio: ['ignore', chosen.inherit ? 'inherit' : 'pipe', chosen.inherit ? 'inherit' : 'pipe'],
      detached: true, // a group of its own, so that a shell's children are stopped with it
    })
    const record = { ...labels, id, pid: child.pid, environment, output: '' }
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        if (record.output.length < OUTPUT_MAXIMUM) record.output += chunk
      })
    }
    record.exited = new Promise((resolve) => {
      const end = (exitCode, signal) => {
        if (record.exitCode !== undefined) return
        Object.assign(record, { exitCode, signal })
        this.#running.delete(child)
        if (this.#running.size === 0) process.off('exit', this.#atExit)
        if (this.#children.get(id) === child) {
          this.#children.delete(id)
          onExit(exitCode)
        }
        resolve()
      }
      child.on('error', () => end(127, null)) // no such command
      // As in a container, the others end with the first process, and release what they hold open.
      child.on('exit', () => signalGroup(child.pid, 'SIGKILL'))
      child.on('close', end)
    })
    if (this.#running.size === 0) process.on('exit', this.#atExit)
    this.#running.add(child)
    this.#children.set(id, child)
    this.all.push(record)
  }

  /** Sends SIGTERM, then SIGKILL to a process that ignores it. */
  async stop(id) {
    const child = this.#children.get(id)
    if (!child) return
    this.#children.delete(id)
    signalGroup(child.pid, 'SIGTERM')
    const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), KILL_AFTER_MILLISECONDS)
    await this.all.find((record) => record.id === id && record.pid === child.pid).exited
    clearTimeout(timer)
  }

  async close() {
    await Promise.all([...this.#children.keys()].map((id) => this.stop(id)))
    await Promise.all(this.all.map(({ exited }) => exited))
  }
}
