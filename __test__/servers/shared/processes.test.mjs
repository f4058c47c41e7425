// The processes of the fake servers end with their instances, with all of their children.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'

import { isAlive } from '../../support/daemon.mjs'
import { eventually } from '../../support/eventually.mjs'
import { Processes } from './processes.mjs'

/** A shell's script as a process, which prints a pid first of all. */
async function run(t, script) {
  const processes = new Processes({ command: '/bin/sh', args: ['-c', script] })
  t.after(() => processes.close())
  processes.start({ id: 'a', subject: {} }, {}, () => {})
  const [record] = processes.all
  const pid = await eventually(() => Number(/^(\d+)\n/.exec(record.output)?.[1]))
  t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
  return { processes, record, pid }
}

/** It neither listens nor holds the outputs open. */
const STUBBORN = `sh -c 'trap "" TERM; while :; do sleep 0.1; done' > /dev/null 2>&1 & echo $!`

describe('a process of a fake server', () => {
  test('takes its own along when it ends by itself', async (t) => {
    const { record, pid } = await run(t, `${STUBBORN}; exit 3`)
    await record.exited
    assert.equal(record.exitCode, 3)
    await eventually(() => !isAlive(pid))
  })

  test('takes its own along when it is stopped, whether they listen or not', async (t) => {
    const { processes, record, pid } = await run(t, `${STUBBORN}; wait`)
    await processes.stop('a')
    assert.equal(record.signal, 'SIGTERM')
    await eventually(() => !isAlive(pid))
  })

  test('is killed when it does not listen', async (t) => {
    const { processes, record } = await run(t, `trap '' TERM; echo $$; while :; do sleep 0.1; done`)
    await processes.stop('a')
    assert.equal(record.signal, 'SIGKILL')
  })

  test('does not outlive a server that ends while it stops it', async (t) => {
    const code = `
      import { Processes } from ${JSON.stringify(new URL('processes.mjs', import.meta.url))}
      const args = ['-c', "trap '' TERM; echo $$; while :; do sleep 0.1; done"]
      const processes = new Processes({ command: '/bin/sh', args })
      processes.start({ id: 'a', subject: {} }, {}, () => {})
      while (processes.all[0].output === '') await new Promise(setImmediate)
      process.stdout.write(processes.all[0].output)
      processes.stop('a')
      setImmediate(() => process.exit(0))`
    const host = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => host.kill('SIGKILL'))
    let output = ''
    host.stdout.on('data', (text) => (output += text))
    assert.equal(await new Promise((resolve) => host.once('close', resolve)), 0)
    const pid = Number(output)
    t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
    await eventually(() => !isAlive(pid), 5000)
  })
})
