// A cloud function's folder: a read-only copy of another user, without a home folder, started from another folder.
import { cp } from 'node:fs/promises'
import { join } from 'node:path'

import { run } from '../lib/run.mjs'
import { PROJECT, runAt } from './workshop.mjs'

/** The user `nobody` of Linux. Root could write what is read-only. */
const OTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export const FUNCTIONS = [{ name: 'function', check }]

async function check(shop) {
  const place = await shop.place('function', true)
  for (const file of ['lambda.mjs', 'main.mjs']) await cp(join(PROJECT, file), join(place, file))
  await run('chmod', ['-R', 'a=rX', place])
  const home = { HOME: undefined, USERPROFILE: undefined }
  await runAt(shop, place, 'lambda.mjs', { cwd: '/', env: { ...shop.environment, ...home }, ...OTHER_USER })
  return { version: `node ${process.version}`, did: 'copied, read-only, no HOME, another user, from /' }
}
