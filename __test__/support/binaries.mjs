// Small files in the three formats of shared libraries, as a linker would write them, for the checks of artifacts.
// Only what the checks read is filled in.
import { createHash } from 'node:crypto'

const PAGE_BYTES = 4096

/** Bytes that begin with the empty text. `add` puts a text or bytes behind them, and returns its offset. */
class Content {
  bytes = Buffer.from([0])
  add(more) {
    const at = this.bytes.length
    this.bytes = Buffer.concat([this.bytes, typeof more === 'string' ? Buffer.from(`${more}\0`, 'latin1') : more])
    return at
  }
}

// Little-endian, as every processor is on which Node's tests of this package run.
const u8 = (...values) => Buffer.from(values)
const u16 = (...values) => Buffer.from(Uint16Array.from(values).buffer)
const u32 = (...values) => Buffer.from(Uint32Array.from(values).buffer)
const u64 = (...values) => Buffer.from(BigUint64Array.from(values, BigInt).buffer)

/** @param {object} [options] each as `readElf` names it */
export function makeElf(options = {}) {
  const { machine = 62, type = 3, needed = ['libc.so.6'], versions = { 'libc.so.6': ['GLIBC_2.17'] } } = options
  const { exports = ['napi_register_module_v1'], imports = [], sections = [], flags = 9, runPath } = options
  const { textRelocations = false, stackFlags = 6, trailer = '' } = options
  const content = new Content()
  const symbol = (section) => (name) => Buffer.concat([u32(content.add(name)), u8(0x12, 0), u16(section), u64(0, 0)])
  const symbols = Buffer.concat([Buffer.alloc(24), ...exports.map(symbol(1)), ...imports.map(symbol(0))])
  const tags = needed.map((name) => [1, content.add(name)])
  if (runPath) tags.push([29, content.add(runPath)])
  if (textRelocations) tags.push([22, 0])
  const libraries = Object.entries(versions)
  const needs = libraries.flatMap(([library, names]) => [
    u16(1, names.length),
    u32(content.add(library), 16, 16 + names.length * 16),
    ...names.map((name) => Buffer.concat([u32(0), u16(0, 2), u32(content.add(name), 16)])),
  ])
  const names = sections.map((name) => content.add(name))

  const textsAt = 64 + 3 * 56
  const textsSize = content.bytes.length
  const symbolsAt = textsAt + content.add(symbols)
  const needsAt = textsAt + content.add(Buffer.concat(needs))
  const end = textsAt + content.bytes.length
  tags.push([5, textsAt], [6, symbolsAt], [0x6ffffffb, flags])
  if (libraries.length > 0) tags.push([0x6ffffffe, needsAt], [0x6fffffff, libraries.length])
  const dynamic = u64(...tags.flat(), 0, 0)
  const section = (name, kind, at, size) => Buffer.concat([u32(name, kind), u64(0, 0, at, size, 0, 8, 24)])
  const table = Buffer.concat([
    section(0, 3, textsAt, textsSize),
    section(0, 11, symbolsAt, symbols.length),
    ...names.map((name) => section(name, 1, 0, 0)),
  ])
  const size = end + dynamic.length + table.length
  const segment = (kind, access, at, length) =>
    Buffer.concat([u32(kind, access), u64(at, at, at, length, length, 8)])
  return Buffer.concat([
    Buffer.from('\x7fELF\x02\x01\x01'.padEnd(16, '\0'), 'latin1'),
    u16(type, machine),
    u32(1),
    u64(0, 64, end + dynamic.length),
    u32(0),
    u16(64, 56, 3, 64, 2 + names.length, 0),
    segment(1, 5, 0, size),
    segment(2, 6, end, dynamic.length),
    segment(0x6474e551, stackFlags, 0, 0),
    content.bytes,
    dynamic,
    table,
    Buffer.from(trailer),
  ])
}

