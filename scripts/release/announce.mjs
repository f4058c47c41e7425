#!/usr/bin/env node
// node scripts/release/announce.mjs FOLDER TAG: the release on GitHub, with `notes.md` of the folder as its text, and
// the tarballs and SBOMs as its files. It uses GitHub's `gh`, and can run again.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { capture, run } from '../lib/run.mjs'

await runMain(async () => {
  const [folder, tag] = process.argv.slice(2)
  if (!folder || !tag) throw new Failure('usage: announce.mjs FOLDER TAG', 2)
  const names = (await readdir(folder)).filter((name) => /\.(tgz|cdx\.json)$/.test(name)).sort()
  if (!names.some((name) => name.endsWith('.cdx.json'))) throw new Failure(`There is no SBOM in ${folder}.`)
  const files = names.map((name) => join(folder, name))
  const { ok: exists } = await capture('gh', ['release', 'view', tag])
  if (exists) return run('gh', ['release', 'upload', tag, ...files, '--clobber'])
  const text = ['--verify-tag', '--title', tag, '--notes-file', join(folder, 'notes.md')]
  const kind = tag.includes('-') ? ['--prerelease'] : []
  await run('gh', ['release', 'create', tag, ...files, ...text, ...kind])
})
