// Processes that make creates, and can be killed in the middle.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'

const PROGRAM = fileURLToPath(new URL('child.mjs', import.meta.url))

/**
 * Starts processes and gets them ready, so that what is slow at a start is over when the creates begin. One that was
 * not killed is used again; it knows nothing of the keys that it gets next.
 *
 * @param {{ naive: boolean, providerName: string, speed: number, config: object }} setUp `config`: leads nowhere, for
 *   the first call of all
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
    /** Has so many of them ready. */
    async prepare(count) {
      while (idle.length < count) idle.push(await start())
    },

    /**
     * @param {object} options
     * @param {object} options.config
     * @param {object[]} options.jobs options of one create each, all begun at once
     * @param {number} options.limit milliseconds after which they are stuck
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
        const note = ({ index, outcome }) => {
          if (index !== undefined) outcomes[index] = outcome
        }
        child.on('message', note)
        const done = await ask(child, { config, jobs })
        child.off('message', note)
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

/** @returns {Promise<boolean>} whether it has done what it was asked; it may have been killed */
function ask(child, task) {
  return new Promise((resolve, reject) => {
    const onMessage = (message) => message.done && end(true)
    const onExit = () => end(false)
    const end = (done) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', reject)
      resolve(done)
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.on('error', reject)
    child.send(task, (error) => error && child.exitCode === null && child.signalCode === null && reject(error))
  })
}
