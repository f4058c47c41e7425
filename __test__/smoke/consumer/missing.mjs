// The error of an installation without the platform package.
import { createRequire } from 'node:module'

const NAME = '@computesdk/gateway'
const failures = await Promise.all([
  attempt(() => import(NAME)),
  attempt(() => createRequire(import.meta.url)(NAME)),
])
console.log(JSON.stringify(failures))

async function attempt(load) {
  try {
    await load()
    return { message: 'it was loaded' }
  } catch (error) {
    const causes = []
    for (let cause = error.cause; cause; cause = cause.cause) causes.push(cause.message)
    return { message: error.message, causes }
  }
}
