// The tools of a release: in a package of their own, so that `npm ci` of the checkout stays quick.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Failure } from '../lib/failure.mjs'
import { npm } from './npm.mjs'

const FOLDER = dirname(fileURLToPath(import.meta.url))
const STAMP = join(FOLDER, 'node_modules', '.installed-from')

/** Installs them, unless that has been done from the same lockfile. No script of theirs runs. */
export async function installTools() {
  const lockfile = await readFile(join(FOLDER, 'package-lock.json'))
  const now = createHash('sha256').update(lockfile).digest('hex')
  if (existsSync(STAMP) && (await readFile(STAMP, 'utf8')) === now) return
  const parameters = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const { ok, output } = await npm(parameters, { cwd: FOLDER })
  if (!ok) throw new Failure(`${output}\nThe tools of the release could not be installed.`)
  await writeFile(STAMP, now)
}

/** The script behind one of them. */
export function toolOf(name, file) {
  const path = join(FOLDER, 'node_modules', name, file)
  if (!existsSync(path)) throw new Failure(`${path} is missing.`)
  return path
}
