// Builds with bundlers, with the settings that docs/platforms.md names. The output runs in another folder: beside the
// packages if they were left out of the bundle, and alone if the bundler has copied the binary.
import assert from 'node:assert/strict'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { copyProgram, failToBuild, runAt } from './workshop.mjs'

const NAME = '@computesdk/gateway'
const EXTERNAL = `--external:${NAME}`
const COPY = '--loader:.node=copy'
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
const BANNER = `--banner:js=${REQUIRE}`
const MODULE = ['--format=esm', '--out-extension:.js=.mjs']

/** Makes an ES module of an ES module, and CommonJS of CommonJS. */
function esbuild(file, ...options) {
  const [format, runs] = file.endsWith('.mjs') ? [MODULE, 'main.mjs'] : [[], 'main.js']
  const parameters = [file, '--bundle', '--platform=node', '--outdir=dist', ...format, ...options]
  return { command: ['esbuild', 'bin/esbuild', ...parameters], runs }
}

const ROLLUP = { command: ['rollup', 'dist/bin/rollup', '--config', 'rollup.config.mjs'], runs: 'main.mjs' }
const VITE = { command: ['vite', 'bin/vite.js', 'build', '--ssr', 'main.mjs'], runs: 'main.mjs' }

/** webpack's command is a package of its own, which needs a newer Node. */
const WEBPACK = `import webpack from 'webpack'
import config from './webpack.config.mjs'
webpack(config, (error, stats) => {
  const text = error?.stack ?? stats.toString({ preset: 'errors-warnings' })
  if (text) console.log(text)
  if (error || stats.hasErrors()) process.exitCode = 1
})
`
const webpack = (settings) => ({
  command: ['webpack'],
  files: {
    'build.mjs': WEBPACK,
    'webpack.config.mjs': `import { join } from 'node:path'
export default {
  mode: 'production', entry: './main.mjs', output: { path: join(import.meta.dirname, 'dist') }, ${settings}
}
`,
  },
  runs: 'main.js',
})

/**
 * @typedef {object} Build
 * @property {string} name
 * @property {string} did for the table
 * @property {boolean} packages whether the packages are left out of the bundle
 * @property {string[]} command tool, its script, its parameters; only the tool if the project's build.mjs runs it
 * @property {Record<string, string>} [files] of the project, beside main.mjs and main.cjs
 * @property {string} [runs] what is run of `dist`; without it the build has to fail, and to name a `.node` file
 */

/** @type {Build[]} */
const BUILDS = [
  { name: 'esbuild-external', did: EXTERNAL, packages: true, ...esbuild('main.mjs', EXTERNAL) },
  { name: 'esbuild-external-cjs', did: EXTERNAL, packages: true, ...esbuild('main.cjs', EXTERNAL) },
  { name: 'esbuild-copy', did: `${COPY}, --banner:js`, packages: false, ...esbuild('main.mjs', COPY, BANNER) },
  { name: 'esbuild-copy-cjs', did: COPY, packages: false, ...esbuild('main.cjs', COPY) },
  { name: 'esbuild-unset', did: 'unset', packages: false, ...esbuild('main.cjs'), runs: undefined },
  {
    name: 'rollup-external',
    did: 'external',
    packages: true,
    files: {
      'rollup.config.mjs': `export default {
  input: 'main.mjs', external: [/^node:/, '${NAME}'], output: { dir: 'dist', entryFileNames: '[name].mjs' }
}
`,
    },
    ...ROLLUP,
  },
  { name: 'vite-ssr', did: 'no setting', packages: true, ...VITE },
  {
    name: 'vite-no-external',
    did: 'noExternal: true, ssr.external',
    packages: true,
    files: { 'vite.config.mjs': `export default { ssr: { noExternal: true, external: ['${NAME}'] } }\n` },
    ...VITE,
  },
  {
    name: 'webpack-external',
    did: 'target, externals, externalsType',
    packages: true,
    ...webpack(`target: 'node', externals: ['${NAME}'], externalsType: 'commonjs'`),
  },
  {
    name: 'webpack-copy',
    did: 'target, node-loader, ignoreWarnings',
    packages: false,
    ...webpack(`target: 'node', ignoreWarnings: [{ module: /@computesdk.gateway/ }],
  module: { rules: [{ test: /\\.node$/, loader: 'node-loader' }] }`),
  },
  { name: 'webpack-unset', did: 'target', packages: false, ...webpack(`target: 'node'`), runs: undefined },
]

export const BUNDLERS = BUILDS.map((build) => ({ name: build.name, check: (shop) => check(shop, build) }))

async function check(shop, { name, did, packages, command, files = {}, runs }) {
  const room = await shop.room(name)
  await copyProgram('main.mjs', room)
  await writeFile(join(room, 'package.json'), '{ "private": true }\n')
  for (const [file, text] of Object.entries(files)) await writeFile(join(room, file), text)
  const [tool, script, ...parameters] = command
  const version = `${tool} ${await shop.version(tool)}`
  const words = script ? [shop.tool(tool, script), ...parameters] : ['build.mjs']
  if (!runs) return { version, did: `${did}: ${await failToBuild(shop, words, room)}` }
  const { output } = await shop.node(`building by ${name}`, words, { cwd: room })
  assert.ok(!/warn/i.test(output), `the build warns: ${output}`)
  const place = await shop.place(name, packages)
  await cp(join(room, 'dist'), place, { recursive: true })
  // The folder in which a build runs has no tools.
  await runAt(shop, place, runs)
  return { version, did: `${did}: ${packages ? 'run beside the packages' : 'run alone'}` }
}
