// What a user of ComputeSDK writes, line by line, and what comes of it.
import { WebSocket } from 'ws'

import { duration } from './screen.mjs'

const FILE = 'note.txt'
const NOTE = 'written by the app'

/**
 * @param {object} scene
 * @param {import('./providers.mjs').Entry} scene.entry
 * @param {object} scene.config of the package, as the provider's test server gives it
 * @param {{ url: string }} scene.gateway
 * @param {string} scene.apiKey
 * @param {object} scene.provider the package's
 * @param {object} scene.which what `list` shall give: of this demo alone
 * @param {import('./screen.mjs').Screen} scene.screen
 * @param {import('./diagram.mjs').Diagram} scene.diagram
 * @param {{ destroying: boolean }} scene.observer
 * @param {AbortSignal} scene.signal
 * @param {(sandbox: object) => void} scene.onSandbox told as soon as there is one
 * @returns {Promise<string>} what the code in the sandbox has said
 */
export async function tell(scene) {
  const { entry, config, gateway, apiKey, provider, which, observer, diagram, screen } = scene
  const { compute, PROVIDER_AUTH } = await import('computesdk')
  // The client refuses names that it does not know: its own table takes another one, without credentials.
  if (entry.isUnknown) PROVIDER_AUTH[entry.factory] = [[]]
  compute.setConfig({
    provider: entry.factory,
    computesdkApiKey: apiKey,
    gatewayUrl: gateway.url,
    [entry.factory]: entry.client(config),
    WebSocket, // Node 20 has none of its own, and the client wants one even if it opens none
  })
  const act = (code, call, show, colour = 'green') => perform({ ...scene, code, call, show, colour })

  const sandbox = await act(
    'const sandbox = await compute.sandbox.create()',
    () => compute.sandbox.create(),
    ({ sandboxId }) => `sandbox ${sandboxId}`,
  )
  scene.onSandbox(sandbox)
  const { output } = await act(
    `const { output } = await sandbox.runCode('console.log("hello")')`,
    () => sandbox.runCode('console.log("hello")'),
    (result) => screen.paint('bold', result.output.trim()),
  )
  expect(output === 'hello\n', 'the code has said something else than hello')
  await act(
    `await sandbox.filesystem.writeFile('${FILE}', '${NOTE}')`,
    () => sandbox.filesystem.writeFile(FILE, NOTE),
    () => 'written',
  )
  const text = await act(
    `await sandbox.filesystem.readFile('${FILE}')`,
    () => sandbox.filesystem.readFile(FILE),
    (read) => read,
  )
  expect(text === NOTE, 'the file holds something else than what was written')
  await act(
    'await compute.sandbox.list()',
    () => compute.sandbox.list().then(mustThrow, (error) => error),
    ({ message }) => [`always throws: ${message.split('. ', 1)[0]}.`, 'So with the package:'],
    'yellow',
  )
  const options = `{ ${Object.keys(which)}: true }`
  const listed = await act(
    `await ${entry.factory}(config).list(${options})`,
    () => provider.list(which),
    (found) => found.map(({ instance, instanceId }) => instance.name ?? instanceId).join(', '),
  )
  expect(listed.length === 1, 'the list does not hold the one sandbox')
  await act(
    'await sandbox.destroy()',
    async () => {
      observer.destroying = true
      await sandbox.destroy()
      await observer.daemonGone
    },
    () => 'destroyed',
  )
  await act(
    `await ${entry.factory}(config).list(${options})`,
    () => provider.list(which),
    (found) => (found.length === 0 ? 'none' : found.map(({ instance }) => instance.status).join(', ')),
  )
  diagram.settle()
  return output.trim()
}

function expect(fact, otherwise) {
  if (!fact) throw new Error(otherwise)
}

function mustThrow() {
  throw new Error('the client can list by now, and this says that it cannot')
}

/** One line of the user's: the code, the hops that it causes, and what comes of it. */
async function perform({ screen, diagram, signal, code, call, show, colour }) {
  diagram.code(code)
  const start = performance.now()
  const stop = screen.busy()
  const end = (mark, texts) => {
    stop()
    diagram.settle()
    const [text, ...more] = [texts].flat()
    screen.line(`${mark} ${text}  ${screen.paint('dim', duration(performance.now() - start))}`)
    for (const further of more) screen.line(`  ${further}`)
  }
  const ended = new Promise((_, reject) => {
    const give = () => reject(signal.reason)
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
  })
  try {
    const result = await Promise.race([call(), ended])
    end(screen.paint(colour, colour === 'green' ? '✔' : '!'), show(result))
    return result
  } catch (error) {
    end(screen.paint('red', '✖'), error.message)
    throw error
  } finally {
    ended.catch(() => {})
  }
}
