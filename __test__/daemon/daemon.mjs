#!/usr/bin/env node
// A fake of the ComputeSDK daemon, whose source is closed: enough to show and to test a gateway with the published
// client. It runs code on THIS machine, with your rights and without any isolation. See README.md.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'

import { createAccess } from './access.mjs'
import { Commands } from './commands.mjs'
import { registerForever } from './registration.mjs'
import { createListener } from './routes.mjs'
import { openSandbox } from './sandbox.mjs'
import { serveStreams } from './streams.mjs'

const PARENT_MILLISECONDS = 500

const { values } = parseArgs({
  options: {
    // How often the daemon registers again, because a restarted gateway does not know it.
    'heartbeat-ms': { type: 'string', default: '2000' },
    // If no gateway has known the daemon for so long, no client can reach it any more.
    'lonely-ms': { type: 'string', default: '120000' },
    // The longest time for which the client waits for a command.
    'command-limit-ms': { type: 'string', default: '300000' },
  },
})
const { COMPUTESDK_ACCESS_TOKEN: accessToken, COMPUTESDK_GATEWAY_URL: gatewayUrl, ...environment } = process.env
if (!accessToken) {
  console.error('COMPUTESDK_ACCESS_TOKEN is missing.')
  process.exit(2)
}

const parent = process.ppid
const sandbox = openSandbox()
// The token is for the gateway. Commands do not need it.
const commands = new Commands({ sandbox, environment, limitMilliseconds: Number(values['command-limit-ms']) })
const isAllowed = createAccess(accessToken)
const server = createServer(createListener({ isAllowed, commands, folder: sandbox.folder }))
serveStreams(server, { isAllowed, commands })

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(`stopped by ${signal}`))
// A service may end without a signal to its processes.
setInterval(() => process.ppid !== parent && end('what started it is gone'), PARENT_MILLISECONDS)

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(`listening on ${url}`)
  if (!gatewayUrl) return
  registerForever({
    gatewayUrl,
    accessToken,
    url,
    heartbeatMilliseconds: Number(values['heartbeat-ms']),
    lonelyMilliseconds: Number(values['lonely-ms']),
    onState: (state) => console.log(state),
    onLonely: () => end('no gateway knows it', 1),
  })
})

async function end(reason, exitCode = 0) {
  console.log(`ending: ${reason}`)
  await sandbox.close()
  process.exit(exitCode)
}
