// @ts-check
// Loads the addon: the binary in the checkout or that of the platform's package. It then hands in the bridge.
'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')
const { closeSync, fstatSync, openSync, readFileSync, readSync } = require('node:fs')
const { createRequire } = require('node:module')
const { isAbsolute, join } = require('node:path')

const { makeBridge } = require('./bridge.js')
const { CHANNELS, makeDiagnostics } = require('./diagnostics.js')
const { name: PACKAGE, version } = require('../../package.json')

/** @typedef {import('./binding').Binding} Binding */
/** @typedef {import('./binding').Native} Native */
/** @typedef {Error & { code?: string, path?: string }} LoadError */

/** The platforms of which there are binaries. */
const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]

// Bundlers and tracers of files find a `require` by its text, so each path is a literal. In a `try` block a binary that is not
// installed does not fail their build. One that is installed does, unless their settings say how to take in a `.node` file.

/**
 * Returns the addon that lies in the checkout; nothing, and a failure more, if it cannot be loaded.
 *
 * @param {string} platform
 * @param {LoadError[]} failures
 * @returns {Binding | undefined}
 */
function requireFile(platform, failures) {
  try {
    switch (platform) {
      case 'darwin-arm64':
        return require('../../gateway.darwin-arm64.node')
      case 'darwin-x64':
        return require('../../gateway.darwin-x64.node')
      case 'linux-arm64-gnu':
        return require('../../gateway.linux-arm64-gnu.node')
      case 'linux-arm64-musl':
        return require('../../gateway.linux-arm64-musl.node')
      case 'linux-x64-gnu':
        return require('../../gateway.linux-x64-gnu.node')
      case 'linux-x64-musl':
        return require('../../gateway.linux-x64-musl.node')
      case 'win32-arm64-msvc':
        return require('../../gateway.win32-arm64-msvc.node')
      case 'win32-x64-msvc':
        return require('../../gateway.win32-x64-msvc.node')
    }
  } catch (error) {
    failures.push(/** @type {LoadError} */ (error))
  }
  return undefined
}

/**
 * Returns the addon of the platform's package; nothing, and a failure more, if it cannot be loaded.
 *
 * @param {string} platform
 * @param {LoadError[]} failures
 * @returns {Binding | undefined}
 */
function requirePackage(platform, failures) {
  try {
    switch (platform) {
      case 'darwin-arm64':
        return require('@computesdk/gateway-darwin-arm64')
      case 'darwin-x64':
        return require('@computesdk/gateway-darwin-x64')
      case 'linux-arm64-gnu':
        return require('@computesdk/gateway-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('@computesdk/gateway-linux-arm64-musl')
      case 'linux-x64-gnu':
        return require('@computesdk/gateway-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('@computesdk/gateway-linux-x64-musl')
      case 'win32-arm64-msvc':
        return require('@computesdk/gateway-win32-arm64-msvc')
      case 'win32-x64-msvc':
        return require('@computesdk/gateway-win32-x64-msvc')
    }
  } catch (error) {
    failures.push(/** @type {LoadError} */ (error))
  }
  return undefined
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
    return readFileSync('/usr/bin/ldd').includes('musl')
  } catch {
    const report = /** @type {any} */ (process.report)
    if (!report) return false
    // Without network interfaces it needs no lookups, which can take seconds.
    report.excludeNetwork = true
    return !report.getReport().header?.glibcVersionRuntime
  }
}

/** Returns a `require` that bundlers do not see. A bundle may lack the name of this file, or hold one of its own making. */
function hiddenRequire() {
  const isKnown = typeof __filename === 'string' && isAbsolute(__filename)
  return createRequire(isKnown ? __filename : join(process.cwd(), 'index.js'))
}

/**
 * Returns the path of the binary that is taken; nothing if there is none, or if a bundler has put it elsewhere.
 *
 * @param {string} platform
 */
function findBinary(platform) {
  const { resolve } = hiddenRequire()
  for (const place of [`../../gateway.${platform}.node`, `${PACKAGE}-${platform}`]) {
    try {
      return resolve(place)
    } catch {
      // The next place.
    }
  }
  return undefined
}

/**
 * Returns whether a file of Linux ends before its last table, as after a download that was cut off. The system would map what
 * is not there, and end the process with SIGBUS.
 *
 * @param {string} path
 */
function isCutShort(path) {
  const header = Buffer.alloc(64)
  let size
  try {
    const file = openSync(path, 'r')
    try {
      size = fstatSync(file).size
      if (readSync(file, header) < header.length) return false
    } finally {
      closeSync(file)
    }
  } catch {
    // It is for the system to say what is wrong with it.
    return false
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) return false
  // The table of sections is the last one: its offset, and the size and number of its entries.
  return size < header.readBigUInt64LE(40) + BigInt(header.readUInt16LE(58) * header.readUInt16LE(60))
}

/** @param {string} path */
function cutShort(path) {
  return Object.assign(new Error(`${path}: the file is cut short`), { code: 'ERR_DLOPEN_FAILED' })
}

/**
 * Returns the addon that the operator names. No other is tried.
 *
 * @param {string} path
 * @returns {Binding}
 */
function loadNamed(path) {
  try {
    if (isCutShort(path)) throw cutShort(path)
    return hiddenRequire()(path)
  } catch (error) {
    const { refusedError } = require('./load-error.js')
    const refused = /** @type {LoadError} */ (error)
    throw refusedError('named by NAPI_RS_NATIVE_LIBRARY_PATH', refused, refused, path)
  }
}

/**
 * Returns the addon of this platform.
 *
 * @returns {Binding}
 */
function loadPlatform() {
  const platform = platformName()
  const path = findBinary(platform)
  /** @type {LoadError[]} */
  const failures = []
  if (path !== undefined && isCutShort(path)) failures.push(cutShort(path))
  else {
    const binding = requireFile(platform, failures) ?? requirePackage(platform, failures)
    if (binding !== undefined) return binding
  }
  // Read only now: a load that succeeds needs none of it.
  const { platformError } = require('./load-error.js')
  throw platformError(platform, PLATFORMS, path, failures)
}

/**
 * Loads the addon, and hands in the bridge. Returns the same addon each time.
 *
 * This is a function so that reading this module never throws. Where it did, and one program both imported and required the
 * package, Node 20 rejected a promise without a handler.
 *
 * @returns {Binding}
 */
function load() {
  const named = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
  const binding = named ? loadNamed(named) : loadPlatform()
  const bridge = (/** @type {Native} */ native, /** @type {string} */ constants) =>
    makeBridge(makeDiagnostics(diagnosticsChannel), native, constants)
  binding.__install(bridge, version)
  return Object.assign(binding, { CHANNELS })
}

module.exports = load
