// The checks of each artifact. A check returns what it found, or what is wrong.
import { homedir } from 'node:os'
import { join } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { compareVersions } from '../lib/versions.mjs'
import { readElf } from './formats/elf.mjs'
import { readMacho } from './formats/macho.mjs'
import { readPe } from './formats/pe.mjs'
import { Unreadable } from './formats/reader.mjs'
import { GLIBC, LIMIT_BYTES, MACOS } from './list.mjs'

/** The symbol that Node needs. */
const ENTRY = 'napi_register_module_v1'

/**
 * The libraries that an addon may need of the host. glibc: parts of glibc itself. musl: one library, which its loader
 * knows as `libc.so`, whatever the distribution calls the file. No other library, in particular neither libssl nor
 * libgcc_s, which some slim images lack.
 */
const NEEDED = {
  glibc: /^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|ld-linux-(x86-64\.so\.2|aarch64\.so\.1))$/,
  musl: /^libc\.so$/,
  // Apple's certificate verifier needs both frameworks.
  macho:
    /^\/usr\/lib\/lib(System\.B|iconv\.2|charset\.1)\.dylib$|^\/System\/Library\/Frameworks\/(Security|CoreFoundation)\.f/,
  // Parts of every Windows 10; VCRUNTIME140.dll and libunwind.dll are not.
  pe: /^(kernel32|ntdll|ws2_32|bcrypt(primitives)?|crypt32|advapi32|userenv|api-ms-win-(core|crt)-[a-z0-9-]+)\.dll$/i,
}

const FORMATS = {
  elf: { read: readElf, check: checkElf },
  macho: { read: readMacho, check: checkMacho },
  pe: { read: readPe, check: checkPe },
}

/**
 * Checks an artifact. `plain`: the system's own compiler has built it for this machine, so it may need what is here.
 *
 * @param {import('./list.mjs').Target} target
 * @returns {{ facts: Record<string, string>, problems: string[] }}
 */
export function checkArtifact(target, bytes, { plain = false } = {}) {
  const problems = []
  const ask = (good, problem) => good || problems.push(problem)
  const facts = { size: `${bytes.length} bytes` }
  ask(bytes.length <= LIMIT_BYTES, `is too large: ${bytes.length} bytes; the limit is ${LIMIT_BYTES}`)
  const path = plain ? undefined : privatePath(bytes)
  ask(path === undefined, `holds a path of the machine that built it: ${path}`)
  const format = FORMATS[target.format]
  try {
    const file = format.read(bytes)
    ask(file.arch === target.arch, `is for ${file.arch}`)
    ask(file.isLibrary, 'is no shared library')
    ask(file.exports.includes(ENTRY), `does not export ${ENTRY}`)
    ask(file.isStripped, 'is not stripped')
    for (const name of file.needed) ask(isAllowed(name, target, plain), `needs ${name}`)
    for (const path of file.searchPaths ?? []) ask(false, `looks for libraries in ${path}`)
    facts.needs = file.needed.map((name) => name.split('/').at(-1)).join(' ')
    format.check(file, { ...target, plain }, ask, facts)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    ask(false, `cannot be read: ${error.message}`)
  }
  return { facts, problems }
}

function isAllowed(name, { libc, format }, plain) {
  // Zig links it into the addon.
  return NEEDED[libc ?? format].test(name) || (plain && name === 'libgcc_s.so.1')
}

function checkElf(file, { libc, plain }, ask, facts) {
  const glibc = file.versions.filter((version) => version.startsWith('GLIBC_')).sort(compareVersions)
  if (libc === 'glibc') {
    facts.glibc = `${glibc.at(-1)?.slice('GLIBC_'.length)} or newer`
    ask(file.needed.includes('libc.so.6'), 'does not need glibc')
    const newest = glibc.filter((version) => compareVersions(version, `GLIBC_${GLIBC}`) > 0)
    ask(plain || newest.length === 0, `needs ${newest.at(-1)}; the newest allowed is GLIBC_${GLIBC}`)
    // The addon's threads outlive the last environment, so the library must not be unloaded. musl never unloads one.
    ask(file.isKept, 'may be unloaded while its threads run')
  } else {
    ask(file.needed.includes('libc.so'), 'does not need musl')
    ask(file.versions.length === 0, `asks for symbols of glibc: ${file.versions.slice(0, 5).join(', ')}`)
    const foreign = file.imports.filter(({ name, weak }) => !weak && isOfGlibc(name)).map(({ name }) => name)
    ask(foreign.length === 0, `asks for symbols of glibc: ${foreign.slice(0, 5).join(', ')}`)
  }
  // If two libraries export one name, each may get the other's.
  const surplus = file.exports.filter((name) => name !== ENTRY)
  ask(surplus.length === 0, `exports ${surplus.slice(0, 5).join(', ')} as well`)
  // With it a missing symbol fails the load, and the tables of addresses are read-only afterwards.
  ask(file.isBoundAtOnce, 'is bound lazily')
  ask(!file.hasTextRelocations, 'has relocations in its code')
  ask(!file.hasExecutableStack, 'asks for an executable stack')
}

/** Matches names that musl does not have: checked variants, versioned internals. */
const isOfGlibc = (name) => /^(__\w+_chk|__isoc(99|23)_\w+|__libc_(start_main|malloc|free)|gnu_\w+)$/.test(name)

function checkMacho(file, { arch }, ask, facts) {
  facts.macOS = `${file.oldestSystem} or newer`
  facts.signature = file.signature
  ask(file.oldestSystem !== undefined, 'does not say for which macOS it is')
  const tooNew = file.oldestSystem && compareVersions(file.oldestSystem, MACOS[arch]) > 0
  ask(!tooNew, `is for macOS ${file.oldestSystem} and newer; wanted is ${MACOS[arch]}`)
  // A symbol that no named library has may not exist at all, and that fails only when it is called.
  const anywhere = file.searchedEverywhere
  ask(anywhere.length === 0, `does not say where to find ${anywhere.slice(0, 5).join(', ')}`)
  // Apple's own processors load no unsigned library. An ad hoc signature is enough.
  if (arch === 'arm64') ask(file.signature === 'valid', `its signature: ${file.signature}`)
  else ask(['valid', 'none'].includes(file.signature), `its signature: ${file.signature}`)
}

function checkPe(file, _target, ask) {
  ask(file.hasRandomAddress, 'is loaded at a fixed address')
  ask(!file.hasExecutableData, 'has executable data')
  ask(!/[\\/]/.test(file.debugFile ?? ''), `holds a path of the machine that built it: ${file.debugFile}`)
}

/** Matches the folders of cargo's sources and of the builder. They are private, and differ between builds. */
function privatePath(bytes) {
  const text = bytes.toString('latin1')
  const found = [ROOT, homedir()].find((path) => text.includes(join(path, '/')))
  return found ?? /(\.cargo[\\/]registry|[\\/]Users[\\/]|\/home\/)[\w./\\-]{0,100}/.exec(text)?.[0]
}
