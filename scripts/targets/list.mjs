// The platforms of a release. Builds, checks, loading tests and the release workflow read this list.
import { Failure } from '../lib/failure.mjs'

/** glibc of the oldest supported system. Zig links with it, and the checks compare each artifact with it. */
export const GLIBC = '2.17'

/** The oldest macOS that Node 20 supports. */
export const MACOS = { x64: '10.15', arm64: '11.0' }

/**
 * The maximum size of an addon. It was 4 000 000 before Docker (sockets, pulls, a wire format of its own), 4 400 000 before the
 * transport on hyper's own client, whose generic code is there twice because reqwest's types are private, 4 700 000 before
 * mimalloc, and 4 850 000 before the own crate had level 3.
 */
export const LIMIT_BYTES = 5_700_000

/** Rust's processors, as Node calls them. */
const ARCH = { x86_64: 'x64', aarch64: 'arm64' }

/**
 * @typedef {object} Target
 * @property {string} triple as in `napi.targets` of package.json, and as Rust calls it
 * @property {string} name as napi-rs calls it: folder in `npm/`, middle of the artifact's name
 * @property {'elf' | 'macho' | 'pe'} format
 * @property {'x64' | 'arm64'} arch as Node calls it
 * @property {'glibc' | 'musl'} [libc]
 * @property {string} [zig] the target for cargo-zigbuild on a Linux host
 * @property {string[]} [rustflags]
 * @property {string} runner GitHub's machine on which the release builds it
 */

/** @type {Target[]} */
export const TARGETS = [
  linux('x86_64', 'gnu'),
  linux('aarch64', 'gnu'),
  linux('x86_64', 'musl'),
  linux('aarch64', 'musl'),
  // A Linux host links them with stubs of two frameworks (apple/). That shows that the code builds, and that the addon
  // needs nothing else of macOS. The released addon is linked and signed by Apple's own tools.
  { triple: 'aarch64-apple-darwin', name: 'darwin-arm64', format: 'macho', arch: 'arm64', runner: 'macos-15' },
  { triple: 'x86_64-apple-darwin', name: 'darwin-x64', format: 'macho', arch: 'x64', runner: 'macos-15' },
  windows('x86_64'),
  windows('aarch64'),
].map((target) => ({ zig: target.triple, rustflags: [], ...target }))

function linux(cpu, abi) {
  const gnu = abi === 'gnu'
  const triple = `${cpu}-unknown-linux-${abi}`
  return {
    triple,
    name: `linux-${ARCH[cpu]}-${abi}`,
    format: 'elf',
    arch: ARCH[cpu],
    libc: gnu ? 'glibc' : 'musl',
    zig: gnu ? `${triple}.${GLIBC}` : triple,
    // By default Rust links musl into the library. An addon has to use the musl that Node runs on.
    rustflags: gnu ? [] : ['-C', 'target-feature=-crt-static'],
    runner: 'ubuntu-24.04',
  }
}

function windows(cpu) {
  return {
    triple: `${cpu}-pc-windows-msvc`,
    name: `win32-${ARCH[cpu]}-msvc`,
    format: 'pe',
    arch: ARCH[cpu],
    // Microsoft's libraries are not available on Linux. LLVM's, which zig contains, use the same C runtime (UCRT).
    zig: `${cpu}-pc-windows-gnullvm`,
    // Otherwise it needs VCRUNTIME140.dll, which a machine that has only Node may lack.
    rustflags: ['-C', 'target-feature=+crt-static'],
    runner: 'windows-2025',
  }
}

export const artifactName = (target) => `gateway.${target.name}.node`

/** Returns the targets with these names or triples; without names, all. */
export function select(words) {
  if (words.length === 0) return TARGETS
  return words.map((word) => {
    const found = TARGETS.find(({ triple, name }) => word === triple || word === name)
    if (found) return found
    throw new Failure(`unknown target: ${word} (known: ${TARGETS.map(({ triple }) => triple).join(', ')})`, 2)
  })
}
