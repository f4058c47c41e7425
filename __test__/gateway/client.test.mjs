// The published client, computesdk@2.5.4, unmodified, against the gateway over each provider's fake server.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { canary } from '../support/canary.mjs'
import { clientOf, gone, PROVIDERS, withGateway, withProvider } from './fixture.mjs'

// The client waits between its looks, so that these have time for each other.
describe('the published client', { concurrency: 4 }, () => {
  for (const name of Object.keys(PROVIDERS)) {
    test(`${name}: an app creates a sandbox, runs code, uses files, streams, and destroys it`, async (t) => {
      const provider = await withProvider(t, name)
      const gateway = await withGateway(t, provider)
      const sandboxes = clientOf(provider, gateway)

      const sandbox = await sandboxes.create({ envs: { SECRET: canary('variable') }, metadata: { purpose: 'test' } })
      assert.deepEqual(provider.existing(), [sandbox.sandboxId])
      assert.equal(sandbox.provider, name)
      assert.deepEqual((await sandbox.getInfo()).metadata, { purpose: 'test' })

      assert.equal((await sandbox.runCode('console.log("hello")')).output, 'hello\n')
      const result = await sandbox.runCommand('echo out; echo err >&2; exit 3')
      assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 3])
      assert.equal((await sandbox.runCommand(`test "$SECRET" = "${canary('variable')}"`)).exitCode, 0)

      await sandbox.filesystem.mkdir('notes')
      await sandbox.filesystem.writeFile('notes/a b.txt', 'ünï %2F 100%')
      assert.equal(await sandbox.filesystem.readFile('notes/a b.txt'), 'ünï %2F 100%')
      const here = (await sandbox.runCommand('pwd')).stdout.trim()
      // The client makes `/files//…` of it.
      assert.equal(await sandbox.filesystem.readFile(`${here}/notes/a b.txt`), 'ünï %2F 100%')
      assert.deepEqual((await sandbox.filesystem.readdir('notes')).map((entry) => entry.name), ['a b.txt'])
      await sandbox.filesystem.remove('notes/a b.txt')
      assert.equal(await sandbox.filesystem.exists('notes/a b.txt'), false)

      const streamed = []
      const onStdout = (text) => streamed.push(text)
      const command = 'for i in 1 2 3; do echo $i; done'
      assert.equal((await sandbox.runCommand(command, { onStdout })).exitCode, 0)
      assert.equal(streamed.join(''), '1\n2\n3\n')

      const again = await sandboxes.getById(sandbox.sandboxId)
      assert.equal((await again.runCommand('echo again')).stdout, 'again\n')

      await sandbox.destroy()
      assert.deepEqual(provider.existing(), [])
      assert.equal(await sandboxes.getById(sandbox.sandboxId), null)
      await sandboxes.destroy(sandbox.sandboxId)
    })

    test(`${name}: a name is one sandbox, found again until it is destroyed`, async (t) => {
      const provider = await withProvider(t, name)
      const gateway = await withGateway(t, provider)
      const sandboxes = clientOf(provider, gateway)

      assert.equal(await sandboxes.find({ name: 'my app' }), null)
      const first = await sandboxes.findOrCreate({ name: 'my app', namespace: 'users/1' })
      const [second, third] = await Promise.all([
        sandboxes.findOrCreate({ name: 'my app', namespace: 'users/1' }),
        sandboxes.find({ name: 'my app', namespace: 'users/1' }),
      ])
      assert.deepEqual([second.sandboxId, third.sandboxId], [first.sandboxId, first.sandboxId])
      assert.equal((await third.runCommand('echo found')).stdout, 'found\n')
      assert.equal(await sandboxes.find({ name: 'my app' }), null, 'namespaces are apart')
      assert.deepEqual(provider.existing(), [first.sandboxId])
      const taken = { name: 'my app', namespace: 'users/1' }
      await assert.rejects(() => sandboxes.create(taken), /A sandbox of this name exists/)

      await third.destroy()
      await gone(provider)
      assert.equal(await sandboxes.find({ name: 'my app', namespace: 'users/1' }), null)
    })
  }
})
