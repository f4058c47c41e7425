/** On what, and with what, a run was made. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

import { ROOT } from '../../scripts/lib/paths.mjs'
import { capture } from '../../scripts/lib/run.mjs'

const GIBIBYTE = 1024 ** 3

export async function describeMachine() {
  const rustc = await capture('rustc', ['--version'], { cwd: ROOT })
  const commit = await capture('git', ['describe', '--always', '--dirty'], { cwd: ROOT })
  const version = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')).version
  return {
    date: new Date().toISOString(),
    cpu: `${cpus().length} × ${cpus()[0].model}`,
    memoryGibibytes: Math.round(totalmem() / GIBIBYTE),
    loadAverageAtStart: loadavg()[0],
    system: `${process.platform} ${process.arch}`,
    gateway: `${version('package.json')} (${commit.ok ? commit.stdout.trim() : 'no git'})`,
    node: process.version,
    fetch: `undici ${process.versions.undici}`,
    undici: version('node_modules/undici/package.json'),
    rustc: rustc.ok ? rustc.stdout.trim() : 'none',
  }
}
