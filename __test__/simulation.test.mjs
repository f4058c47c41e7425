// Plays exchanges that the simulation has recorded (src/simulation) to the fake servers. Both are worlds of the same
// providers: what the one answers, the other answers too, so that they cannot drift apart.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

import { startNamespaceServer } from './servers/namespace/index.mjs'
import { startRailwayServer } from './servers/railway/index.mjs'
import { startRenderServer } from './servers/render/index.mjs'
import { startVercelServer } from './servers/vercel/index.mjs'

const RECORDINGS = new URL('simulation/recordings.ndjson', import.meta.url)

/** Places of the simulation, by the name that a scene gives its own. */
const PLACES = {
  railway: {
    project: '11111111-1111-4111-8111-111111111111',
    environment: '22222222-2222-4222-8222-222222222222',
    other: '33333333-3333-4333-8333-333333333333',
  },
  render: { owner: 'tea-d1234567890abcdefghi' },
  namespace: {},
  vercel: { team: 'team_1', project: 'prj_1' },
}

/** @typedef {{ server: object, origin: string, token: string, places: object }} Scene */

/** A fake server in the state in which a scenario begins. @type {Record<string, (seed: number) => Promise<Scene>>} */
const SCENES = {
  async railway(seed) {
    const isShared = seed % 2 === 1
    const server = await startRailwayServer({ plan: ['SUCCESS'], doubleDelete: 'Not Authorized' })
    const names = isShared ? ['production', 'staging'] : ['production']
    const project = server.world.createProject({ environments: names })
    const [environment, other] = project.environments
    server.world.addService(project, { name: 'postgres', environments: [environment], image: 'postgres:17' })
    const token = server.world.addToken({ kind: 'account' })
    return { server, origin: server.url, token, places: { project: project.id, environment: environment.id, other: other?.id } }
  },

  async render(seed) {
    const isOdd = seed % 2 === 1
    const server = await startRenderServer({
      plan: ['live'],
      nameTakenStatus: isOdd ? 400 : 409,
      nameFilter: isOdd ? 'partial' : 'exact',
    })
    const owner = server.world.createOwner({ name: 'sandboxes' })
    for (const [name, type] of [['shop', 'static_site'], ['nightly', 'cron_job'], ['api', 'web_service']]) {
      server.world.addService(owner, { name, type })
    }
    const token = server.world.addApiKey({ owners: [owner] })
    return { server, origin: server.url, token, places: { owner: owner.id } }
  },

  async namespace() {
    const server = await startNamespaceServer({ destroyDead: 'not_found', listOrder: 'oldest', ending: [{ status: 'DESTROYED' }] })
    const { token } = server.world.seed()
    return { server, origin: server.url, token, places: {} }
  },

  async vercel() {
    const server = await startVercelServer({
      deletedSession: 'sandbox_stopped',
      commandPlan: ({ args }) => (args[2]?.startsWith('computesdk-ready-') ? { exitCode: 0 } : { reads: Infinity }),
    })
    const { token, teamId, projectId } = server.world.seed()
    return { server, origin: server.origin, token, places: { team: teamId, project: projectId } }
  },
}

