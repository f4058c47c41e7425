import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { eventually } from '../../support/eventually.mjs'
import { startProgram } from '../../support/program.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { COMMAND_PLANS } from './index.mjs'
import { setUp as setUpServer, takeViolations } from './test-client.mjs'

const full = await loadFullSchema()

/** A running sandbox, and what can be done in it. */
async function setUp(options, body) {
  const client = await setUpServer(options)
  const { session } = await client.create({ name: 'box', ...body })
  const path = `/v2/sandboxes/sessions/${session.id}`
  const shell = (script) => ({ command: 'sh', args: ['-c', script] })
  const run = async (request) =>
    (await client.data('POST', `${path}/cmd`, { body: typeof request === 'string' ? shell(request) : request })).command
  const runRefused = (request) => client.refused('POST', `${path}/cmd`, { body: request })
  const command = async (id, query = '') => (await client.data('GET', `${path}/cmd/${id}${query}`)).command
  const ended = (id) => command(id, '?wait=true')
  const text = async (response) => {
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    return (await response.text()).trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line))
  }
  const logs = async (id) => text(await client.send('GET', `${path}/cmd/${id}/logs`))
  const follow = async (request) => text(await client.send('POST', `${path}/cmd`, { body: { wait: true, ...request } }))
  const kill = async (id, signal) => (await client.data('POST', `${path}/cmd/${id}/kill`, { body: { signal } })).command
  const commands = async () => (await client.data('GET', `${path}/cmd`)).commands
  const stop = () => client.data('POST', `${path}/stop`, { body: {} })
  const record = () => client.world.sandbox('box').commands.at(-1)
  return { ...client, path, shell, run, runRefused, command, ended, logs, follow, kill, commands, stop, record }
}

const FOREVER = 'while :; do sleep 60; done'

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a command that really runs', () => {
  test('is shown as running at once, and as ended when it has ended', async () => {
    const { run, ended, world } = await setUp()
    const started = await run('exit 3')
    assert.match(started.id, /^cmd_[0-9a-f]{28}$/)
    assert.equal(started.exitCode, null)
    assert.deepEqual([started.name, started.args, started.cwd], ['sh', ['-c', 'exit 3'], '/vercel'])
    const { exitCode, durationMs, sessionId } = await ended(started.id)
    assert.equal(exitCode, 3)
    assert.ok(durationMs >= 0)
    assert.equal(sessionId, world.sandbox('box').session.id)
    if (full) assert.deepEqual(full.openapiRequired.SessionCommand.filter((name) => started[name] === undefined), [])
  })

  test('gets the path, the variables of its sandbox and its own, and nothing else', async () => {
    const { run, ended, record } = await setUp({}, { env: { A: 'sandbox', B: 'sandbox' } })
    const { id } = await run({ command: 'env', env: { B: 'command', C: 'command' }, sudo: true })
    await ended(id)
    // What a shell adds by itself is none of the server's.
    const variables = Object.fromEntries(record().text.trim().split('\n').map((line) => line.split(/=(.*)/s)))
    assert.deepEqual(variables, { PATH: process.env.PATH, A: 'sandbox', B: 'command', C: 'command' })
    assert.deepEqual(record().environment, variables)
    assert.deepEqual(record().env, { B: 'command', C: 'command' })
    assert.equal(record().sudo, true)
  })

  test('runs in a folder of its sandbox, which goes with it', async () => {
    const { run, ended, record, remove } = await setUp()
    await ended((await run('pwd -P; echo 1 > here')).id)
    const folder = record().text.trim()
    assert.equal(readFileSync(`${folder}/here`, 'utf8'), '1\n')
    await ended((await run({ command: 'pwd', args: ['-P'], cwd: '/vercel/deep/down' })).id)
    assert.equal(record().text, `${folder}/deep/down\n`)
    await ended((await run({ command: 'pwd', args: ['-P'], cwd: '/' })).id)
    assert.equal(record().text, '/\n')
    await remove('box')
    await eventually(() => !existsSync(folder), 'the folder is gone')
  })

  test('that is missing is refused, and so is a folder that is', async () => {
    const { runRefused, world } = await setUp()
    assert.equal(await runRefused({ command: 'no-such-command' }), '400 executable_not_found')
    assert.equal(await runRefused({ command: '/' }), '400 executable_not_found')
    assert.equal(await runRefused({ command: 'sh', cwd: '/no/such/folder' }), '400 bad_request')
    assert.deepEqual(world.sandbox('box').commands, [])
  })

  test('ends by a signal with 128 and its number', async () => {
    const { run, ended, kill } = await setUp()
    const first = await run(FOREVER)
    assert.equal((await kill(first.id, 15)).id, first.id)
    assert.equal((await ended(first.id)).exitCode, 143)
    assert.equal((await kill(first.id, 15)).exitCode, 143)
    const late = await run({ command: 'sleep', args: ['60'], timeout: 5 })
    assert.equal((await ended(late.id)).exitCode, 137)
  })

  test('ends with its shell, and is over though a child of it holds the output', async () => {
    const { run, ended, record, remove } = await setUp()
    const { id } = await run('sleep 60 & echo $!')
    assert.equal((await ended(id)).exitCode, 0)
    const pid = Number(record().text)
    assert.ok(isAlive(pid), 'what a command leaves behind goes on')
    await remove('box')
    await eventually(() => !isAlive(pid), 'and ends with the sandbox')
  })

  test('ends when its sandbox is deleted, stops or is past its lifetime, and when the server is closed', async () => {
    let clock = 1_000_000
    for (const end of ['delete', 'stop', 'lifetime', 'close']) {
      const { run, record, remove, stop, world, server } = await setUp({ now: () => clock })
      await run(FOREVER)
      const { pid, exited } = record()
      assert.ok(isAlive(pid))
      if (end === 'delete') await remove('box')
      if (end === 'stop') await stop()
      if (end === 'close') await server.close()
      if (end === 'lifetime') {
        clock += 300_000
        world.passTime()
      }
      await exited
      assert.equal(record().exitCode, 137, end)
      assert.ok(!isAlive(pid), end)
    }
  })

  test('ends with the process that has started the server', async () => {
    const { child, ended } = startProgram('../../servers/vercel/test-orphan.mjs')
    const [{ pid, folder }] = await new Promise((resolve) => child.once('message', (...message) => resolve(message)))
    assert.ok(isAlive(pid))
    child.send('exit')
    assert.equal((await ended).code, 0)
    await eventually(() => !isAlive(pid), 'the command has ended')
    assert.ok(!existsSync(folder))
  })

  test('is another one as an option of the server', async () => {
    const runCommand = ({ name }, environment) => ({ command: 'sh', args: ['-c', `echo ${name} ${environment.A}`] })
    const { run, ended, record } = await setUp({ runCommand }, { env: { A: 'a' } })
    const { id } = await run({ command: 'curl', args: ['https://example.com'] })
    assert.equal((await ended(id)).exitCode, 0)
    assert.equal(record().text, 'box a\n')
    assert.equal(record().name, 'curl')
  })
})

