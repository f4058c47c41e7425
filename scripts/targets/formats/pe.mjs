// Reads what Windows' loader reads of a DLL. Offsets are those of Microsoft's "PE Format".
import { offsetIn, Reader, Unreadable } from './reader.mjs'

const MACHINES = { 0x8664: 'x64', 0xaa64: 'arm64' }
const IMAGE_FILE_DLL = 0x2000
const DLL_CHARACTERISTICS = { randomAddress: 0x40, noExecutableData: 0x100 }
const DIRECTORY = { exports: 0, imports: 1, debug: 6, delayedImports: 13 }

/** @param {Buffer} bytes */
export function readPe(bytes) {
  const file = new Reader(bytes)
  if (file.u16(0) !== 0x5a4d) throw new Unreadable('no PE file')
  const coff = file.u32(0x3c) + 4
  if (file.u32(coff - 4) !== 0x4550) throw new Unreadable('no PE file')
  const optional = coff + 20
  if (file.u16(optional) !== 0x20b) throw new Unreadable('not 64-bit')
  const sections = file.table(optional + file.u16(coff + 16), 40, file.u16(coff + 2)).map((at) => ({
    name: file.slice(at, 8).toString('latin1').replaceAll('\0', ''),
    size: Math.max(file.u32(at + 8), file.u32(at + 16)),
    address: file.u32(at + 12),
    offset: file.u32(at + 20),
  }))
  const offsetOf = (address) => offsetIn('section', sections, address)
  const directory = (index) => {
    const at = optional + 112 + index * 8
    return index < file.u32(optional + 108) && file.u32(at) !== 0 ? offsetOf(file.u32(at)) : undefined
  }
  const text = (address) => file.text(offsetOf(address))
  const characteristics = file.u16(optional + 70)
  return {
    arch: MACHINES[file.u16(coff)] ?? `machine ${file.u16(coff)}`,
    isLibrary: (file.u16(coff + 18) & IMAGE_FILE_DLL) !== 0,
    needed: [
      ...libraries(file, directory(DIRECTORY.imports), { size: 20, name: 12 }, text),
      ...libraries(file, directory(DIRECTORY.delayedImports), { size: 32, name: 4 }, text),
    ],
    exports: exportedNames(file, directory(DIRECTORY.exports), offsetOf, text),
    isStripped: file.u32(coff + 8) === 0 && !sections.some(({ name }) => /^(\.debug|\/\d)/.test(name)),
    /** Of the file with debug information, which the linker notes with its whole path. */
    debugFile: debugFile(file, directory(DIRECTORY.debug)),
    hasRandomAddress: (characteristics & DLL_CHARACTERISTICS.randomAddress) !== 0,
    hasExecutableData: (characteristics & DLL_CHARACTERISTICS.noExecutableData) === 0,
  }
}

function libraries(file, at, { size, name }, text) {
  const names = []
  for (; at !== undefined && file.u32(at + name) !== 0; at += size) names.push(text(file.u32(at + name)))
  return names
}

function exportedNames(file, at, offsetOf, text) {
  const count = at === undefined ? 0 : file.u32(at + 24)
  if (count === 0) return []
  return file.table(offsetOf(file.u32(at + 32)), 4, count).map((name) => text(file.u32(name)))
}

function debugFile(file, at) {
  const CODE_VIEW = 2
  if (at === undefined || file.u32(at + 12) !== CODE_VIEW) return undefined
  const data = file.u32(at + 24)
  return file.u32(data) === 0x53445352 ? file.text(data + 24) : undefined
}
