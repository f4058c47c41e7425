// An environment like that of a user's machine: Node, and nothing of the developer's.
import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../../scripts/lib/failure.mjs'
import { ADDON_NAME, PLATFORM } from '../../scripts/lib/paths.mjs'
import { capture } from '../../scripts/lib/run.mjs'

/** Returns an environment without cargo, npm's settings and caches. All files are written below `folder`. */
export async function bareEnvironment(folder) {
  const bin = join(folder, 'bin')
  const home = join(folder, 'home')
  await Promise.all([mkdir(bin, { recursive: true }), mkdir(home)])
  await symlink(process.execPath, join(bin, process.platform === 'win32' ? 'node.exe' : 'node'))
  await writeFile(join(home, '.npmrc'), '')
  const kept = ['SystemRoot', 'TMPDIR', 'TEMP', 'TMP'].filter((name) => process.env[name])
  const env = {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    PATH: bin,
    HOME: home,
    USERPROFILE: home,
    // Windows' names for parts of it.
    APPDATA: home,
    LOCALAPPDATA: home,
    // The loader then refuses a platform package of another version.
    NAPI_RS_ENFORCE_VERSION_CHECK: '1',
  }
  assert.equal((await capture('cargo', ['--version'], { env })).status, 'ENOENT', 'there is a cargo on the bare PATH')
  return env
}

/** Runs a program that has to succeed. */
export async function must(what, program, parameters, options) {
  const result = await capture(program, parameters, options)
  if (!result.ok) throw new Failure(`${result.output}\n${what} failed (${result.status}).`)
  return result
}

/** Fails unless the addon is that of the platform package in this project, not one of the checkout. */
export function assertLoadedFrom(project, stdout) {
  const loaded = stdout.split(' with ')[1]?.trim() ?? ''
  const expected = join('@computesdk', `gateway-${PLATFORM}`, ADDON_NAME)
  assert.ok(loaded.startsWith(project) && loaded.endsWith(expected), `loaded from elsewhere than ${project}: ${stdout}`)
}

export function report(what, text) {
  console.log(`${what.padEnd(16)}${text}`)
}
