// Reads what macOS' loader reads of a library, and its signature. Numbers are those of loader.h, nlist.h, cs_blobs.h.
import { createHash } from 'node:crypto'

import { Reader, Unreadable } from './reader.mjs'

const MACHINES = { 0x01000007: 'x64', 0x0100000c: 'arm64' }
const LIBRARY_TYPES = [6, 8]
const LC = {
  SYMTAB: 0x2,
  LOAD_DYLIB: 0xc,
  LOAD_WEAK_DYLIB: 0x80000018,
  REEXPORT_DYLIB: 0x8000001f,
  RPATH: 0x8000001c,
  CODE_SIGNATURE: 0x1d,
  VERSION_MIN_MACOSX: 0x24,
  BUILD_VERSION: 0x32,
}
const LOADS = [LC.LOAD_DYLIB, LC.LOAD_WEAK_DYLIB, LC.REEXPORT_DYLIB]
const N = { STAB: 0xe0, TYPE: 0x0e, EXT: 0x01, PRIVATE_EXT: 0x10 }
/** Stands in place of a library's number: the loader searches all loaded libraries. */
const ANY_LIBRARY = 0xfe

/** @param {Buffer} bytes */
export function readMacho(bytes) {
  const file = new Reader(bytes)
  if (file.u32(0) !== 0xfeedfacf) throw new Unreadable('no 64-bit Mach-O file')
  const commands = []
  for (let at = 32, left = file.u32(16); left > 0; left -= 1) {
    commands.push({ command: file.u32(at), at })
    at += file.u32(at + 4)
  }
  const all = (...wanted) => commands.filter(({ command }) => wanted.includes(command)).map(({ at }) => at)
  const pathIn = (at) => file.text(at + file.u32(at + 8))
  const symbols = readSymbols(file, all(LC.SYMTAB)[0])
  const undefinedSymbols = symbols.filter(({ type }) => (type & (N.TYPE | N.STAB)) === 0)
  // Each place has bytes for patch and minor, and two for major. The second command is the older one.
  const systems = [...all(LC.BUILD_VERSION).map((at) => at + 12), ...all(LC.VERSION_MIN_MACOSX).map((at) => at + 8)]
  return {
    arch: MACHINES[file.u32(4)] ?? `machine ${file.u32(4)}`,
    isLibrary: LIBRARY_TYPES.includes(file.u32(12)),
    needed: all(...LOADS).map(pathIn),
    searchPaths: all(LC.RPATH).map(pathIn),
    /** Of macOS, as in `11.0`. */
    oldestSystem: systems.map((at) => `${file.u16(at + 2)}.${file.u8(at + 1)}`)[0],
    exports: symbols
      .filter(({ type }) => (type & N.TYPE) !== 0 && (type & (N.STAB | N.PRIVATE_EXT)) === 0 && (type & N.EXT) !== 0)
      .map(({ name }) => name.replace(/^_/, '')),
    searchedEverywhere: undefinedSymbols.filter(({ library }) => library === ANY_LIBRARY).map(({ name }) => name),
    // Apple's strip leaves entries for its debugger, which are no symbols of the addon.
    isStripped: !symbols.some(
      ({ name, type }) => !name.startsWith('radr://') && ((type & N.STAB) !== 0 || (type & N.EXT) === 0),
    ),
    signature: checkSignature(bytes, file, all(LC.CODE_SIGNATURE)[0]),
  }
}

function readSymbols(file, at) {
  if (at === undefined) throw new Unreadable('no table of symbols')
  const [symbols, count, strings] = [file.u32(at + 8), file.u32(at + 12), file.u32(at + 16)]
  return file.table(symbols, 16, count).map((entry) => ({
    name: file.text(strings + file.u32(entry)),
    type: file.u8(entry + 4),
    library: file.u16(entry + 6) >> 8,
  }))
}

/** macOS on arm64 ends a process that loads a page whose hash is not the signed one. */
function checkSignature(bytes, file, at) {
  if (at === undefined) return 'none'
  const signed = new Reader(file.slice(file.u32(at + 8), file.u32(at + 12)), true)
  if (signed.u32(0) !== 0xfade0cc0) return 'unreadable'
  const parts = signed.table(12, 8, signed.u32(8)).map((entry) => signed.u32(entry + 4))
  const directory = parts.find((part) => signed.u32(part) === 0xfade0c02)
  return directory ? checkPages(bytes, signed, directory, file.u32(at + 8)) : 'unreadable'
}

function checkPages(bytes, signed, directory, end) {
  const SHA256 = 2
  const [hashes, count, limit] = [16, 28, 32].map((offset) => signed.u32(directory + offset))
  const pageBytes = 2 ** signed.u8(directory + 39)
  if (signed.u8(directory + 37) !== SHA256 || limit !== end) return 'unreadable'
  if (count !== Math.ceil(limit / pageBytes)) return 'incomplete'
  for (let page = 0; page < count; page += 1) {
    const content = bytes.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, limit))
    const hash = createHash('sha256').update(content).digest()
    if (!hash.equals(signed.slice(directory + hashes + page * 32, 32))) return `broken at page ${page}`
  }
  return 'valid'
}