describe('output', () => {
  test('is sent from the start, line by line, until the command ends', async () => {
    const { run, ended, logs } = await setUp()
    const { id } = await run('echo out; echo err >&2; exit 1')
    await ended(id)
    const lines = await logs(id)
    const of = (name) => lines.filter(({ stream }) => stream === name).map(({ data }) => data).join('')
    assert.deepEqual([of('stdout'), of('stderr')], ['out\n', 'err\n'])
    for (const line of lines) if (full) assert.deepEqual(full.check('LogStreamLine', line), [])
  })

  test('streams while the command runs', async () => {
    const { run, send, path, record, kill } = await setUp()
    const { id } = await run('echo first; exec sleep 60')
    const response = await send('GET', `${path}/cmd/${id}/logs`)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    assert.equal((await reader.read()).value, '{"stream":"stdout","data":"first\\n"}\n')
    assert.equal(record().exitCode, null)
    await kill(id, 9)
    assert.equal((await reader.read()).done, true)
  })

  test('of a waited command stands between two lines of the command, and is left out unless asked for', async () => {
    const { follow, shell } = await setUp()
    const [first, output, last, ...rest] = await follow({ ...shell('echo hi; exit 2'), logs: true })
    assert.equal(first.command.exitCode, null)
    assert.deepEqual(output, { stream: 'stdout', data: 'hi\n' })
    assert.equal(last.command.exitCode, 2)
    assert.equal(last.command.id, first.command.id)
    assert.ok(last.command.durationMs >= 0)
    assert.deepEqual(rest, [])
    if (full) assert.deepEqual(full.check('CommandFinishedResponse', last), [])
    assert.deepEqual((await follow(shell('echo hi'))).map((line) => Object.keys(line)), [['command'], ['command']])
  })

  test('is kept up to a limit', async () => {
    const { run, ended, record } = await setUp()
    await ended((await run('head -c 300000 /dev/zero | tr "\\0" x')).id)
    assert.equal(record().text.length, 256 * 1024)
  })

  test('that has no end does not keep the server from closing', async () => {
    const { run, send, path, server, record } = await setUp()
    const { id } = await run(FOREVER)
    const waiting = assert.rejects(send('GET', `${path}/cmd/${id}?wait=true`))
    const response = await send('GET', `${path}/cmd/${id}/logs`)
    await eventually(() => server.requests.filter(({ effect }) => effect).length === 4, 'both are under way')
    await server.close()
    await waiting
    await assert.rejects(response.text())
    assert.equal(record().exitCode, 137)
  })

  test('that has no end does not keep the server from being quiet when its reader has left', async () => {
    const { run, send, path, server } = await setUp()
    const { id } = await run(FOREVER)
    const controller = new AbortController()
    const waiting = send('GET', `${path}/cmd/${id}?wait=true`, { signal: controller.signal })
    await send('GET', `${path}/cmd/${id}/logs`)
    await eventually(() => server.requests.filter(({ effect }) => effect).length === 4, 'both are under way')
    controller.abort()
    await assert.rejects(waiting)
    await server.quiet()
  })

  test('ends with an error line when the sandbox takes the command along', async () => {
    const { send, path, shell, stop, record } = await setUp()
    const response = await send('POST', `${path}/cmd`, { body: { ...shell(FOREVER), wait: true, logs: true } })
    await eventually(() => record(), 'the command has started')
    await stop()
    const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line))
    assert.equal(lines.length, 2)
    assert.equal(lines[1].stream, 'error')
    assert.equal(lines[1].data.code, 'sandbox_stream_closed')
  })

  test('can be cut in the middle', async () => {
    const { server, run, ended, send, path } = await setUp()
    const { id } = await run('echo something')
    await ended(id)
    server.faults.add({ kind: 'cut', when: 'commandLogs' })
    const response = await send('GET', `${path}/cmd/${id}/logs`)
    assert.equal(response.status, 200)
    await assert.rejects(response.text())
  })
})

