import { namespace } from '@computesdk/gateway'

import { startNamespaceServer } from '../servers/namespace/index.mjs'
import { canary } from './canary.mjs'
import { closedAfterTest, createFixture, uniqueCanary } from './fixture.mjs'

/** An id of the right form, without an instance. */
export const ABSENT_ID = 'zzzzzzzzzzzzz'

/** A token for tests with a server of their own. */
export const TOKEN = canary('namespace-token')

/**
 * Starts a server with a workspace, and makes a provider for it. The caller closes it.
 *
 * @param {object} [options]
 * @param {import('../servers/namespace/index.mjs').NamespaceOptions} [options.server]
 * @param {Parameters<import('../servers/namespace/world.mjs').World['createWorkspace']>[0]} [options.workspace]
 * @param {import('@computesdk/gateway').NamespaceConfig} [options.config] besides the defaults
 */
export async function startNamespace({ server: serverOptions, workspace: workspaceOptions, config } = {}) {
  const server = await startNamespaceServer(serverOptions)
  const { world } = server
  const workspace = world.createWorkspace({ name: 'sandboxes', ...workspaceOptions })
  const token = world.addToken({ workspace, token: uniqueCanary('namespace-token') })
  world.addToken({ workspace, token: TOKEN })
  return {
    ...createFixture({ server, factory: namespace, base: { token, baseUrl: server.url }, config }),
    workspace,
    token,
    /** Returns the instances in the workspace that are not being deleted, in every region. */
    instances: () => world.liveInstances(workspace),
  }
}

/** Starts the same, and closes it when the test ends. */
export const withNamespace = closedAfterTest(startNamespace)

/** Makes a provider with another credential, so that this process remembers nothing of its instances. */
export function stranger({ world, workspace, makeProvider }, changes) {
  return makeProvider({ token: world.addToken({ workspace, token: uniqueCanary('stranger') }), ...changes })
}
