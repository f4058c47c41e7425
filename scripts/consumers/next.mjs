// Next.js with both of its bundlers: the standalone server, which holds only the files that Next.js finds it needs.
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { askServer, assertLoadedIn, failToBuild, PROJECT } from './workshop.mjs'

export const NEXT = [
  { name: 'next-turbopack', check: (shop) => check(shop, 'next-turbopack', []) },
  { name: 'next-webpack', check: (shop) => check(shop, 'next-webpack', ['--webpack']) },
  { name: 'next-unset', check: checkUnset },
]

/** @param {import('./workshop.mjs').Workshop} shop */
async function roomFor(shop, name) {
  const room = await shop.room(name)
  await cp(join(PROJECT, 'next'), room, { recursive: true })
  return { room, build: [shop.tool('next', 'dist/bin/next'), 'build'], version: `next ${await shop.version('next')}` }
}

async function check(shop, name, parameters) {
  const { room, build, version } = await roomFor(shop, name)
  const { output } = await shop.node(name, [...build, ...parameters], { cwd: room })
  if (/warn|⚠/i.test(output)) console.log(output)
  const place = await shop.place(name, false)
  // Next.js takes the folder of the lockfile for the root.
  await cp(join(room, '.next', 'standalone'), place, { recursive: true, verbatimSymlinks: true })
  assertLoadedIn(place, await askServer(shop, place, join(place, name, 'server.js'), '/instance'))
  return { version, did: 'serverExternalPackages, output: standalone: a route asked' }
}

async function checkUnset(shop) {
  const { room, build, version } = await roomFor(shop, 'next-unset')
  await rm(join(room, 'next.config.mjs'))
  return { version, did: `unset: ${await failToBuild(shop, build, room)}` }
}
