#!/usr/bin/env node
import { parseArgs } from 'node:util'

import { daemonCommand } from './shared/daemon.mjs'

// One line per provider. It loads the server only when it is used.
const PROVIDERS = {
  railway: () => import('./railway/start.mjs'),
  namespace: () => import('./namespace/start.mjs'),
  render: () => import('./render/start.mjs'),
  vercel: () => import('./vercel/start.mjs'),
}

const USAGE = `usage: npm run server -- <provider> [--port N] [--run "command" | --daemon]
  --run      starts the command as the process of each instance, with the instance's variables
  --daemon   the same with the fake of the ComputeSDK daemon, __test__/daemon
providers: ${Object.keys(PROVIDERS).join(', ')}`

function fail(message) {
  console.error(`${message}\n${USAGE}`)
  process.exit(2)
}

function readArguments() {
  try {
    const options = { port: { type: 'string', default: '0' }, run: { type: 'string' }, daemon: { type: 'boolean' } }
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`not a port: ${values.port}`)
    if (positionals.length !== 1) fail(positionals.length === 0 ? 'no provider named' : 'more than one provider named')
    if (values.run && values.daemon) fail('either --run or --daemon')
    const command = values.run && { command: '/bin/sh', args: ['-c', values.run] }
    return { name: positionals[0], port, command: values.daemon ? daemonCommand() : command }
  } catch (error) {
    return fail(error.message)
  }
}

const { name, port, command } = readArguments()
if (!Object.hasOwn(PROVIDERS, name)) fail(`unknown provider: ${name}`)

const { start } = await PROVIDERS[name]()
const { server, environment, hints } = await start({
  port,
  runCommand: command && { ...command, inherit: true },
  onDone: ({ method, path, operation, status, fault, aborted }) => {
    const end = fault ?? (aborted ? 'left by the client' : status)
    console.log(`${new Date().toISOString()} ${method} ${path} ${operation ?? ''} ${end}`)
  },
}).catch((error) => fail(`cannot start: ${error.message}`))

console.log(`${name} fake server: ${server.url}\n`)
for (const [variable, value] of Object.entries(environment)) console.log(`export ${variable}=${value}`)
console.log(`\n${hints}\nCtrl-C stops it.\n`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await server.close()
    process.exit(0)
  })
}