/** What of an answer a client depends on, in the simulation's ids and without what only one of the two tells. */
const READERS = {
  railway: (body) => {
    if (body.errors) return { error: body.errors[0].message }
    const [[field, value]] = Object.entries(body.data)
    const nodes = (connection) => connection.edges.map(({ node }) => node)
    const service = ({ id, name }) => ({ id: own(name, id), name })
    const instance = ({ serviceId, serviceName, source, latestDeployment }) => ({
      id: own(serviceName, serviceId),
      image: own(serviceName, source?.image),
      status: latestDeployment?.status,
    })
    const readers = {
      serviceCreate: service,
      service,
      serviceInstance: instance,
      serviceInstanceDeployV2: (id) => typeof id,
      project: ({ services }) => nodes(services).map(service),
      environment: ({ serviceInstances }) => nodes(serviceInstances).map(instance).filter(({ id, image }) => id !== undefined || image),
      environments: (connection) => nodes(connection).map(({ id, sourceEnvironment }) => ({ id, isFork: Boolean(sourceEnvironment) })).sort(byId),
      variables: (variables) => variables.COMPUTESDK_CREATE_MARK,
    }
    return { [field]: (readers[field] ?? ((plain) => plain))(value) }
  },

  render: (body) => {
    const service = ({ id, name, type, imagePath }) => ({ id: own(name, id), name, type, hasImage: own(name, Boolean(imagePath)) })
    if (Array.isArray(body)) {
      return body.map((entry) => (entry.service ? service(entry.service) : { status: entry.deploy.status }))
    }
    if (body.service) return { created: service(body.service), hasDeploy: Boolean(body.deployId) }
    if (body.message) return { error: body.message.replace(/dep-\S+/, 'a deploy') }
    if (body.key) return { key: body.key, value: body.value }
    if (body.ownerId) return service(body)
    return { status: body.status }
  },

  namespace: (body) => {
    const labels = (list = []) => Object.fromEntries(list.map(({ name, value }) => [name, value]))
    const metadata = (entry) => ({
      name: labels(entry.labels)['computesdk.name'],
      token: labels(entry.labels)['computesdk.create-mark'],
      isGone: Boolean(entry.destroyedAt) || entry.status === 'DESTROYED',
    })
    if (body.code) return { code: body.code }
    if (body.metadata) return metadata(body.metadata)
    // An empty list is left out, and what is destroyed may be in it.
    return (body.instances ?? []).map(metadata).filter(({ name, isGone }) => name && !isGone)
  },

  vercel: (body) => {
    const sandbox = ({ name, status, tags }) => ({ name, status, mark: tags?.['computesdk-create-mark'] })
    if (body.error) return { code: body.error.code }
    if (body.sandboxes) return body.sandboxes.filter(({ name }) => name !== 'somebody-elses').map(sandbox).sort(byName)
    if (body.commands) return body.commands.map(({ args, exitCode }) => ({ role: args[2], exitCode: exitCode ?? null }))
    if (body.command) return { role: body.command.args[2], isRunning: body.command.exitCode == null }
    return body.session ? sandbox(body.sandbox) : { name: body.sandbox?.name }
  },
}

/** What others have made has other ids and images in each world. */
const own = (name, value) => (['postgres', 'shop', 'nightly', 'api'].includes(name) ? undefined : value)
const byId = ({ id: one }, { id: other }) => (one < other ? -1 : 1)
const byName = ({ name: one }, { name: other }) => (one < other ? -1 : 1)

const parse = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** The ids of one world, by those of the other. */
class Ids {
  #pairs = []

  add(recorded, played) {
    if (!recorded || !played || recorded === played) return
    this.#pairs.push([recorded, played])
    // An id may hold another one.
    this.#pairs.sort(([one], [other]) => other.length - one.length)
  }

  toPlayed(text) {
    return this.#pairs.reduce((changed, [recorded, played]) => changed.replaceAll(recorded, played), text)
  }

  toRecorded(text) {
    return this.#pairs.reduce((changed, [recorded, played]) => changed.replaceAll(played, recorded), text)
  }
}

/** Notes the ids that answers tell of what was made. */
function learn(ids, recorded, played) {
  const paths = [
    (body) => body.data?.serviceCreate?.id,
    (body) => body.service?.id,
    (body) => body.deployId,
    (body) => body.metadata?.instanceId,
    (body) => body.session?.id,
    (body) => body.command?.id,
  ]
  for (const path of paths) ids.add(path(recorded), path(played))
}

const lines = readFileSync(RECORDINGS, 'utf8').trim().split('\n').map((line) => JSON.parse(line))

for (const provider of Object.keys(SCENES)) {
  test(`the simulation's ${provider} answers as the fake server does`, async () => {
    let compared = 0
    for (const { seed, exchanges } of lines.filter((line) => line.provider === provider)) {
      const { server, origin, token, places } = await SCENES[provider](seed)
      const ids = new Ids()
      for (const [name, recorded] of Object.entries(PLACES[provider])) ids.add(recorded, places[name])
      try {
        for (const [index, { method, target, body, status, answer }] of exchanges.entries()) {
          const response = await fetch(origin + ids.toPlayed(target), {
            method,
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'connect-protocol-version': '1' },
            body: body === '' ? undefined : ids.toPlayed(body),
          })
          const text = await response.text()
          learn(ids, parse(answer), parse(text))
          const where = `seed ${seed}, exchange ${index}: ${method} ${target} ${body}\nrecorded: ${answer}\nplayed: ${text}`
          assert.equal(response.status, status, where)
          if (status === 204 || text === '') continue
          const read = (given) => READERS[provider](parse(given))
          assert.deepEqual(read(ids.toRecorded(text)), read(answer), where)
          compared += 1
        }
      } finally {
        await server.close()
      }
    }
    assert.ok(compared > 50, `${compared} answers were compared`)
  })
}
