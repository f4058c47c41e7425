// Reads numbers and texts out of a file's bytes, and refuses to read past its end.

export class Unreadable extends Error {}

/** Returns where in the file is what the loader puts at an address. `kind`: what the format calls the parts. */
export function offsetIn(kind, parts, address) {
  const part = parts.find((each) => address >= each.address && address < each.address + each.size)
  if (!part) throw new Unreadable(`no ${kind} holds address ${address}`)
  return address - part.address + part.offset
}

export class Reader {
  /** @param {Buffer} bytes @param {boolean} [bigEndian] */
  constructor(bytes, bigEndian = false) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.little = !bigEndian
  }

  u8 = (at) => this.#read('getUint8', at, 1)
  u16 = (at) => this.#read('getUint16', at, 2)
  u32 = (at) => this.#read('getUint32', at, 4)
  /** No file here is so large that a double could not hold its offsets. */
  u64 = (at) => Number(this.#read('getBigUint64', at, 8))

  /** Returns the text that ends with a zero byte. */
  text(at) {
    const end = this.bytes.indexOf(0, at)
    if (at < 0 || at >= this.bytes.length || end < 0) throw new Unreadable(`no text at ${at}`)
    return this.bytes.toString('latin1', at, end)
  }

  /** Returns where the entries of a table begin. */
  table(at, size, count) {
    this.slice(at, size * count) // A broken file may tell of billions.
    return Array.from({ length: count }, (_, index) => at + index * size)
  }

  slice(at, length) {
    if (at < 0 || at + length > this.bytes.length) throw new Unreadable(`nothing at ${at}, ${length} bytes`)
    return this.bytes.subarray(at, at + length)
  }

  #read(method, at, size) {
    if (!(at >= 0 && at + size <= this.bytes.length)) throw new Unreadable(`nothing at ${at}`)
    return this.view[method](at, this.little)
  }
}
