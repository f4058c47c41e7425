// Next.js with both of its bundlers: the standalone server, which holds only the files that Next.js finds it needs.
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { freePort } from '../lib/free-port.mjs'
import { failToBuild, PROJECT, runAt } from './workshop.mjs'

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
  await cp(join(PROJECT, 'ask.mjs'), join(place, name, 'ask.mjs'))
  const env = { ...shop.environment, PORT: String(await freePort()), HOSTNAME: '127.0.0.1' }
  await runAt(shop, place, join(name, 'ask.mjs'), { env })
  return { version, did: 'serverExternalPackages, output: standalone: a route asked' }
}

async function checkUnset(shop) {
  const { room, build, version } = await roomFor(shop, 'next-unset')
  await rm(join(room, 'next.config.mjs'))
  return { version, did: `unset: ${await failToBuild(shop, build, room)}` }
}
