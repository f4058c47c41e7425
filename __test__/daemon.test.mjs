// The fake ComputeSDK daemon (__test__/daemon), without a gateway.
import assert from 'node:assert/strict'
import { readdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { ACCESS_TOKEN } from './support/canary.mjs'
import { isAlive, startDaemon } from './support/daemon.mjs'
import { eventually } from './support/eventually.mjs'
import { withFolder } from './support/folder.mjs'

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  )

describe('the daemon', { concurrency: 4 }, () => {
  test('answers no request without its token', async (t) => {
    const { url } = await startDaemon(t)
    const reads = ['GET /health', 'GET /info', 'GET /ready', 'GET /files/x', 'GET /nothing']
    const endpoints = [...reads, 'POST /run/command', 'POST /run/code', 'POST /files', 'DELETE /files/x']
    const wrong = [undefined, `Bearer ${ACCESS_TOKEN}x`, 'Bearer ', `Basic ${ACCESS_TOKEN}`, ACCESS_TOKEN]
    for (const endpoint of endpoints) {
      const [method, path] = endpoint.split(' ')
      for (const authorization of wrong) {
        const headers = authorization === undefined ? {} : { authorization }
        const answer = await fetch(url + path, { method, headers })
        assert.equal(answer.status, 401, endpoint)
        assert.deepEqual(await answer.json(), { error: 'the access token is wrong' })
      }
    }
    assert.equal((await fetch(`${url}/health?token=${ACCESS_TOKEN}`)).status, 401, 'the query is for WebSockets only')
  })

  test('reports its health and what it is', async (t) => {
    const { ask } = await startDaemon(t)
    assert.equal((await ask('GET /health')).body.status, 'ok')
    assert.equal((await ask('GET /ready')).body.ready, true)
    assert.match((await ask('GET /info')).body.data.name, /fake/)
    assert.deepEqual(await ask('GET /v1/sandboxes'), { status: 404, body: { error: 'no such endpoint: GET /v1' } })
  })

  describe('runs commands', () => {
    test('with both outputs, exit code, folder and variables', async (t) => {
      const { ask } = await startDaemon(t, { env: { FROM_SERVICE: 'a' } })
      const json = { command: 'echo "$FROM_SERVICE$OWN"; pwd; echo no >&2; exit 3', cwd: '/', env: { OWN: 'b' } }
      const { status, body } = await ask('POST /run/command', json)
      assert.equal(status, 200)
      const { cmd_id: _id, terminal_id: _terminal, duration_ms: milliseconds, ...outcome } = body.data
      assert.deepEqual(outcome, { stdout: 'ab\n/\n', stderr: 'no\n', exit_code: 3, status: 'failed' })
      assert.ok(milliseconds >= 0)
    })

    test('without the token among their variables', async (t) => {
      const { run } = await startDaemon(t)
      assert.doesNotMatch((await run('env')).stdout, /COMPUTESDK|CANARY/)
    })

    test('by the shell that is asked for', async (t) => {
      const { ask } = await startDaemon(t)
      assert.equal((await ask('POST /run/command', { command: 'echo $0', shell: 'sh' })).body.data.stdout, 'sh\n')
      const missing = await ask('POST /run/command', { command: 'x', shell: '/nowhere/sh' })
      assert.deepEqual([missing.body.data.exit_code, missing.body.data.stderr], [127, '/nowhere/sh: not found\n'])
    })

    test('in the background, and returns on request how they end', async (t) => {
      const { ask } = await startDaemon(t)
      const { body } = await ask('POST /run/command', { command: 'exit 2', background: true })
      assert.deepEqual([body.data.status, body.data.stdout, body.data.exit_code], ['running', '', undefined])
      const path = `GET /terminals/${body.data.terminal_id}/commands/${body.data.cmd_id}/wait`
      const { data } = (await ask(path)).body
      assert.deepEqual([data.status, data.exit_code], ['failed', 2])
      assert.equal((await ask(path)).body.data.exit_code, 2, 'also later')
      assert.equal((await ask(path.replace('term_', 'term_x'))).status, 404)
      assert.equal((await ask(`${path}?timeout=soon`)).status, 400)
    })

    test('in the background, and says when one takes longer than the caller waits', async (t) => {
      const { ask, run } = await startDaemon(t)
      const waiting = 'while [ ! -e go ]; do sleep 0.02; done; echo on'
      const { body } = await ask('POST /run/command', { command: waiting, background: true })
      const path = `GET /terminals/${body.data.terminal_id}/commands/${body.data.cmd_id}/wait`
      const late = await ask(`${path}?timeout=0`)
      assert.deepEqual(late, { status: 408, body: { error: 'the command still runs after 0 s' } })
      await run('touch go')
      assert.equal((await ask(`${path}?timeout=10`)).body.data.stdout, 'on\n')
    })

    test('for so long and no longer, with their children', async (t) => {
      const { ask, run } = await startDaemon(t, { options: ['--command-limit-ms', '300'] })
      const { body } = await ask('POST /run/command', { command: 'sleep 60 & echo $!; wait' })
      assert.deepEqual([body.data.exit_code, body.data.stderr], [124, 'ended after 0.3 s\n'])
      await eventually(() => !isAlive(Number(body.data.stdout)))
      assert.equal((await run('exit 0')).exit_code, 0)
    })

    test('until their caller has gone', async (t) => {
      const folder = withFolder(t)
      const { ask } = await startDaemon(t)
      const caller = new AbortController()
      const command = 'echo $$ > pid.part; mv pid.part pid; exec sleep 60'
      const { signal } = caller
      const call = ask('POST /run/command', { command, cwd: folder }, { signal }).catch(({ name }) => name)
      const pid = await eventually(() => readPid(ask, join(folder, 'pid')))
      caller.abort()
      assert.equal(await call, 'AbortError')
      await eventually(() => !isAlive(pid))
    })

    test('and keeps the beginning of what they print', async (t) => {
      const { run } = await startDaemon(t)
      const { stdout, exit_code } = await run('head -c 3000000 /dev/zero | tr "\\0" x')
      assert.deepEqual([stdout.length, exit_code], [1024 * 1024, 0])
    })

    test('and does not wait for what they leave running', async (t) => {
      const { run } = await startDaemon(t)
      const { stdout, exit_code } = await run('sleep 60 & echo $!')
      assert.equal(exit_code, 0)
      assert.ok(isAlive(Number(stdout)), 'as on any machine, it goes on')
    })

    test('but not what is none', async (t) => {
      const { ask, folder } = await startDaemon(t)
      const refused = async (json) => {
        const { status, body } = await ask('POST /run/command', json)
        return `${status} ${body.error}`
      }
      assert.equal(await refused({}), '400 command is missing')
      assert.equal(await refused([]), '400 command is missing')
      assert.equal(await refused(null), '400 the body has to be a JSON object')
      assert.equal(await refused({ command: 'ls', cwd: 7 }), '400 shell and cwd have to be strings')
      assert.equal(await refused({ command: 'ls', env: { A: 1 } }), '400 the values of env have to be strings')
      assert.equal(await refused({ command: 'ls', cwd: 'nowhere' }), '400 no such folder: nowhere')
      assert.equal((await ask('POST /run/else', { command: 'ls' })).status, 404)
      assert.deepEqual(await readdir(folder), [])
    })

    test('64 at once, and no more', async (t) => {
      const { ask } = await startDaemon(t)
      const waiting = { command: 'while [ ! -e go ]; do sleep 0.1; done', background: true }
      const started = await Promise.all(Array.from({ length: 64 }, () => ask('POST /run/command', waiting)))
      assert.deepEqual(new Set(started.map(({ status }) => status)), new Set([200]))
      assert.equal((await ask('POST /run/command', { command: 'true' })).status, 429)
      await ask('POST /files', { path: 'go' })
      const { terminal_id, cmd_id } = started[63].body.data
      const last = await ask(`GET /terminals/${terminal_id}/commands/${cmd_id}/wait`)
      assert.equal(last.body.data.exit_code, 0)
      const { status } = await ask('POST /run/command', { command: 'true' })
      assert.equal(status, 200)
    })
  })

  describe('runs code', () => {
    const outcome = async (ask, code, language) => {
      const { body } = await ask('POST /run/code', { code, language })
      return body.data ?? body.error
    }

    test('in JavaScript, of either kind of module', async (t) => {
      const { ask } = await startDaemon(t)
      const javascript = { exit_code: 0, language: 'javascript' }
      assert.deepEqual(await outcome(ask, 'console.log("hello")'), { output: 'hello\n', ...javascript })
      assert.deepEqual(await outcome(ask, 'console.log(typeof require)'), { output: 'function\n', ...javascript })
      const module = 'import { sep } from "node:path"; console.log(sep)'
      assert.deepEqual(await outcome(ask, module, 'node'), { output: '/\n', ...javascript })
      const { output, exit_code } = await outcome(ask, 'console.log(1); console.error(2); throw new Error("three")')
      assert.equal(exit_code, 1)
      assert.match(output, /^1\n2\n[^]*Error: three/)
    })

    test('in Python where there is one, also unasked', async (t) => {
      const { ask, run } = await startDaemon(t)
      if ((await run('command -v python3')).exit_code !== 0) return t.skip('there is no python3')
      const python = { exit_code: 0, language: 'python' }
      assert.deepEqual(await outcome(ask, 'print("hello")'), { output: 'hello\n', ...python })
      assert.deepEqual(await outcome(ask, 'def f(x):\n  return x\nprint(f(2))'), { output: '2\n', ...python })
      assert.deepEqual(await outcome(ask, 'x = 1', 'python'), { output: '', ...python })
      return undefined
    })

    test('in no other language', async (t) => {
      const { ask } = await startDaemon(t)
      assert.equal(await outcome(ask, '1', 'cobol'), 'no such language: cobol (javascript, python)')
      assert.equal(await outcome(ask, '1', 'constructor'), 'no such language: constructor (javascript, python)')
      assert.equal(await outcome(ask, undefined, 'node'), 'code is missing')
    })
  })

  describe('keeps files', () => {
    test('by absolute paths, whose slashes and other characters are kept', async (t) => {
      const { ask } = await startDaemon(t)
      const folder = withFolder(t)
      const path = join(folder, 'a b', 'ü%2F?#.txt')
      const encoded = `/${path.split('/').map(encodeURIComponent).join('/')}`
      assert.equal((await ask('POST /files', { path, content: 'hällo' })).status, 200)
      const { body } = await ask(`GET /files${encoded}?content=true`)
      assert.deepEqual([body.data.content, body.content, body.data.file.size], ['hällo', 'hällo', 6])
      assert.equal((await ask(`GET /files/${encodeURIComponent(path)}?content=true`)).body.content, 'hällo')
      assert.equal((await ask(`HEAD /files${encoded}`)).status, 200)
      const listed = await ask(`GET /files?path=${encodeURIComponent(folder)}`)
      const [{ modified_at, ...entry }] = listed.body.data.files
      assert.deepEqual(entry, { ...entry, name: 'a b', path: join(folder, 'a b'), is_dir: true })
      assert.ok(Date.parse(modified_at) > 0)
      assert.deepEqual(await ask(`DELETE /files${encoded}`), { status: 204, body: undefined })
      assert.equal((await ask(`HEAD /files${encoded}`)).status, 404)
      assert.equal(await exists(path), false)
    })

    test('by relative paths, in a folder of its own', async (t) => {
      const { ask, run, folder } = await startDaemon(t)
      await ask('POST /files', { path: 'notes/one.txt', content: '1' })
      assert.equal(await exists(join(folder, 'notes', 'one.txt')), true)
      assert.equal((await run('cat notes/one.txt')).stdout, '1', 'which is where commands run')
      assert.equal((await ask('GET /files/notes/one.txt?content=true')).body.content, '1')
      assert.equal((await ask('GET /files/notes/one.txt')).body.data.content, undefined)
      const names = async (path) => (await ask(`GET /files${path}`)).body.data.files.map(({ name }) => name)
      assert.deepEqual(await names('?path=notes'), ['one.txt'])
      assert.deepEqual(await names('?path=.'), ['notes'])
      await symlink('nowhere', join(folder, 'dangling'))
      assert.deepEqual(await names(''), ['notes'])
      assert.equal((await ask('DELETE /files/notes')).status, 204)
      assert.deepEqual(await names(''), [])
    })

    test('and says what is wrong', async (t) => {
      const { ask } = await startDaemon(t)
      const refused = async (...call) => {
        const { status, body } = await ask(...call)
        return `${status} ${body?.error}`
      }
      assert.equal(await refused('GET /files/no?content=true'), '404 no does not exist')
      assert.equal(await refused('GET /files?path=no'), '404 no does not exist')
      assert.equal(await refused('DELETE /files/no'), '404 no does not exist')
      assert.equal(await refused('GET /files//?content=true'), '400 / is a folder')
      assert.equal(await refused('DELETE /files//'), '400 / is not removed')
      assert.equal(await refused('DELETE /files'), '400 path is missing')
      assert.equal(await refused('GET /files/%zz'), '400 the path is not encoded well')
      assert.equal(await refused('GET /files/a%00b'), '400 path must not hold a zero byte')
      assert.equal(await refused('POST /files', {}), '400 path is missing')
      assert.equal(await refused('POST /files', { path: 'x', content: 1 }), '400 content has to be a string')
      assert.equal(await refused('POST /files', { path: '/', content: '' }), '400 / is a folder')
      assert.match(await refused('POST /files', { path: 'x', content: 'x'.repeat(17 * 1024 * 1024) }), /^413 the body/)
    })
  })
})

const readPid = async (ask, path) => Number((await ask(`GET /files/${path}?content=true`)).body.content ?? 0)
