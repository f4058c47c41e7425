// Starts a server and a command in it, and ends without closing either. For commands.test.mjs.
import { startVercelServer } from './index.mjs'

const server = await startVercelServer()
const { token, teamId, projectId } = server.world.seed()
const { session } = server.world.addSandbox(projectId, { name: 'box' })
await fetch(`${server.url}/v2/sandboxes/sessions/${session.id}/cmd?teamId=${teamId}`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ command: 'sh', args: ['-c', 'pwd -P; exec sleep 60'] }),
})
const [command] = server.world.sandbox('box').commands
while (command.text === '') await new Promise(setImmediate)
process.send({ pid: command.pid, folder: command.text.trim() })
process.once('message', () => process.exit(0))
