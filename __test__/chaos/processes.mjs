// Processes that make creates, and that a test can kill at any time.
import { fork } from 'node:child_process'
import { on } from 'node:events'
import { fileURLToPath } from 'node:url'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'

const PROGRAM = fileURLToPath(new URL('child.mjs', import.meta.url))

/**
 * Starts processes before their creates begin, because a start is slow. A process that was not killed is used again; it
 * does not know the next keys.
 *
 * @param {{ naive: boolean, providerName: string, speed: number, config: object }} setUp `config`: for the first
 *   call, reaches no server
 */
export function createPool(setUp) {
  const idle = []
  const all = new Set()

  async function start() {
    const child = fork(PROGRAM, { env: withoutCredentials(), execArgv: [] })
    all.add(child)
    child.once('exit', () => all.delete(child))
    await ask(child, { setUp })
    return child
  }

  return {
    /** Starts processes until so many are idle. */
    async prepare(count) {
      while (idle.length < count) idle.push(await start())
    },

    /**
     * @param {object} options
     * @param {object} options.config
     * @param {object[]} options.jobs options of one create each; all begin at once
     * @param {number} options.limit milliseconds after which a create counts as stuck
     */
    run({ config, jobs, limit }) {
      const outcomes = jobs.map(() => ({ status: 'killed' }))
      let child
      let killed = false
      const work = async () => {
        child = idle.shift() ?? (await start())
        const timer = setTimeout(() => {
          for (const outcome of outcomes) if (outcome.status === 'killed') outcome.status = 'stuck'
          child.kill('SIGKILL')
        }, limit)
        const done = await ask(child, { config, jobs }, ({ index, outcome }) => (outcomes[index] = outcome))
        clearTimeout(timer)
        if (done) idle.push(child)
        else if (!killed && !outcomes.some(({ status }) => status === 'stuck')) throw new Error('a process of creates died')
        return outcomes
      }
      return {
        outcomes: work(),
        kill() {
          killed = true
          child.kill('SIGKILL')
        },
      }
    },

    close() {
      for (const child of all) child.disconnect()
    },
  }
}

/**
 * Sends a task, and passes on what the process tells meanwhile.
 *
 * @returns {Promise<boolean>} whether it was done; false if the process has ended
 */
async function ask(child, task, note) {
  const messages = on(child, 'message', { close: ['exit'] })
  const isThere = () => child.exitCode === null && child.signalCode === null
  child.send(task, (error) => error && isThere() && child.emit('error', error))
  for await (const [message] of messages) {
    if (message.done) return true
    note(message)
  }
  return false
}
