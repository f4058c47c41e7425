// Calls list once and comes to its end; nothing here ends the process.
import { railway } from '@computesdk/gateway'

const instances = await railway(JSON.parse(process.env.INPUT)).list()
console.log(`listed ${instances.length}`)
