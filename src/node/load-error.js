// @ts-check
// Says why the addon could not be loaded: the real reason first, then what to do.
'use strict'

const { name: PACKAGE } = require('../../package.json')

/** @typedef {Error & { code?: string, path?: string }} LoadError */

/**
 * Returns what to do about a binary that is there and cannot be loaded.
 *
 * @param {LoadError} refused
 */
function adviceFor({ message, code }) {
  const hasPermissionModel = /** @type {any} */ (process).permission !== undefined
  if (code === 'ERR_ACCESS_DENIED' || (code === 'ERR_DLOPEN_DISABLED' && hasPermissionModel)) {
    return "Node's permission model forbids it: allow native addons (--allow-addons) and reading the file (--allow-fs-read)."
  }
  if (code === 'ERR_DLOPEN_DISABLED') return 'Node runs without native addons: leave out --no-addons.'
  if (code !== 'ERR_DLOPEN_FAILED') return ''
  if (/\bGLIBC_/.test(message)) return 'The C library of this system is older than the binary needs.'
  if (/permission denied|not permitted/i.test(message)) {
    return 'The system forbids it: see the mode of the file and of its folders, and whether they are mounted with noexec.'
  }
  return 'The file is damaged, or was made for another system or C library.'
}

/**
 * Makes the error of a binary that is there and cannot be loaded. It begins with the reason.
 *
 * @param {string} which
 * @param {LoadError} refused
 * @param {Error | undefined} cause
 * @param {string} [path]
 */
function refusedError(which, refused, cause, path) {
  const reason = (refused.message.split('\n', 1)[0] ?? '').replace(/[\s.]+$/, '')
  const file = path === undefined || reason.includes(path) ? '' : ` (${path})`
  return new Error(`Cannot load native binding ${which}: ${reason}${file}. ${adviceFor(refused)}`.trimEnd(), { cause })
}

/**
 * @param {string} platform
 * @param {string[]} known
 */
function missingText(platform, known) {
  if (!known.includes(platform)) {
    return `${PACKAGE} has none for ${platform}. It has: ${known.join(', ')}.`
  }
  return (
    `the package ${PACKAGE}-${platform} is not installed. It is an optional dependency of ` +
    `${PACKAGE}: install without --omit=optional and the like. npm may leave it out by mistake ` +
    '(npm/cli#4828): run `npm i` again after removing both package-lock.json and node_modules.'
  )
}

/**
 * Makes the error of a platform whose binary could not be loaded from any place. Its causes are the attempts.
 *
 * @param {string} platform
 * @param {string[]} known the platforms of which there are binaries
 * @param {string | undefined} path where the binary lies, if there is one
 * @param {LoadError[]} failures
 */
function platformError(platform, known, path, failures) {
  const refused = failures.find(({ code }) => code !== 'MODULE_NOT_FOUND')
  // The reason is the first cause.
  const attempts = failures.filter((failure) => failure !== refused)
  if (refused) attempts.unshift(refused)
  /** @type {Error | undefined} */
  let cause
  for (const attempt of attempts.toReversed()) cause = Object.assign(attempt, { cause })
  if (refused) return refusedError(`for ${platform}`, refused, cause, path)
  // Node names the manifest whose entry is missing.
  const hollow = failures.find(({ path }) => path !== undefined)
  if (hollow) {
    const text = `the package ${PACKAGE}-${platform} is installed without its file: install it anew (${hollow.path}).`
    return new Error(`Cannot find native binding: ${text}`, { cause })
  }
  return new Error(`Cannot find native binding: ${missingText(platform, known)}`, { cause })
}

module.exports = { platformError, refusedError }
