import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a folder, and removes it when the test ends. @param {{ after: (work: () => Promise<void>) => void }} t */
export function withFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
