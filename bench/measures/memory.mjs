/** So many creates, 16 abreast, and the memory that the process has then. */
import { callOf } from './calls.mjs'

const ABREAST = 16
const MEBIBYTE = 1024 * 1024

export async function run({ calls, config }, candidate) {
  const { open } = await candidate()
  const call = callOf(open(config), 'create')
  let left = calls
  const one = async () => {
    while (left > 0) {
      left -= 1
      await call()
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, one))
  return { rssMebibytes: process.memoryUsage.rss() / MEBIBYTE, maxRssMebibytes: process.resourceUsage().maxRSS / 1024 }
}
