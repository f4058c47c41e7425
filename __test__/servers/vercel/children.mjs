// Processes of this machine, in place of those in a virtual machine.
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'

import { signalGroup, spawnGroup } from '../../daemon/process-groups.mjs'

/**
 * The working directory of the default image (docs/providers/vercel.md), in place of which there is a new folder here.
 */
export const HOME = '/vercel'

/** The processes in place of those in the virtual machines, each with a process group of its own. */
export class Children {
  /** By session, the process groups that may have members: the child itself, or its own children. */
  #groups = new Map()
  #folders = new Map()
  // The starter of the server may end without close(). Its processes must not outlive it.
  #atExit = () => {
    for (const groups of this.#groups.values()) for (const group of groups) signalGroup(group, 'SIGKILL')
    for (const folder of this.#folders.values()) rmSync(folder, { recursive: true, force: true })
  }

  /**
   * @param {object} options
   * @param {string} options.sessionId
   * @param {string} options.command
   * @param {string[]} options.args
   * @param {string} options.cwd as the guest sees it
   * @param {Record<string, string>} options.environment all of its variables
   * @param {boolean} [options.inherit] with our output
   * @param {(stream: 'stdout' | 'stderr', data: string) => void} options.onOutput
   * @param {(exitCode: number) => void} options.onEnd
   * @returns {Promise<number>} its pid; rejects with `code: 'ENOENT'` or the like if it cannot be started
   */
  async start({ sessionId, command, args, cwd, environment, inherit, onOutput, onEnd }) {
    const output = inherit ? 'inherit' : 'pipe'
    const child = spawnGroup(command, args, {
      cwd: this.#place(sessionId, cwd),
      env: environment,
      stdio: ['ignore', output, output],
      onOutput,
      onExit: () => {
        // The number of a group without members may be used by another process.
        if (!signalGroup(child.pid, 0)) this.#groups.get(sessionId)?.delete(child.pid)
      },
      onEnd,
    })
    if (child.pid !== undefined) this.#remember(sessionId, child.pid)
    await once(child, 'spawn')
    return child.pid
  }

  /** Kills all processes of a session, as when a machine is switched off. */
  stop(sessionId) {
    for (const group of this.#groups.get(sessionId) ?? []) signalGroup(group, 'SIGKILL')
  }

  /** Removes a session's folder, when none of its processes runs any more. */
  forget(sessionId) {
    this.#groups.delete(sessionId)
    const folder = this.#folders.get(sessionId)
    this.#folders.delete(sessionId)
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    this.#attend()
  }

  #remember(sessionId, pid) {
    if (!this.#groups.has(sessionId)) this.#groups.set(sessionId, new Set())
    this.#groups.get(sessionId).add(pid)
    this.#attend()
  }

  /** Returns the path in the session's folder for a path in the home directory; other paths stay. */
  #place(sessionId, cwd) {
    if (!this.#folders.has(sessionId)) {
      this.#folders.set(sessionId, mkdtempSync(join(tmpdir(), 'vercel-sandbox-')))
      this.#attend()
    }
    const wanted = posix.resolve(HOME, cwd)
    if (wanted !== HOME && !wanted.startsWith(`${HOME}/`)) {
      // Otherwise `spawn` would report a missing executable.
      if (!existsSync(wanted)) throw Object.assign(new Error('no such folder'), { code: 'no such folder' })
      return wanted
    }
    const place = join(this.#folders.get(sessionId), posix.relative(HOME, wanted))
    mkdirSync(place, { recursive: true })
    return place
  }

  /** Listens for the end of this process only while there are processes to end. */
  #attend() {
    process.off('exit', this.#atExit)
    if (this.#groups.size > 0 || this.#folders.size > 0) process.on('exit', this.#atExit)
  }
}
