// Downloads the programs, and their libraries, from their registries into `target/tools`.
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { capture, run } from '../lib/run.mjs'
import { integrityOf } from '../release/stage.mjs'
import { pip, TOOLS } from '../targets/tools.mjs'

const DEBIAN = 'trixie'

/** The libraries that Node needs, and the loaders of both C libraries. Bookworm's musl is too old for this libgcc. */
const PACKAGES = {
  arm64: ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1', 'musl'],
  x64: ['musl'],
}

/** @param {import('./runtimes.mjs').Runtime} runtime @returns {Promise<string>} the program's path */
export async function fetchRuntime(name, { version, npm, integrity, python, program }) {
  const folder = await once(`${name}-${version}`, async (temporary) => {
    await (npm ? fromNpm(`${npm}@${version}`, integrity, temporary) : fromPython(python, temporary))
    await chmod(join(temporary, program), 0o755)
  })
  return join(folder, program)
}

/** Debian's packages unpacked, not installed: nothing of this machine is changed. @returns {Promise<string>} */
export function fetchLibraries(arch) {
  return once(`libraries-${DEBIAN}-${arch}`, async (folder) => {
    const apt = await privateApt(folder, arch === 'x64' ? 'amd64' : arch)
    await apt(['update'])
    await apt(['download', ...PACKAGES[arch]])
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.deb')) continue
      await run('dpkg-deb', ['--extract', name, '.'], { cwd: folder })
      await rm(join(folder, name))
    }
    if (!existsSync(join(folder, 'lib'))) await symlink('usr/lib', join(folder, 'lib'))
  })
}

async function fromNpm(what, integrity, folder) {
  const options = { cwd: folder, failure: `npm pack ${what} failed.` }
  const { stdout } = await capture('npm', ['pack', what, '--json', '--silent'], options)
  const [{ filename }] = JSON.parse(stdout)
  const packed = join(folder, filename)
  if ((await integrityOf(packed)) !== integrity) throw new Failure(`${what} is not the one whose hash is written down.`)
  await run('tar', ['-xzf', filename, '--strip-components=1'], { cwd: folder })
  await rm(packed)
}

async function fromPython(platform, folder) {
  const requirements = join(ROOT, 'scripts', 'load', 'requirements.txt')
  await pip(['download', '--require-hashes', '--platform', platform, '--dest', folder, '--requirement', requirements])
  const [wheel] = (await readdir(folder)).filter((name) => name.endsWith('.whl'))
  await run('python3', ['-m', 'zipfile', '--extract', wheel, '.'], { cwd: folder })
  await rm(join(folder, wheel))
}

/** Runs apt-get with lists and settings of its own, on the mirror that this machine uses. */
async function privateApt(folder, architecture) {
  const { ok, stdout } = await capture('apt-get', ['indextargets', '--format', '$(SITE)'])
  const mirror = stdout.split('\n').find((site) => /debian\/?$/.test(site))
  if (!ok || !mirror) throw new Failure('For these libraries a Debian with its package lists is needed: apt-get update')
  const state = join(folder, 'apt')
  await mkdir(join(state, 'lists', 'partial'), { recursive: true })
  await mkdir(join(state, 'archives', 'partial'), { recursive: true })
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  await writeFile(join(state, 'sources.list'), `deb [signed-by=${keys}] ${mirror} ${DEBIAN} main\n`)
  const options = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::State': state,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': state,
    'Dir::Etc::SourceList': join(state, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
  }
  const parameters = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return (command) => run('apt-get', ['-qq', ...parameters, ...command], { cwd: folder, what: 'apt-get' })
}

/** Fills a folder of `target/tools`, unless it is complete. */
async function once(name, fill) {
  const folder = join(TOOLS, name)
  if (existsSync(folder)) return folder
  console.log(`getting ${name}`)
  const temporary = `${folder}.${process.pid}`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  await fill(temporary)
  await rename(temporary, folder)
  return folder
}
