// @ts-check
// Loads the addon: the binary in the checkout or that of the platform's package. It then hands in the bridge.
'use strict'

const { createRequire } = require('node:module')

const { makeBridge } = require('./bridge.js')
const { name: PACKAGE, version } = require('../../package.json')

/** @typedef {import('./binding').Binding} Binding */
/** @typedef {Error & { code?: string }} LoadError */

/**
 * By platform, the places of its binary in the order in which they are tried. The paths are literals: bundlers and tracers of
 * files find a `require` by its text.
 *
 * @type {Record<string, (() => Binding)[]>}
 */
const BINARIES = {
  'darwin-arm64': [
    () => require('../../gateway.darwin-arm64.node'),
    () => require('@computesdk/gateway-darwin-arm64'),
  ],
  'darwin-x64': [
    () => require('../../gateway.darwin-x64.node'),
    () => require('@computesdk/gateway-darwin-x64'),
  ],
  'linux-arm64-gnu': [
    () => require('../../gateway.linux-arm64-gnu.node'),
    () => require('@computesdk/gateway-linux-arm64-gnu'),
  ],
  'linux-arm64-musl': [
    () => require('../../gateway.linux-arm64-musl.node'),
    () => require('@computesdk/gateway-linux-arm64-musl'),
  ],
  'linux-x64-gnu': [
    () => require('../../gateway.linux-x64-gnu.node'),
    () => require('@computesdk/gateway-linux-x64-gnu'),
  ],
  'linux-x64-musl': [
    () => require('../../gateway.linux-x64-musl.node'),
    () => require('@computesdk/gateway-linux-x64-musl'),
  ],
  'win32-arm64-msvc': [
    () => require('../../gateway.win32-arm64-msvc.node'),
    () => require('@computesdk/gateway-win32-arm64-msvc'),
  ],
  'win32-x64-msvc': [
    () => require('../../gateway.win32-x64-msvc.node'),
    () => require('@computesdk/gateway-win32-x64-msvc'),
  ],
}

/** Returns what packages call this platform: `linux-x64-gnu`, `darwin-arm64`, … */
function platformName() {
  const { platform, arch } = process
  if (platform === 'win32') return `${platform}-${arch}-msvc`
  return platform === 'linux' ? `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}` : `${platform}-${arch}`
}

/** Returns whether Node runs on musl. `ldd` tells it in microseconds where it is there; the report takes milliseconds. */
function isMusl() {
  try {
    return require('node:fs').readFileSync('/usr/bin/ldd', 'latin1').includes('musl')
  } catch {
    const report = /** @type {any} */ (process.report)
    if (!report) return false
    // Without network interfaces it needs no lookups, which can take seconds.
    report.excludeNetwork = true
    return !report.getReport().header?.glibcVersionRuntime
  }
}

/**
 * What to do about a binary that is there and cannot be loaded, by the code of the error.
 *
 * @type {Record<string, string>}
 */
const ADVICE = {
  ERR_DLOPEN_DISABLED: 'Node runs without native addons: leave out --no-addons.',
  ERR_ACCESS_DENIED: "Node's permission model forbids it: allow native addons (--allow-addons) and reading the file.",
  ERR_DLOPEN_FAILED: 'The file is damaged, or was made for another system or C library.',
}

/**
 * Makes the error of a binary that is there and cannot be loaded. It begins with the reason.
 *
 * @param {string} which
 * @param {LoadError} refused
 * @param {Error | undefined} cause
 */
function refusedError(which, { message, code }, cause) {
  const reason = message.split('\n', 1)[0]?.trimEnd()
  const advice = code === undefined ? undefined : ADVICE[code]
  return new Error(`Cannot load native binding ${which}: ${reason}${advice ? `. ${advice}` : ''}`, { cause })
}

/**
 * Makes the error of a platform whose binary could not be loaded from any place. Its causes are the attempts.
 *
 * @param {string} platform
 * @param {LoadError[]} failures
 */
function platformError(platform, failures) {
  /** @type {Error | undefined} */
  let cause
  for (const failure of failures.toReversed()) cause = Object.assign(failure, { cause })
  const refused = failures.find(({ code }) => code !== 'MODULE_NOT_FOUND')
  if (refused) return refusedError(`for ${platform}`, refused, cause)
  if (BINARIES[platform] === undefined) {
    const known = Object.keys(BINARIES).join(', ')
    return new Error(`Cannot find native binding: ${PACKAGE} has none for ${platform}. It has: ${known}.`, { cause })
  }
  return new Error(
    `Cannot find native binding: the package ${PACKAGE}-${platform} is not installed. It is an optional dependency of ` +
      `${PACKAGE}: install without --omit=optional and the like. npm may leave it out by mistake ` +
      '(npm/cli#4828): run `npm i` again after removing both package-lock.json and node_modules.',
    { cause },
  )
}

/**
 * Returns the addon that the operator names. No other is tried, and bundlers need not find this `require`.
 *
 * @param {string} path
 * @returns {Binding}
 */
function loadNamed(path) {
  try {
    return createRequire(__filename)(path)
  } catch (error) {
    const refused = /** @type {LoadError} */ (error)
    throw refusedError('named by NAPI_RS_NATIVE_LIBRARY_PATH', refused, refused)
  }
}

/**
 * Returns the addon of this platform.
 *
 * @returns {Binding}
 */
function loadPlatform() {
  const platform = platformName()
  /** @type {LoadError[]} */
  const failures = []
  for (const load of BINARIES[platform] ?? []) {
    try {
      return load()
    } catch (error) {
      failures.push(/** @type {LoadError} */ (error))
    }
  }
  throw platformError(platform, failures)
}

const named = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
const binding = named ? loadNamed(named) : loadPlatform()
binding.__install(makeBridge, version)

module.exports = binding