describe('commands of a session', () => {
  test('are listed, newest first, and found by id only', async () => {
    const { run, commands, world, refused, path } = await setUp({ commandPlan: COMMAND_PLANS.stays })
    const first = await run('a')
    const second = await run('b')
    assert.deepEqual(await commands(), [second, first])
    assert.deepEqual(world.sandbox('box').commands.map(({ id }) => id), [first.id, second.id])
    assert.equal(await refused('GET', `${path}/cmd/cmd_nothing`), '404 not_found')
    assert.equal(await refused('GET', '/v2/sandboxes/sessions/sbx_nothing/cmd'), '404 not_found')
  })

  test('may be unseen at first', async () => {
    const { world, run, commands, refused, command, path } = await setUp({ commandPlan: COMMAND_PLANS.stays })
    world.commandLag = { reads: 1 }
    const { id } = await run('a')
    assert.deepEqual(await commands(), [])
    assert.equal((await commands()).length, 1)
    assert.equal(await refused('GET', `${path}/cmd/${id}`), '404 not_found')
    assert.equal((await command(id)).id, id)
  })

  test('that does not run are refused, by its state', async () => {
    const { world, runRefused, shell, stop, run, refused, path } = await setUp({ commandPlan: COMMAND_PLANS.succeeds })
    const { session } = world.sandbox('box')
    for (const status of ['stopping', 'snapshotting', 'pending']) {
      session.status = status
      assert.equal(await runRefused(shell('true')), `422 sandbox_${status}`)
    }
    session.status = 'running'
    const { id } = await run('true')
    await stop()
    assert.equal(await runRefused(shell('true')), '410 sandbox_stopped')
    for (const request of ['cmd', `cmd/${id}`, `cmd/${id}/logs`]) {
      assert.equal(await refused('GET', `${path}/${request}`), '410 sandbox_stopped')
    }
    const kept = await setUp({ commandPlan: COMMAND_PLANS.succeeds, commandsOfStopped: 'kept' })
    const ended = await kept.run('true')
    await kept.stop()
    assert.equal((await kept.command(ended.id)).exitCode, 0)
    assert.equal(await kept.runRefused(shell('true')), '410 sandbox_stopped')
  })

  test('are refused when their body is wrong', async () => {
    const { server, world, runRefused, refused, path } = await setUp()
    const wrong = [
      {},
      { command: '' },
      { command: ['sh'] },
      { command: 'sh', args: 'x' },
      { command: 'sh', args: [1] },
      { command: 'sh', env: { A: null } },
      { command: 'sh', sudo: 'yes' },
      { command: 'sh', timeout: 0.5 },
      { command: 'sh', detached: true },
      { command: 'sh', attachStdin: true },
    ]
    for (const body of wrong) {
      assert.equal(await runRefused(body), '400 bad_request')
      assert.deepEqual(takeViolations(server), ['body'], JSON.stringify(body))
    }
    for (const body of [{}, { signal: 'SIGTERM' }, { signal: 99 }]) {
      assert.equal(await refused('POST', `${path}/cmd/cmd_1/kill`, { body }), '400 bad_request')
    }
    assert.equal(await refused('POST', `${path}/stop`, { body: { force: true } }), '400 bad_request')
    assert.equal(await refused('POST', `${path}/stop`), '400 bad_request')
    assert.deepEqual(takeViolations(server), ['body', 'body', 'body', 'body', 'body'])
    assert.deepEqual(world.sandbox('box').commands, [])
  })
})

