// Vercel's settings: where credentials come from, and which go before which.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { vercel } from '@computesdk/gateway'

import { assertSame, canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { rejection, thrown } from './support/rejection.mjs'
import { ABSENT_NAME, withVercel } from './support/vercel.mjs'
import { encodeOidcToken } from './servers/vercel/index.mjs'

const NO_TOKEN =
  'Missing Vercel token. Provide token or oidcToken in config or set VERCEL_TOKEN or VERCEL_OIDC_TOKEN environment ' +
  'variable.'
const NO_TEAM = 'Missing Vercel Team ID. Provide teamId in config or set VERCEL_TEAM_ID environment variable.'
const NO_PROJECT =
  'Missing Vercel Project ID. Provide projectId in config or set VERCEL_PROJECT_ID environment variable.'

/** An environment that says nothing. */
const NOTHING = {
  VERCEL_TOKEN: undefined,
  VERCEL_TEAM_ID: undefined,
  VERCEL_PROJECT_ID: undefined,
  VERCEL_OIDC_TOKEN: undefined,
}

describe('a missing credential', () => {
  const token = canary('token')
  const rows = [
    ['everything', {}, NO_TOKEN],
    ['the token', { teamId: 'team_x', projectId: 'prj_x' }, NO_TOKEN],
    ['a blank token', { token: ' \t', teamId: 'team_x', projectId: 'prj_x' }, NO_TOKEN],
    ['team and project', { token }, NO_TEAM],
    ['the team', { token, projectId: 'prj_x' }, NO_TEAM],
    ['the project', { token, teamId: 'team_x' }, NO_PROJECT],
    ['a blank team', { token, teamId: ' ', projectId: 'prj_x' }, NO_TEAM],
    ['a blank project', { token, teamId: 'team_x', projectId: '' }, NO_PROJECT],
    ['what an opaque OIDC token cannot claim', { oidcToken: token }, NO_TEAM],
    ['what an OIDC token does not claim', { oidcToken: encodeOidcToken({ owner_id: 'team_x' }) }, NO_PROJECT],
    ['what it claims as another type', { oidcToken: encodeOidcToken({ owner_id: 5, project_id: 'prj_x' }) }, NO_TEAM],
  ]
  for (const [missing, config, message] of rows) {
    test(`(${missing}) rejects at each method and names its variable, and never at the factory`, async () => {
      const { create, getById, list, destroy } = vercel(config)
      for (const [operation, call] of Object.entries({ create, getById, list, destroy })) {
        const argument = ['getById', 'destroy'].includes(operation) ? ABSENT_NAME : undefined
        await rejection(call(argument), { code: 'INVALID_CONFIG', message, operation, retryable: false })
      }
    })
  }
})

describe('credentials', () => {
  const asked = ({ requests }) => {
    const { headers, query } = requests.at(-1)
    return [headers.authorization, query.teamId, query.project]
  }

  /** A fixture with a second project, and the variables of the environment for the first. */
  async function begin(t) {
    const fixture = await withVercel(t)
    const { world, team, project, token, oidcToken, teamId, projectId, server } = fixture
    const other = world.createProject(team, { slug: 'other' })
    const otherOidcToken = world.mintOidcToken(other, { signature: canary('other-oidc') })
    /** What a list with this config and environment asks with. */
    async function listed(config, environment) {
      setEnvironment(t, { ...NOTHING, ...environment })
      await vercel({ ...config, baseUrl: server.url }).list()
      return asked(server)
    }
    const access = { VERCEL_TOKEN: token, VERCEL_TEAM_ID: teamId, VERCEL_PROJECT_ID: projectId }
    return { ...fixture, project, other, otherOidcToken, listed, access, oidc: { VERCEL_OIDC_TOKEN: oidcToken } }
  }

  test('come from the environment if the config does not have them', async (t) => {
    const { listed, access, token, teamId, projectId } = await begin(t)
    for (const config of [{}, { token: '', teamId: null, projectId: undefined, oidcToken: ' ' }]) {
      assertSame(await listed(config, access), [`Bearer ${token}`, teamId, projectId], 'credentials')
    }
  })

  test('come from the config first, each by itself', async (t) => {
    const { listed, access, token, teamId, other } = await begin(t)
    assertSame(await listed({ projectId: other.id }, access), [`Bearer ${token}`, teamId, other.id], 'credentials')
    const wrong = { VERCEL_TOKEN: canary('wrong'), VERCEL_TEAM_ID: 'team_wrong', VERCEL_PROJECT_ID: 'prj_wrong' }
    const config = { token, teamId, projectId: other.id }
    assertSame(await listed(config, wrong), [`Bearer ${token}`, teamId, other.id], 'credentials')
  })

  test('of an OIDC token name team and project', async (t) => {
    const { listed, oidcToken, otherOidcToken, oidc, access, teamId, projectId, other } = await begin(t)
    const expected = [`Bearer ${oidcToken}`, teamId, projectId]
    assertSame(await listed({ oidcToken }, {}), expected, 'from the config')
    assertSame(await listed({}, oidc), expected, 'from the environment')
    // What the environment says besides belongs to another token.
    const mixed = { ...access, VERCEL_PROJECT_ID: projectId }
    const claimed = [`Bearer ${otherOidcToken}`, teamId, other.id]
    assertSame(await listed({ oidcToken: otherOidcToken }, mixed), claimed, 'claims')
  })

  test('of an OIDC token may not be contradicted by an id in the config', async (t) => {
    const { makeProvider, oidcToken, other, world, server } = await begin(t)
    const stranger = world.createTeam({ slug: 'strangers' })
    for (const [field, id] of [['projectId', other.id], ['teamId', stranger.id]]) {
      const nothing = { token: undefined, teamId: undefined, projectId: undefined }
      const provider = makeProvider({ ...nothing, oidcToken, [field]: id })
      await rejection(provider.list(), { code: 'INVALID_CONFIG', message: new RegExp(`config\\.${field} is another`) })
    }
    assert.equal(server.requests.length, 0)
  })

  test('of an OIDC token go before an access token in the environment', async (t) => {
    const { listed, access, otherOidcToken, teamId, other } = await begin(t)
    const environment = { ...access, VERCEL_OIDC_TOKEN: otherOidcToken }
    assertSame(await listed({}, environment), [`Bearer ${otherOidcToken}`, teamId, other.id], 'credentials')
  })

  for (const junk of ['undefined', 'null', canary('opaque'), encodeOidcToken({ owner_id: 'team_x' })]) {
    const shown = junk.length < 10 ? junk : 'another text'
    test(`go after an access token where VERCEL_OIDC_TOKEN is no OIDC token: ${shown}`, async (t) => {
      const { listed, access, token, teamId, projectId } = await begin(t)
      const environment = { ...access, VERCEL_OIDC_TOKEN: junk }
      assertSame(await listed({}, environment), [`Bearer ${token}`, teamId, projectId], 'credentials')
      setEnvironment(t, { ...NOTHING, VERCEL_OIDC_TOKEN: junk })
      const message = /^VERCEL_OIDC_TOKEN holds no OIDC token/
      await rejection(vercel().list(), { code: 'INVALID_CONFIG', message })
    })
  }

  for (const field of ['teamId', 'projectId']) {
    test(`of an OIDC token in the environment go after the access token where the config names ${field}`, async (t) => {
      const fixture = await begin(t)
      const { listed, access, token, otherOidcToken, teamId, projectId } = fixture
      const environment = { ...access, VERCEL_OIDC_TOKEN: otherOidcToken }
      const expected = [`Bearer ${token}`, teamId, projectId]
      assertSame(await listed({ [field]: fixture[field] }, environment), expected, 'credentials')
    })
  }

  test('named token go before those named oidcToken, in the config', async (t) => {
    const { listed, token, teamId, projectId, otherOidcToken } = await begin(t)
    const config = { token, teamId, projectId, oidcToken: otherOidcToken }
    assertSame(await listed(config, {}), [`Bearer ${token}`, teamId, projectId], 'credentials')
  })

  test('named token may be an OIDC token, too', async (t) => {
    const { listed, oidcToken, teamId, projectId } = await begin(t)
    assertSame(await listed({ token: oidcToken }, {}), [`Bearer ${oidcToken}`, teamId, projectId], 'credentials')
  })

  test('are sent without the white space around them', async (t) => {
    const { listed, token, teamId, projectId } = await begin(t)
    const place = { VERCEL_TEAM_ID: `${teamId} `, VERCEL_PROJECT_ID: `\t${projectId}` }
    const expected = [`Bearer ${token}`, teamId, projectId]
    assertSame(await listed({}, { VERCEL_TOKEN: ` ${token}\n`, ...place }), expected, 'from the environment')
    const config = { token: ` ${token} `, teamId: ` ${teamId}`, projectId: `${projectId}\n` }
    assertSame(await listed(config, {}), expected, 'from the config')
  })

  test('are read at each call, not when the provider is made', async (t) => {
    const { server, token, teamId, projectId, oidcToken } = await withVercel(t)
    setEnvironment(t, NOTHING)
    const provider = vercel({ baseUrl: server.url })
    await rejection(provider.list(), { message: NO_TOKEN })
    process.env.VERCEL_TOKEN = token
    await rejection(provider.list(), { message: NO_TEAM })
    process.env.VERCEL_TEAM_ID = teamId
    await rejection(provider.list(), { message: NO_PROJECT })
    process.env.VERCEL_PROJECT_ID = projectId
    assert.deepEqual(await provider.list(), [])
    process.env.VERCEL_OIDC_TOKEN = oidcToken
    await provider.list()
    assertSame(asked(server), [`Bearer ${oidcToken}`, teamId, projectId], 'credentials')
  })

  test('of an OIDC token make, find, list and destroy', async (t) => {
    const { provider, sandboxes, teamId, projectId } = await withVercel(t, { oidc: true })
    const { instance, instanceId } = await provider.create()
    assert.deepEqual([instance.teamId, instance.projectId], [teamId, projectId])
    assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
    assert.equal((await provider.list()).length, 1)
    await provider.destroy(instanceId)
    assert.deepEqual(sandboxes(), [])
  })
})

describe('the factory', () => {
  for (const field of ['token', 'oidcToken', 'teamId', 'projectId', 'region', 'image']) {
    test(`refuses a ${field} that is no string`, () => {
      const message = new RegExp(`config\\.${field} must be a string`)
      const expected = { code: 'INVALID_CONFIG', message }
      for (const value of [5, true, {}, []]) thrown(() => vercel({ [field]: value }), expected)
    })
  }

  for (const field of ['token', 'oidcToken']) {
    test(`refuses a ${field} that no header can carry`, () => {
      const config = { [field]: `${canary('a')}\n${canary('b')}` }
      thrown(() => vercel(config), { code: 'INVALID_CONFIG', message: new RegExp(`config\\.${field}`) })
    })
  }

  test('takes the daemon’s commands for nothing of its own', () => {
    assert.equal(vercel({ installCommand: 5, readyCommand: 5 }).name, 'vercel')
  })
})
