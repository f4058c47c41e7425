// A Namespace server with a workspace, and a provider for it.
import assert from 'node:assert/strict'

import { namespace } from '@computesdk/gateway'

import './environment.mjs'
import { startNamespaceServer } from '../servers/namespace/index.mjs'
import { canary, printable } from './canary.mjs'

/** Of the right form, and of nothing. */
export const ABSENT_ID = 'zzzzzzzzzzzzz'

/** For tests of their own server. */
export const TOKEN = canary('namespace-token')

/**
 * A Namespace server with a workspace, and a provider for it. At the test's end the server is closed and must have seen
 * nothing that Namespace would not understand.
 *
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {import('../servers/namespace/index.mjs').NamespaceOptions} [options.server]
 * @param {Parameters<import('../servers/namespace/world.mjs').World['createWorkspace']>[0]} [options.workspace]
 * @param {import('@computesdk/gateway').NamespaceConfig} [options.config] besides the defaults
 */
export async function withNamespace(t, options = {}) {
  const fixture = await startNamespace(options)
  t.after(fixture.close)
  return fixture
}

let fixtures = 0

/** The same; the caller closes it. */
export async function startNamespace({ server: serverOptions, workspace: workspaceOptions, config } = {}) {
  const server = await startNamespaceServer(serverOptions)
  const { world } = server
  const workspace = world.createWorkspace({ name: 'sandboxes', ...workspaceOptions })
  // The package remembers instances by address and token, and a port may come again: no two fixtures share a token.
  fixtures += 1
  const token = world.addToken({ workspace, token: canary(`namespace-token-${process.pid}-${fixtures}`) })
  world.addToken({ workspace, token: TOKEN })
  // Without repetitions: what a test makes fail is to stay failed.
  const base = { token, baseUrl: server.url, maxRetries: 0 }
  const makeProvider = (changes) => namespace({ ...base, ...config, ...changes })

  return {
    server,
    world,
    workspace,
    token,
    config: { ...base, ...config },
    provider: makeProvider(),
    makeProvider,
    /** Names of what was asked of the server, in order. */
    asked: () => server.requests.map(({ operation }) => operation),
    /** The requests of one operation. */
    requestsFor: (operation) => server.requests.filter((request) => request.operation === operation),
    /** All that exists in the workspace and is not being deleted, in every region. */
    instances: () => world.liveInstances(workspace),
    async close() {
      await server.close()
      assert.equal(server.errors.length, 0, `the server failed: ${printable(server.errors)}`)
      const { violations } = server
      assert.equal(violations.length, 0, `against Namespace's API: ${printable(violations)}`)
    },
  }
}

/** A provider of another process: of another credential, so that this process remembers nothing of its instances. */
export function stranger({ world, workspace, makeProvider }, changes) {
  const token = world.addToken({ workspace, token: canary(`stranger-${process.pid}-${fixtures}-${world.tokens.size}`) })
  return makeProvider({ token, ...changes })
}
