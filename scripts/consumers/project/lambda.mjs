// Runs as a function's handler does: its folder cannot be written, and there is no home folder.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'

assert.equal(process.env.HOME, undefined)
assert.equal(process.cwd(), '/')
assert.throws(() => writeFileSync(new URL('written', import.meta.url), ''), { code: /EACCES|EROFS/ })
await import('./main.mjs')
