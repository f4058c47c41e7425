// The tools of a release. They are in a package of their own, so that `npm ci` of the checkout stays fast.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { onceForFile } from '../lib/files.mjs'
import { ROOT } from '../lib/paths.mjs'
import { npm } from './npm.mjs'

const FOLDER = join(ROOT, 'scripts', 'release')
const STAMP = join(FOLDER, 'node_modules', '.installed-from')

/** Installs the tools, unless they are installed from the same lockfile. None of their scripts runs. */
export function installTools() {
  const parameters = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const options = { cwd: FOLDER, failure: 'The tools of the release could not be installed.' }
  return onceForFile(join(FOLDER, 'package-lock.json'), STAMP, () => npm(parameters, options))
}

/** Returns the script of a tool. */
export function toolOf(name, file) {
  const path = join(FOLDER, 'node_modules', name, file)
  if (!existsSync(path)) throw new Failure(`${path} is missing.`)
  return path
}
