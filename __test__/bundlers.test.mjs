// A bundler sees the binary: without advice its build fails and names it, with its own loader for such files it copies it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'

import { build } from 'esbuild'

import { ADDON, ADDON_NAME, PLATFORM, ROOT } from '../scripts/lib/paths.mjs'

const run = promisify(execFile)

const ENTRIES = {
  'import.mjs': "import { railway } from '@computesdk/gateway'\n",
  'require.cjs': "const { railway } = require('@computesdk/gateway')\n",
}
const PROGRAM = 'railway({}).list().catch(({ code }) => console.log(code))\n'

/** What esbuild needs for the `require` of any CommonJS module in a bundle of this format. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
const FORMATS = { cjs: {}, esm: { banner: { js: BANNER } } }

describe('esbuild', () => {
  let folder

  // As installed: the binary in its package, those of other platforms nowhere.
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gateway-bundle-'))
    const scope = join(folder, 'project', 'node_modules', '@computesdk')
    const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const published = ['package.json', ...files.filter((name) => name.endsWith('js'))]
    for (const name of published) await cp(join(ROOT, name), join(scope, 'gateway', name))
    await cp(join(ROOT, 'npm', PLATFORM), join(scope, `gateway-${PLATFORM}`), { recursive: true })
    await copyFile(ADDON, join(scope, `gateway-${PLATFORM}`, ADDON_NAME))
    for (const [name, text] of Object.entries(ENTRIES)) await writeFile(join(folder, 'project', name), text + PROGRAM)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** Bundles into a folder that has no `node_modules`. */
  async function bundle(entry, format, options) {
    const outdir = join(folder, 'bundle')
    await rm(outdir, { recursive: true, force: true })
    await mkdir(outdir)
    const extension = format === 'esm' ? '.mjs' : '.cjs'
    const result = await build({
      absWorkingDir: join(folder, 'project'),
      entryPoints: [{ in: entry, out: 'main' }],
      bundle: true,
      platform: 'node',
      format,
      outdir,
      outExtension: { '.js': extension },
      logLevel: 'silent',
      ...FORMATS[format],
      ...options,
    })
    return { result, path: join(outdir, `main${extension}`) }
  }

  const output = async (path) => (await run(process.execPath, [path], { env: { PATH: process.env.PATH } })).stdout.trim()

  for (const entry of Object.keys(ENTRIES)) {
    for (const format of Object.keys(FORMATS)) {
      test(`${entry} as ${format}: the build fails and names the binary`, async () => {
        await assert.rejects(bundle(entry, format), ({ errors }) => {
          assert.equal(errors.length, 1)
          assert.ok(errors[0].text.includes(ADDON_NAME), errors[0].text)
          return true
        })
      })

      test(`${entry} as ${format}: its loader copies the binary, and the bundle runs anywhere`, async () => {
        const { result, path } = await bundle(entry, format, { loader: { '.node': 'copy' } })
        assert.deepEqual(result.warnings, [])
        assert.equal(await output(path), 'INVALID_CONFIG')
      })
    }
  }

  test('an external package is left out', async () => {
    const { path } = await bundle('import.mjs', 'esm', { external: ['@computesdk/gateway'] })
    assert.match(await readFile(path, 'utf8'), /from "@computesdk\/gateway"/)
  })
})
