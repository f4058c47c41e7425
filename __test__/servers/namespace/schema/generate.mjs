#!/usr/bin/env node
// Makes descriptors.binpb of the .proto files beside it, and notes their digests in generated-from.json:
// node __test__/servers/namespace/schema/generate.mjs
//
// The compiler is 90 MB for a file that changes once a year, so it is no dependency: npx brings it, from the npm
// registry. A test compares the digests, and fails if this was not run.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const COMPILER = '@bufbuild/buf@1.75.0'

const folder = new URL('.', import.meta.url)

/** Of each .proto file here, whatever its line ends. @returns {Record<string, string>} */
export function digests() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.proto')).sort()
  const text = (name) => readFileSync(new URL(name, folder), 'utf8').replaceAll('\r\n', '\n')
  return Object.fromEntries(files.map((name) => [name, createHash('sha256').update(text(name)).digest('hex')]))
}

function generate() {
  const parameters = ['--yes', '--package', COMPILER, '--', 'buf', 'build', fileURLToPath(folder)]
  parameters.push('--as-file-descriptor-set', '--exclude-source-info', '--output', '-')
  const shell = process.platform === 'win32' // there `npx` is a script
  writeFileSync(new URL('descriptors.binpb', folder), execFileSync('npx', parameters, { shell }))
  writeFileSync(new URL('generated-from.json', folder), `${JSON.stringify(digests(), undefined, 2)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generate()
