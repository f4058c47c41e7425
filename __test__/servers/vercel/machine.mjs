// Processes of this machine, in place of those in a virtual machine.
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'

import { signalGroup, spawnGroup } from '../../daemon/process-groups.mjs'
import { atExit } from '../shared/processes.mjs'

/** The working directory of the default image (docs/providers/vercel.md). */
export const HOME = '/vercel'

/** A session's processes, each with a process group of its own, and a folder here in place of its home directory. */
export class Machine {
  /** The process groups that may have members: the child itself, or its own children. */
  #groups = new Set()
  #folder = mkdtempSync(join(tmpdir(), 'vercel-sandbox-'))
  #atExit = () => {
    this.stop()
    this.remove()
  }

  constructor() {
    atExit.add(this.#atExit)
  }

  /**
   * @param {object} options
   * @param {string} options.command
   * @param {string[]} options.args
   * @param {string} options.cwd as the guest sees it
   * @param {Record<string, string>} options.environment all of its variables
   * @param {boolean} [options.inherit] with our output
   * @param {(stream: 'stdout' | 'stderr', data: string) => void} options.onOutput
   * @param {(exitCode: number) => void} options.onEnd
   * @returns {Promise<number>} its pid; rejects with `code: 'ENOENT'` or the like if it cannot be started
   */
  async start({ command, args, cwd, environment, inherit, onOutput, onEnd }) {
    const output = inherit ? 'inherit' : 'pipe'
    const child = spawnGroup(command, args, {
      cwd: this.#place(cwd),
      env: environment,
      stdio: ['ignore', output, output],
      onOutput,
      onExit: () => {
        // The number of a group without members may be used by another process.
        if (!signalGroup(child.pid, 0)) this.#groups.delete(child.pid)
      },
      onEnd,
    })
    if (child.pid !== undefined) this.#groups.add(child.pid)
    await once(child, 'spawn')
    return child.pid
  }

  /** Kills all processes, as when a machine is switched off. */
  stop() {
    for (const group of this.#groups) signalGroup(group, 'SIGKILL')
  }

  /** Removes the folder, when none of the processes runs any more. */
  remove() {
    atExit.delete(this.#atExit)
    this.#groups.clear()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Returns the path in the folder for a path in the home directory; other paths stay. */
  #place(cwd) {
    const wanted = posix.resolve(HOME, cwd)
    if (wanted !== HOME && !wanted.startsWith(`${HOME}/`)) {
      // Otherwise `spawn` would report a missing executable.
      if (!existsSync(wanted)) throw Object.assign(new Error('no such folder'), { code: 'no such folder' })
      return wanted
    }
    const place = join(this.#folder, posix.relative(HOME, wanted))
    mkdirSync(place, { recursive: true })
    return place
  }
}
