import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** This machine as napi-rs names it: `linux-x64-gnu`, `darwin-arm64`, … */
export const PLATFORM = [process.platform, process.arch, abi()].filter(Boolean).join('-')

/** File name of the addon on this machine. */
export const ADDON_NAME = `gateway.${PLATFORM}.node`

/** The addon that `index.js` loads. */
export const ADDON = join(ROOT, ADDON_NAME)

/** The addon with the exports that only tests use. */
export const TEST_HOOKS_ADDON = join(ROOT, 'target', 'test-hooks', ADDON_NAME)

function abi() {
  if (process.platform === 'win32') return 'msvc'
  if (process.platform !== 'linux') return undefined
  // Without network interfaces the report needs no name resolution, which can take seconds.
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'
}

/** Returns the script of a development dependency's command. `process.execPath` runs it on any system. */
export function tool(name, file) {
  const path = join(ROOT, 'node_modules', name, file)
  return existsSync(path) ? path : undefined
}
