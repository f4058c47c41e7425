// Next.js, by both of its bundlers: the standalone server, which holds only what Next.js has found to be needed.
import { cp } from 'node:fs/promises'
import { join } from 'node:path'

import { askServer, assertLoadedIn, PROJECT } from './workshop.mjs'

export const NEXT = [
  { name: 'next-turbopack', check: (shop) => check(shop, 'next-turbopack', []) },
  { name: 'next-webpack', check: (shop) => check(shop, 'next-webpack', ['--webpack']) },
]

async function check(shop, name, parameters) {
  const room = await shop.room(name)
  await cp(join(PROJECT, 'next'), room, { recursive: true })
  const { output } = await shop.node(name, [shop.tool('next', 'dist/bin/next'), 'build', ...parameters], { cwd: room })
  if (/warn|⚠/i.test(output)) console.log(output)
  const place = await shop.place(name, false)
  // Next.js takes the folder of the lockfile for the root.
  await cp(join(room, '.next', 'standalone'), place, { recursive: true, verbatimSymlinks: true })
  assertLoadedIn(place, await askServer(shop, place, join(place, name, 'server.js'), '/instance'))
  const version = `next ${await shop.version('next')}`
  return { version, did: 'serverExternalPackages, output: standalone: a route asked' }
}
