import { createServer } from 'node:net'

import { listen } from '../../__test__/support/listen.mjs'

/** Returns a free port of this machine, for a program that cannot choose one itself. */
export async function freePort() {
  const { port, close } = await listen(createServer())
  await close()
  return port
}
