// Finds npm and runs it without a shell, so that Windows does not differ.
import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { capture } from '../lib/run.mjs'

/** Returns npm's script, which this Node runs. */
export async function findNpm({ npm_execpath: running, PATH = '' } = process.env) {
  // Set by `npm run`. With `pnpm run` and `yarn run` it names those.
  if (running?.endsWith('npm-cli.js')) return running
  for (const folder of PATH.split(delimiter)) {
    const path = join(folder, 'npm')
    if (!existsSync(path)) continue
    const script = await realpath(path)
    if (script.endsWith('.js')) return script
    const beside = join(dirname(script), 'node_modules', 'npm', 'bin', 'npm-cli.js')
    if (existsSync(beside)) return beside
  }
  throw new Failure('npm was not found on the PATH.')
}

/** Runs npm to its end and returns its output. */
export const npm = async (parameters, options = {}) =>
  capture(process.execPath, [await findNpm(), ...parameters], options)
