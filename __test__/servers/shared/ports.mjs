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

const ports = takePorts()

/** @returns {number | undefined} nothing if all are taken, or outside of a test run: then the system assigns one */
export const nextPort = () => ports.next().value

function* takePorts() {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  for (let block = 0; block < BLOCKS; block += 1) {
    if (!takesBlock(block)) continue
    for (let index = 0; index < BLOCK; index += 1) yield FIRST + block * BLOCK + index
  }
}

/** Takes a block, unless another process has it. */
function takesBlock(block) {
  try {
    writeFileSync(join(folder, String(block)), '', { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}
