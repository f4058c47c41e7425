// The tools of a release. They are in a package of their own, so that `npm ci` of the checkout stays fast.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { npm } from './npm.mjs'

const FOLDER = join(ROOT, 'scripts', 'release')
const STAMP = join(FOLDER, 'node_modules', '.installed-from')

/** Installs the tools, unless they are installed from the same lockfile. None of their scripts runs. */
export async function installTools() {
  const lockfile = await readFile(join(FOLDER, 'package-lock.json'))
  const now = createHash('sha256').update(lockfile).digest('hex')
  if (existsSync(STAMP) && (await readFile(STAMP, 'utf8')) === now) return
  const parameters = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await npm(parameters, { cwd: FOLDER, failure: 'The tools of the release could not be installed.' })
  await writeFile(STAMP, now)
}

/** Returns the script of a tool. */
export function toolOf(name, file) {
  const path = join(FOLDER, 'node_modules', name, file)
  if (!existsSync(path)) throw new Failure(`${path} is missing.`)
  return path
}
