// Cleans up after the daemon: removes its folder, and ends the processes that commands have started.
import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const CLOSE_MILLISECONDS = 1000

/**
 * Waits for the end of its input, and cleans up. A killed daemon cannot do so itself, and its commands run in process
 * groups of their own, which do not end with it.
 */
const GUARD = `
trap '' HUP INT TERM
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group"; done
rm -rf -- "$1"
`

/**
 * @returns {{ folder: string, setGroups: (groups: Iterable<number>) => void, close: () => Promise<void> }} `folder` is
 *   where relative paths begin; `setGroups` sets the process groups that must not outlive the daemon
 */
export function openSandbox() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'computesdk-daemon-')))
  if (process.platform === 'win32') {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    return { folder, setGroups() {}, async close() {} }
  }
  const guard = spawn('/bin/sh', ['-c', GUARD, 'computesdk-guard', folder], {
    cwd: '/', // our own may be removed before its end
    env: { PATH: process.env.PATH },
    detached: true, // a signal to the daemon's group must not kill the guard
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.stdin.on('error', () => {}) // it was killed
  const ended = new Promise((resolve) => guard.once('close', resolve).once('error', resolve))
  return {
    folder,
    setGroups: (groups) => guard.stdin.write(`${[...groups].join(' ')}\n`),
    async close() {
      guard.stdin.end()
      await Promise.race([ended, sleep(CLOSE_MILLISECONDS)])
    },
  }
}
