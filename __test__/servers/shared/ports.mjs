// Ports for the servers of tests, below those that the system assigns. A client may send requests for minutes after its
// server was closed, and the system would soon assign the port to a server of another test file. So the processes of a
// test run divide the ports: each takes a block when it needs one, and no port is used twice.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// `fetch` refuses some ports: the highest below 65 535 is 10 080 (https://fetch.spec.whatwg.org/#port-blocking).
const FIRST = 10_100
const BLOCKS = 1_000
const BLOCK = 20

/** The folder of this test run. Each taken block has a file in it. `npm test` makes it. */
const folder = process.env.TEST_PORTS

/** @type {number | undefined} */
let next
let left = 0
let block = 0

/** @returns {number | undefined} nothing if all are taken, or outside of a test run: then the system assigns one */
export function nextPort() {
  if (folder === undefined) return undefined
  if (left === 0) {
    next = takeBlock()
    left = BLOCK
  }
  if (next === undefined) return undefined
  left -= 1
  return next + left
}

function takeBlock() {
  mkdirSync(folder, { recursive: true })
  for (; block < BLOCKS; block += 1) {
    try {
      writeFileSync(join(folder, String(block)), '', { flag: 'wx' })
      return FIRST + block * BLOCK
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  return undefined
}
