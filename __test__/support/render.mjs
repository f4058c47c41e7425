import { render } from '@computesdk/gateway'

import { startRenderServer } from '../servers/render/index.mjs'
import { API_KEY } from './canary.mjs'
import { closedAfterTest, createFixture, uniqueCanary } from './fixture.mjs'

/** An id of the right form, without a service. */
export const ABSENT_ID = 'srv-00000000000000000000'

/**
 * Starts a server with two workspaces that one key reaches, and makes a provider for the first. The caller closes it.
 *
 * @param {object} [options]
 * @param {import('../servers/render/index.mjs').RenderOptions} [options.server]
 * @param {import('@computesdk/gateway').RenderConfig} [options.config] besides the defaults
 */
export async function startRender({ server: serverOptions, config } = {}) {
  const server = await startRenderServer(serverOptions)
  const { world } = server
  const owner = world.createOwner({ name: 'sandboxes' })
  const otherOwner = world.createOwner({ name: 'website' })
  const owners = [owner, otherOwner]
  const apiKey = world.addApiKey({ owners, key: uniqueCanary('api-key') })
  world.addApiKey({ owners, key: API_KEY })
  return {
    ...createFixture({ server, factory: render, base: { apiKey, ownerId: owner.id, baseUrl: server.endpoint }, config }),
    owner,
    ownerId: owner.id,
    /** The workspace that the key reaches, too, and that the provider must leave alone. */
    otherOwner,
    apiKey,
    /** Returns the services that exist in the provider's workspace. */
    services: () => world.liveServices(owner),
  }
}

/** Starts the same, and closes it when the test ends. */
export const withRender = closedAfterTest(startRender)
