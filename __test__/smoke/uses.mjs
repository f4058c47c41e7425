// Every way in which an installed package is used, against a fake server.
import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT, tool } from '../../scripts/lib/paths.mjs'
import { start } from '../servers/railway/start.mjs'
import { assertLoadedFrom, report } from './bare.mjs'

const CONSUMER = join(ROOT, '__test__', 'smoke', 'consumer')

/** The time limit from the installation to the first instance. */
const LONGEST_START_MILLISECONDS = 10_000

export const copyConsumer = (project) => cp(CONSUMER, project, { recursive: true })

/**
 * @param {string} project folder of the consumer, by its real path
 * @param {object} actions
 * @param {() => Promise<unknown>} actions.install
 * @param {(what: string, parameters: string[], options: object) => Promise<{ stdout: string }>} actions.node runs Node
 *   in the project
 * @param {string} [actions.esbuild] its script
 * @param {boolean} [actions.typescript]
 */
export async function installAndUse(project, { install, node, esbuild, typescript = true }) {
  const { server, environment } = await start({})
  const env = { ...environment, NO_PROXY: '127.0.0.1' }
  const program = async (file) => {
    const { stdout } = await node(file, [file], { env })
    report(file, stdout.trim())
    return stdout
  }
  try {
    await copyConsumer(project)
    const began = performance.now()
    await install()
    const installed = performance.now()
    assertLoadedFrom(project, await program('esm.mjs'))
    const used = performance.now()
    assertQuick(installed - began, used - installed)
    assertLoadedFrom(project, await program('common.cjs'))
    await program('worker.mjs')
    if (typescript) await compile(node)
    if (typescript) await program('typed.mjs')
    if (esbuild) await bundle(node, esbuild)
    for (const file of esbuild ? ['bundle.mjs', 'bundle.cjs'] : []) assertLoadedFrom(project, await program(file))
    assertClean(server)
  } finally {
    await server.close()
  }
}

/** Compiles with the checkout's compiler and types of Node, and with the installed package. */
async function compile(node) {
  const types = ['--typeRoots', join(ROOT, 'node_modules', '@types')]
  for (const resolution of ['node16', 'bundler']) {
    const parameters = [tool('typescript', 'bin/tsc'), '--project', `tsconfig.${resolution}.json`, ...types]
    await node(`tsc, ${resolution}`, parameters, {})
    report('tsc', `moduleResolution ${resolution}`)
  }
}

async function bundle(node, esbuild) {
  const common = ['--bundle', '--platform=node', '--log-level=warning', '--external:@computesdk/gateway']
  await node('esbuild', [esbuild, 'esm.mjs', '--outfile=bundle.mjs', '--format=esm', ...common], {})
  await node('esbuild', [esbuild, 'common.cjs', '--outfile=bundle.cjs', '--format=cjs', ...common], {})
}

function assertQuick(install, use) {
  const text = `install ${Math.round(install)} ms, import and create ${Math.round(use)} ms`
  assert.ok(install + use < LONGEST_START_MILLISECONDS, `from nothing to the first instance in too long a time: ${text}`)
  report('time', text)
}

function assertClean(server) {
  assert.deepEqual(server.errors, [])
  assert.deepEqual(server.violations, [])
  const left = [...server.world.projects.keys()].flatMap((id) => server.world.liveServices(id))
  assert.deepEqual(left, [], 'the programs have destroyed what they created')
}
