// Reads what a loader on Linux reads of a shared library. Numbers are those of elf.h.
import { offsetIn, Reader, Unreadable } from './reader.mjs'

const MACHINES = { 62: 'x64', 183: 'arm64' }
const PT = { LOAD: 1, DYNAMIC: 2, GNU_STACK: 0x6474e551 }
const SHT = { SYMTAB: 2, DYNSYM: 11 }
const DT = {
  NEEDED: 1,
  STRTAB: 5,
  RPATH: 15,
  TEXTREL: 22,
  BIND_NOW: 24,
  RUNPATH: 29,
  FLAGS: 30,
  FLAGS_1: 0x6ffffffb,
  VERNEED: 0x6ffffffe,
  VERNEEDNUM: 0x6fffffff,
}
const DF_BIND_NOW = 8
const DF_1 = { NOW: 1, NODELETE: 8 }

/** @param {Buffer} bytes */
export function readElf(bytes) {
  const file = new Reader(bytes)
  if (file.u32(0) !== 0x464c457f) throw new Unreadable('no ELF file')
  if (file.u8(4) !== 2 || file.u8(5) !== 1) throw new Unreadable('not 64-bit little-endian')
  const segments = file.table(file.u64(32), file.u16(54), file.u16(56)).map((at) => ({
    type: file.u32(at),
    flags: file.u32(at + 4),
    offset: file.u64(at + 8),
    address: file.u64(at + 16),
    size: file.u64(at + 32),
  }))
  const sections = file.table(file.u64(40), file.u16(58), file.u16(60)).map((at) => ({
    name: file.u32(at),
    type: file.u32(at + 4),
    offset: file.u64(at + 24),
    size: file.u64(at + 32),
    link: file.u32(at + 40),
  }))
  const loaded = segments.filter(({ type }) => type === PT.LOAD)
  const offsetOf = (address) => offsetIn('segment', loaded, address)
  const dynamic = readDynamic(file, segments)
  const all = (tag) => dynamic.filter((entry) => entry.tag === tag).map(({ value }) => value)
  const one = (tag) => all(tag)[0]
  const strings = offsetOf(one(DT.STRTAB))
  const texts = (tag) => all(tag).map((offset) => file.text(strings + offset))
  const symbols = readSymbols(file, sections)
  const sectionNames = sections[file.u16(62)]?.offset ?? 0
  return {
    arch: MACHINES[file.u16(18)] ?? `machine ${file.u16(18)}`,
    isLibrary: file.u16(16) === 3,
    needed: texts(DT.NEEDED),
    searchPaths: [...texts(DT.RPATH), ...texts(DT.RUNPATH)],
    /** Versions asked of a library: `GLIBC_2.17`, … */
    versions: readVersions(file, one(DT.VERNEED), one(DT.VERNEEDNUM) ?? 0, offsetOf, strings),
    exports: symbols.filter(({ defined, local }) => defined && !local).map(({ name }) => name),
    imports: symbols.filter(({ defined }) => !defined).map(({ name, weak }) => ({ name, weak })),
    isStripped: !sections.some(({ type, name }) => type === SHT.SYMTAB || isDebug(file.text(sectionNames + name))),
    isBoundAtOnce:
      all(DT.BIND_NOW).length > 0 || Boolean(one(DT.FLAGS) & DF_BIND_NOW) || Boolean(one(DT.FLAGS_1) & DF_1.NOW),
    isKept: Boolean(one(DT.FLAGS_1) & DF_1.NODELETE),
    hasTextRelocations: all(DT.TEXTREL).length > 0,
    hasExecutableStack: !segments.some(({ type, flags }) => type === PT.GNU_STACK && (flags & 1) === 0),
  }
}

const isDebug = (name) => name.startsWith('.debug_') || name.startsWith('.zdebug_')

function readDynamic(file, segments) {
  const segment = segments.find(({ type }) => type === PT.DYNAMIC)
  if (!segment) throw new Unreadable('no dynamic segment')
  const places = file.table(segment.offset, 16, segment.size / 16)
  // The first without a tag ends them.
  const end = places.findIndex((at) => file.u64(at) === 0)
  return places.slice(0, end < 0 ? undefined : end).map((at) => ({ tag: file.u64(at), value: file.u64(at + 8) }))
}

function readSymbols(file, sections) {
  const section = sections.find(({ type }) => type === SHT.DYNSYM)
  if (!section) throw new Unreadable('no table of dynamic symbols')
  const strings = sections[section.link].offset
  // The first is empty by definition.
  return file.table(section.offset + 24, 24, section.size / 24 - 1).map((at) => ({
    name: file.text(strings + file.u32(at)),
    local: file.u8(at + 4) >> 4 === 0,
    weak: file.u8(at + 4) >> 4 === 2,
    defined: file.u16(at + 6) !== 0,
  }))
}

function readVersions(file, address, count, offsetOf, strings) {
  const names = []
  let need = address === undefined ? 0 : offsetOf(address)
  for (let index = 0; index < count; index += 1) {
    let entry = need + file.u32(need + 8)
    for (let left = file.u16(need + 2); left > 0; left -= 1) {
      names.push(file.text(strings + file.u32(entry + 8)))
      entry += file.u32(entry + 12)
    }
    need += file.u32(need + 12)
  }
  return names
}
