// Calls list once, and ends by itself.
import { railway } from '@computesdk/gateway'

const instances = await railway(JSON.parse(process.env.INPUT)).list()
console.log(`listed ${instances.length}`)
