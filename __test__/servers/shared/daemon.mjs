// The fake daemon, as the process of an instance of a fake server.
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../../daemon/daemon.mjs', import.meta.url))

/**
 * Returns the command for a server's `runCommand`.
 *
 * @param {string[]} [options] of the daemon
 * @returns {import('./processes.mjs').Command}
 */
export const daemonCommand = (options = []) => ({ command: process.execPath, args: [FILE, ...options] })
