// Prepares Wine's folder of drives and settings for one program, below `target/tools`.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { onceForFile } from '../lib/files.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { TOOLS, zigbuild } from '../targets/tools.mjs'

const STANDS_IN = join(ROOT, 'scripts', 'load', 'wine', 'bcryptprimitives.zig')

/** @returns {Promise<Record<string, string>>} the variables by which Wine finds it */
export async function prepareWine() {
  const prefix = join(TOOLS, 'wine')
  const variables = { WINEPREFIX: prefix, WINEDEBUG: '-all' }
  await onceForFile(STANDS_IN, join(prefix, 'ready'), async () => {
    await mkdir(prefix, { recursive: true })
    const options = { env: { ...process.env, ...variables }, stdio: 'ignore' }
    await run('wine', ['wineboot', '--init'], options)
    // Node does not start on an older version.
    await run('wine', ['winecfg', '-v', 'win10'], options)
    const { CARGO_ZIGBUILD_ZIG_PATH: zig } = await zigbuild()
    const parameters = ['build-lib', '-dynamic', '-target', 'x86_64-windows-gnu', '-OReleaseSmall', '-ladvapi32']
    const system = join(prefix, 'drive_c', 'windows', 'system32')
    await run(zig, [...parameters, '--name', 'bcryptprimitives', STANDS_IN], { cwd: system })
  })
  return variables
}
