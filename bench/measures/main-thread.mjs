/** The processor time of JavaScript's thread, which is the process's first. */
import { readFileSync } from 'node:fs'

const FILE = `/proc/self/task/${process.pid}/schedstat`

/** Newer Nodes tell it; on Linux the kernel does; elsewhere it is not known. @returns {number} microseconds */
export function threadMicroseconds() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
  if (process.platform !== 'linux') return Number.NaN
  return Number(readFileSync(FILE, 'utf8').split(' ')[0]) / 1000
}
