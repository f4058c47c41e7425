// Makes one program of a runtime that needs a loader or an emulator, so that processes of the tests use it, too.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { capture } from '../lib/run.mjs'
import { TOOLS } from '../targets/tools.mjs'
import { fetchLibraries, fetchRuntime } from './fetch.mjs'
import { RUNTIMES } from './runtimes.mjs'
import { prepareWine } from './wine.mjs'

/** By these files the addon's loader, and others, recognise the C library. */
const LDD = '/usr/bin/ldd'

const PROGRAMS = join(TOOLS, 'programs')

/**
 * @param {import('./rows.mjs').Row} row
 * @returns {Promise<{ command: string[], version: string }>} `command`: what comes before the file's name
 */
export async function programOf({ name, runtime, emulator, libraries, target }) {
  if (!runtime) return { command: [process.execPath], version: process.version }
  const { run = [], version } = RUNTIMES[runtime]
  const program = await fetchRuntime(runtime, RUNTIMES[runtime])
  if (emulator) await requireEmulator(emulator)
  const folder = libraries && (await fetchLibraries(libraries))
  await mkdir(PROGRAMS, { recursive: true })
  const isMusl = target.endsWith('musl')
  const start = startOf({ program, emulator, folder, isMusl })
  const variables = emulator === 'wine' ? await prepareWine() : {}
  const started = start ? await wrap(name, start, variables) : program
  return { command: [...(isMusl ? await onMusl() : []), started, ...run], version }
}

/** Returns a command that runs in a view of this machine's files like one with musl. */
async function onMusl() {
  const ldd = join(PROGRAMS, 'ldd')
  await writeFile(ldd, '#!/bin/sh\n# As in a distribution with musl libc.\n')
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
  return ['unshare', '--mount', ...asRoot, 'sh', '-c', `mount --bind '${ldd}' ${LDD} && exec "$@"`, 'sh']
}

function startOf({ program, emulator, folder, isMusl }) {
  if (emulator === 'qemu-aarch64') return ['qemu-aarch64', '-L', folder, program]
  if (emulator === 'wine') return ['wine', program]
  return isMusl ? [join(folder, 'usr', 'lib', 'x86_64-linux-musl', 'libc.so'), program] : undefined
}

/** Writes a shell script, with which Node also starts itself. Otherwise it would start the loader or the emulator. */
async function wrap(name, start, variables) {
  const [script, preload] = [join(PROGRAMS, name), join(PROGRAMS, `${name}.cjs`)]
  await writeFile(preload, `process.execPath = process.argv[0] = ${JSON.stringify(script)}\n`)
  // A Windows program needs a path of Windows' form.
  const words = start[0] === 'wine' ? start : [...start, '--require', preload]
  const settings = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`)
  const lines = `#!/bin/sh\n${settings.join('')}exec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`
  await writeFile(script, lines)
  await chmod(script, 0o755)
  return script
}

async function requireEmulator(emulator) {
  const { status } = await capture(emulator, ['--version'])
  const packages = { 'qemu-aarch64': 'qemu-user', wine: 'wine64 wine' }[emulator]
  if (status === 'ENOENT') {
    throw new Failure(`${emulator} is missing, on Debian: apt-get install --no-install-recommends ${packages}`)
  }
}
