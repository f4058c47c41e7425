// Ports for servers of tests, below those that the system gives out. A client may go on for minutes with a server that is closed,
// and the system would soon give its port to a server of another test, whose file runs at the same time. So the processes of one
// run share the ports out: each takes a block of them when it needs one, and no port is had twice.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FIRST = 10_000
const BLOCKS = 1_000
const BLOCK = 20

/** The folder of this run, in which a block that is taken has a file. `npm test` makes it. */
const folder = process.env.TEST_PORTS

/** @type {number | undefined} */
let next
let left = 0
let block = 0

/** @returns {number | undefined} nothing when all are taken, or when no one else starts servers: the system gives one then */
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
