/** The calls that are measured, and what their results must look like: a quick wrong answer is none. */
import assert from 'node:assert/strict'

const DAEMON_CONFIG = { accessToken: '0123456789abcdef0123456789abcdef', gatewayUrl: 'https://gateway.example.com' }

const ID = '7f9a4b1e-5d2c-4abc-9def-000000000001'

/** @returns {() => Promise<void>} one call, whose result is looked at */
export function callOf(client, method) {
  const check = CHECKS[method]
  const call = CALLS[method]
  return async () => check(await call(client), client)
}

const CALLS = {
  create: (client) => client.create({ daemonConfig: DAEMON_CONFIG }),
  getById: (client) => client.getById(ID),
  list: (client) => client.list(),
}

const CHECKS = {
  create: ({ instance, instanceId }) => {
    if (instance.serviceId !== instanceId || !instance.managed) assert.fail('not what was to be created')
  },
  getById: ({ instance, instanceId }) => {
    if (instanceId !== ID || instance.status !== 'running') assert.fail('not what was asked for')
  },
  list: (found) => {
    const { instance } = found.at(-1)
    if (found.length !== Number(instance.projectId.split('-').at(-1))) assert.fail(`${found.length} are listed`)
  },
}
