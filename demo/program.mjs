// Runs the program of a user of ComputeSDK line by line, and shows the results.
import assert from 'node:assert/strict'

import { WebSocket } from 'ws'

import { duration } from './screen.mjs'

const NOTE = 'written by the app'

/** Runs the program with the fixture's gateway. Returns the output of the code in the sandbox. */
export async function runProgram(fixture, unless) {
  const { entry, credentials, gateway, apiKey, provider, which, screen } = fixture
  const { compute, PROVIDER_AUTH } = await import('computesdk')
  PROVIDER_AUTH[entry.factory] ??= [[]] // the client refuses names that are not in its own table
  compute.setConfig({
    provider: entry.factory,
    computesdkApiKey: apiKey,
    gatewayUrl: gateway.url,
    [entry.factory]: entry.client?.(credentials) ?? credentials,
    WebSocket, // Node 20 has none, and the client requires one even if it opens no socket
  })
  const act = (code, call, show, mark) => perform(fixture, code, () => unless(call()), show, mark)
  const listCode = `await ${entry.factory}(config).list({ ${Object.keys(which)}: true })`
  const list = (show) => act(listCode, () => provider.list(which), show)
  const create = () => compute.sandbox.create()
  const showId = ({ sandboxId }) => `sandbox ${sandboxId}`
  const sandbox = (fixture.sandbox = await act('const sandbox = await compute.sandbox.create()', create, showId))
  const run = () => sandbox.runCode('console.log("hello")')
  const runCode = `const { output } = await sandbox.runCode('console.log("hello")')`
  const { output } = await act(runCode, run, (result) => screen.paint('bold', result.output.trim()))
  assert.ok(output === 'hello\n', 'the code has said something else than hello')
  const write = () => sandbox.filesystem.writeFile('note.txt', NOTE)
  await act(`await sandbox.filesystem.writeFile('note.txt', '${NOTE}')`, write, () => 'written')
  const read = () => sandbox.filesystem.readFile('note.txt')
  const text = await act("await sandbox.filesystem.readFile('note.txt')", read, (content) => content)
  assert.ok(text === NOTE, 'the file holds something else than what was written')
  const mustThrow = () => assert.fail('the client can list by now, and this says that it cannot')
  const refused = () => compute.sandbox.list().then(mustThrow, (error) => error)
  const showRefusal = ({ message }) => [`always throws: ${message.split('. ', 1)[0]}.`, '  So with the package:']
  await act('await compute.sandbox.list()', refused, showRefusal, screen.paint('yellow', '!'))
  const listed = await list((found) => found.map(({ instance, instanceId }) => instance.name ?? instanceId).join(', '))
  assert.ok(listed.length === 1, 'the list does not hold the one sandbox')
  fixture.isEnding = true
  await act('await sandbox.destroy()', () => sandbox.destroy().then(() => fixture.daemonGone), () => 'destroyed')
  await list((found) => found.map(({ instance }) => instance.status).join(', ') || 'none')
  return output.trim()
}

/** Shows one line of the program: the code, the hops that it causes, and the result. */
async function perform({ screen, diagram }, code, call, show, mark = screen.paint('green', '✔')) {
  diagram.code(code)
  const start = performance.now()
  const [{ value, reason }] = await Promise.allSettled([call()])
  diagram.settle()
  const [text, ...more] = reason ? [reason.message] : [show(value)].flat()
  const took = screen.paint('dim', duration(performance.now() - start))
  screen.line(`${reason ? screen.paint('red', '✖') : mark} ${text}  ${took}`, ...more)
  if (reason) throw reason
  return value
}