describe('a command that is simulated', () => {
  test('starts no process, and ends after so many reads', async () => {
    const plan = { exitCode: 1, reads: 2, output: 'no luck\n' }
    const { run, command, commands, logs, record } = await setUp({ commandPlan: plan })
    const { id } = await run({ command: 'curl', args: ['x'] })
    assert.equal((await commands())[0].exitCode, null, 'a listing moves nothing')
    const seen = []
    for (let read = 0; read < 4; read += 1) seen.push((await command(id)).exitCode)
    assert.deepEqual(seen, [null, null, 1, 1])
    assert.deepEqual(await logs(id), [{ stream: 'stdout', data: 'no luck\n' }])
    assert.deepEqual([record().simulated, record().pid, record().text], [true, undefined, 'no luck\n'])
  })

  test('plans: succeeds, fails, stays, missing', async () => {
    const { world, run, runRefused, command, ended, logs, kill } = await setUp({ commandPlan: COMMAND_PLANS.succeeds })
    const good = await run('a')
    assert.equal(good.exitCode, null)
    assert.equal((await command(good.id)).exitCode, 0)
    world.planNextCommand(COMMAND_PLANS.fails)
    const bad = await run('a')
    assert.equal((await ended(bad.id)).exitCode, 1)
    assert.equal((await logs(bad.id))[0].stream, 'stderr')
    world.planNextCommand(COMMAND_PLANS.missing)
    assert.equal(await runRefused({ command: 'curl' }), '400 executable_not_found')
    world.planNextCommand(COMMAND_PLANS.stays)
    const lasting = await run('a')
    for (let read = 0; read < 5; read += 1) assert.equal((await command(lasting.id)).exitCode, null)
    assert.equal((await kill(lasting.id, 15)).exitCode, 143)
  })

  test('may depend on the command, and commands without a plan really run', async () => {
    const commandPlan = ({ args }, { name }) => (args[1]?.includes(name) ? COMMAND_PLANS.fails : undefined)
    const { run, ended, record } = await setUp({ commandPlan })
    assert.equal((await ended((await run('echo box')).id)).exitCode, 1)
    assert.equal((await ended((await run('echo other')).id)).exitCode, 0)
    assert.equal(record().text, 'other\n')
  })

  test('by the clock, also that of its timeout', async () => {
    let clock = 0
    const commandPlan = { milliseconds: 100, exitCode: 7 }
    const { run, command, commands } = await setUp({ now: () => clock, commandPlan })
    const { id } = await run('a')
    const cut = await run({ command: 'a', timeout: 50 })
    clock = 99
    assert.equal((await command(id)).exitCode, null)
    assert.equal((await command(cut.id)).exitCode, 137)
    clock = 100
    assert.deepEqual((await commands()).map(({ exitCode }) => exitCode), [137, 7])
  })

  test('ends with its sandbox, and for who waits for it', async () => {
    const { world, run, follow, remove, record } = await setUp({ commandPlan: { reads: 3, exitCode: 4 } })
    assert.deepEqual((await follow({ command: 'a' })).map(({ command }) => command.exitCode), [null, 4])
    world.planNextCommand(COMMAND_PLANS.stays)
    await run('a')
    await remove('box')
    assert.equal(record().exitCode, 137)
  })
})
