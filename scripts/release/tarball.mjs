// Reads an npm tarball: just as much of the tar format as npm writes.
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'

const BLOCK = 512
const REGULAR_FILE = new Set(['0', '\0'])

/** @returns {Promise<Map<string, Buffer>>} contents by path, without the leading `package/` */
export async function readTarball(path) {
  const archive = gunzipSync(await readFile(path))
  const files = new Map()
  let offset = 0
  // Two empty blocks end an archive.
  while (offset + BLOCK <= archive.length && archive[offset] !== 0) {
    const header = archive.subarray(offset, offset + BLOCK)
    const size = Number.parseInt(text(header, 124, 12), 8)
    const type = String.fromCharCode(header[156])
    // Links and extended headers are nothing that npm writes for our short names.
    if (!REGULAR_FILE.has(type)) throw new Error(`${path} has an entry of the type ${type}, which nothing here reads`)
    const prefix = text(header, 345, 155)
    const name = [prefix, text(header, 0, 100)].filter(Boolean).join('/')
    files.set(name.replace(/^package\//, ''), archive.subarray(offset + BLOCK, offset + BLOCK + size))
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function text(header, start, length) {
  const field = header.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? length : end).trim()
}