/** @param {object} [options] each as `readPe` names it */
export function makePe(options = {}) {
  const { machine = 0x8664, characteristics = 0x2022, needed = ['KERNEL32.dll'], symbolTable = 0 } = options
  const { exports = ['napi_register_module_v1'], sections = ['.text'], protection = 0x160, debugFile } = options
  const address = 0x1000
  const offset = 0x400
  const content = new Content()
  const importNames = needed.map((name) => content.add(name))
  const exportNames = exports.map((name) => content.add(name))
  const add = (bytes) => address + content.add(bytes)
  const imports = add(u32(...importNames.flatMap((at) => [1, 0, 0, address + at, 1]), 0, 0, 0, 0, 0))
  const names = add(u32(...exportNames.map((at) => address + at)))
  const exported = add(u32(0, 0, 0, 0, 1, exports.length, exports.length, 0, names, 0))
  const directories = [exported, 40, imports, 40, ...Array.from({ length: 28 }, () => 0)]
  if (debugFile !== undefined) {
    const note = add(`RSDS${'\0'.repeat(20)}${debugFile}`)
    directories.splice(12, 2, add(u32(0, 0, 0, 2, 25 + debugFile.length, note, note - address + offset)), 28)
  }
  const size = content.bytes.length
  const header = [
    Buffer.from('MZ'),
    Buffer.alloc(0x3a),
    u32(0x40),
    Buffer.from('PE\0\0', 'latin1'),
    u16(machine, sections.length),
    u32(0, symbolTable, 0),
    u16(240, characteristics),
    u16(0x20b),
    Buffer.alloc(68),
    u16(protection),
    Buffer.alloc(36),
    u32(16, ...directories),
    ...sections.flatMap((name, index) => [
      Buffer.from(name.padEnd(8, '\0'), 'latin1'),
      index === 0 ? u32(size, address, size, offset, 0, 0, 0, 0) : Buffer.alloc(32),
    ]),
  ]
  return Buffer.concat([Buffer.concat(header, offset), content.bytes])
}

/** @param {object} [options] each as `readMacho` names it */
export function makeMacho(options = {}) {
  const { machine = 0x0100000c, type = 6, oldestSystem = [11, 0], sign = true, spoil = false } = options
  const { needed = ['/usr/lib/libSystem.B.dylib'], exports = ['napi_register_module_v1'] } = options
  const { imports = [{ name: '_free', library: 1 }], locals = [], runPath } = options
  const texts = new Content()
  const symbols = [
    ...exports.map((name) => [texts.add(`_${name}`), 0x0f, 1, 0]),
    ...imports.map(({ name, library }) => [texts.add(name), 0x01, 0, library << 8]),
    ...locals.map((name) => [texts.add(name), 0x0e, 1, 0]),
  ].map(([name, kind, section, note]) => Buffer.concat([u32(name), u8(kind, section), u16(note), u64(0)]))
  const load = (command, path, header) => {
    const text = Buffer.from(path.padEnd(Math.ceil((path.length + 1) / 8) * 8, '\0'), 'latin1')
    return Buffer.concat([u32(command, header.length + 12 + text.length, header.length + 12), header, text])
  }
  const commands = [
    ...(oldestSystem ? [u32(0x32, 24, 1, (oldestSystem[0] << 16) | (oldestSystem[1] << 8), 0, 0)] : []),
    ...needed.map((path) => load(0xc, path, u32(0, 0, 0))),
    ...(runPath ? [load(0x8000001c, runPath, Buffer.alloc(0))] : []),
  ]
  const count = commands.length + 1 + (sign ? 1 : 0)
  const size = commands.reduce((sum, { length }) => sum + length, 24 + (sign ? 16 : 0))
  const symbolsAt = 32 + size
  const textsAt = symbolsAt + symbols.length * 16
  const end = textsAt + texts.bytes.length
  const pages = Math.ceil(end / PAGE_BYTES)
  const signatureBytes = 20 + 44 + pages * 32
  const file = Buffer.concat([
    u32(0xfeedfacf, machine, 0, type, count, size, 0, 0),
    ...commands,
    u32(2, 24, symbolsAt, symbols.length, textsAt, texts.bytes.length),
    ...(sign ? [u32(0x1d, 16, end, signatureBytes)] : []),
    ...symbols,
    texts.bytes,
  ])
  if (!sign) return file
  const signed = Buffer.concat([file, signature(file)])
  // As a program does that strips a signed file.
  if (spoil) signed[end - 2] ^= 0xff
  return signed
}

function signature(file) {
  const pages = Math.ceil(file.length / PAGE_BYTES)
  const head = u32(0xfade0cc0, 20 + 44 + pages * 32, 1, 0, 20)
  const directory = u32(0xfade0c02, 44 + pages * 32, 0x20400, 2, 44, 44, 0, pages, file.length)
  const hashes = Array.from({ length: pages }, (_, page) =>
    createHash('sha256').update(file.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)).digest(),
  )
  return Buffer.concat([head.swap32(), directory.swap32(), u8(32, 2, 0, 12), u32(0), ...hashes])
}
