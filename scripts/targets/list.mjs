// The platforms a release is built for: the one list that builds, checks, loading tests and the release workflow read.
import { Failure } from '../lib/failure.mjs'

/** glibc of the oldest system that is served: what zig links against, and what the checks hold each artifact to. */
export const GLIBC = '2.17'

/** The oldest macOS for which Node 20 is made. */
export const MACOS = { x64: '10.15', arm64: '11.0' }

/**
 * Above this, an addon is refused. It was 4 000 000 before Docker (sockets, pulls, a wire format of its own), 4 400 000 before the
 * transport on hyper's own client, whose generic code is there twice because reqwest's types are private, and 4 700 000 before
 * mimalloc.
 */
export const LIMIT_BYTES = 5_700_000

const LINUX = 'ubuntu-24.04'

/**
 * @typedef {object} Target
 * @property {string} triple as in `napi.targets` of package.json, and as Rust calls it
 * @property {string} name as napi-rs calls it: folder in `npm/`, middle of the artifact's name
 * @property {'elf' | 'macho' | 'pe'} format
 * @property {'x64' | 'arm64'} arch as Node calls it
 * @property {'glibc' | 'musl'} [libc]
 * @property {string} [zig] what cargo-zigbuild is told on a Linux host
 * @property {string[]} [rustflags]
 * @property {string} runner GitHub's machine on which the release builds it
 */

/** @type {Target[]} */
export const TARGETS = [
  linux('x86_64', 'glibc'),
  linux('aarch64', 'glibc'),
  linux('x86_64', 'musl'),
  linux('aarch64', 'musl'),
  // On a Linux host they are linked against stubs of two frameworks (apple/): that shows that the code builds, and
  // that the addon needs nothing else of macOS. Released is what Apple's own linker makes and signs.
  { triple: 'aarch64-apple-darwin', name: 'darwin-arm64', format: 'macho', arch: 'arm64', runner: 'macos-15' },
  { triple: 'x86_64-apple-darwin', name: 'darwin-x64', format: 'macho', arch: 'x64', runner: 'macos-15' },
  windows('x86_64'),
  windows('aarch64'),
].map((target) => ({ zig: target.triple, rustflags: [], ...target }))

function linux(cpu, libc) {
  const arch = cpu === 'x86_64' ? 'x64' : 'arm64'
  const gnu = libc === 'glibc'
  const triple = `${cpu}-unknown-linux-${gnu ? 'gnu' : 'musl'}`
  return {
    triple,
    name: `linux-${arch}-${gnu ? 'gnu' : 'musl'}`,
    format: 'elf',
    arch,
    libc,
    zig: gnu ? `${triple}.${GLIBC}` : triple,
    // Rust links musl into the program unless told otherwise; an addon has to use the musl that Node runs on.
    rustflags: gnu ? [] : ['-C', 'target-feature=-crt-static'],
    runner: LINUX,
  }
}

function windows(cpu) {
  const arch = cpu === 'x86_64' ? 'x64' : 'arm64'
  return {
    triple: `${cpu}-pc-windows-msvc`,
    name: `win32-${arch}-msvc`,
    format: 'pe',
    arch,
    // Microsoft's libraries are not to be had on Linux; LLVM's, which zig brings, rest on the same C runtime (UCRT).
    zig: `${cpu}-pc-windows-gnullvm`,
    // Otherwise it needs VCRUNTIME140.dll, which a machine that has only Node may lack.
    rustflags: ['-C', 'target-feature=+crt-static'],
    runner: 'windows-2025',
  }
}

export const artifactName = (target) => `gateway.${target.name}.node`

/** The targets of these names or triples; all of them without any. */
export function select(words) {
  if (words.length === 0) return TARGETS
  return words.map((word) => {
    const found = TARGETS.find(({ triple, name }) => word === triple || word === name)
    if (found) return found
    throw new Failure(`unknown target: ${word} (known: ${TARGETS.map(({ triple }) => triple).join(', ')})`, 2)
  })
}
