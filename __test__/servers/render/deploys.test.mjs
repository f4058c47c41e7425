import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { setUp } from './client.mjs'

describe('deploys', () => {
  test('move one step with each read and stay on the last', async () => {
    const { create, get, world } = await setUp()
    const { id, deployId, service } = await create()
    const seen = []
    for (let index = 0; index < 4; index += 1) seen.push(await get(`/services/${id}/deploys/${deployId}`))
    assert.deepEqual(seen.map(({ status }) => status), ['created', 'update_in_progress', 'live', 'live'])
    const [first, second, third] = seen
    assert.deepEqual([first.commit, first.startedAt, first.finishedAt], [null, null, null])
    assert.equal(first.trigger, 'api')
    assert.equal(first.image.ref, service.imagePath)
    assert.match(first.image.sha, /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual([typeof second.startedAt, second.finishedAt], ['string', null])
    assert.equal(typeof third.finishedAt, 'string')
    assert.equal(world.runningServices().some((one) => one.id === id), true)
  })

  test('a listing moves them too, and can be of one status', async () => {
    const { create, get } = await setUp()
    const { id, deployId } = await create()
    const [{ deploy, cursor }] = await get(`/services/${id}/deploys?limit=1`)
    assert.deepEqual([deploy.id, deploy.status, typeof cursor], [deployId, 'created', 'string'])
    assert.deepEqual(await get(`/services/${id}/deploys?status=live&status=canceled`), [])
    const [{ deploy: later }] = await get(`/services/${id}/deploys?status=update_in_progress&status=live`)
    assert.equal(later.status, 'update_in_progress')
  })

  test('a newer one that goes live takes the place of the one before', async () => {
    const { server, world, get, ownerId } = await setUp()
    const service = world.addService(ownerId)
    world.deploy(service, { plan: ['live'] })
    const statuses = async () => (await get(`/services/${service.id}/deploys`)).map(({ deploy }) => deploy.status)
    assert.deepEqual(await statuses(), ['deactivated', 'live'])
    server.settings.newestDeployFirst = true
    assert.deepEqual(await statuses(), ['live', 'deactivated'])
  })

  test('fail in all ways, also in ones that are not known yet', async () => {
    const { world, create, get, ownerId } = await setUp()
    const strange = [null, undefined, 'a_status_of_tomorrow']
    const failures = ['update_failed', 'build_failed', 'pre_deploy_failed', 'canceled']
    for (const [index, status] of [...failures, ...strange].entries()) {
      world.planNext(['queued', status])
      const { id, deployId } = await create({ name: `n-${index}` })
      const path = `/services/${id}/deploys/${deployId}`
      assert.equal((await get(path)).status, 'queued')
      assert.equal((await get(path)).status, status)
      assert.equal(world.runningServices(ownerId).some((one) => one.id === id), !failures.includes(status))
    }
  })

  test('plans by name, and by a function of the service', async () => {
    const named = await setUp({ plan: [{ name: /^bad/, plan: ['update_failed'] }] })
    const statusOf = async ({ create, get }, name) => {
      const { id, deployId } = await create({ name })
      return (await get(`/services/${id}/deploys/${deployId}`)).status
    }
    assert.equal(await statusOf(named, 'bad-one'), 'update_failed')
    assert.equal(await statusOf(named, 'good'), 'created')
    const chosen = await setUp({ plan: ({ name }) => [name] })
    assert.equal(await statusOf(chosen, 'whatever'), 'whatever')
  })

  test('one that keeps crashing gets its service suspended and goes no further', async () => {
    const { world, ownerId, create, get } = await setUp()
    world.planNext(['created', { status: 'update_in_progress', suspendedBy: 'stuck_crashlooping' }, 'live'])
    const { id, deployId } = await create()
    for (let index = 0; index < 3; index += 1) await get(`/services/${id}/deploys/${deployId}`)
    assert.equal((await get(`/services/${id}/deploys/${deployId}`)).status, 'update_in_progress')
    const { suspended, suspenders } = await get(`/services/${id}`)
    assert.deepEqual([suspended, suspenders], ['suspended', ['stuck_crashlooping']])
    assert.deepEqual(world.runningServices(ownerId), [])
  })

  test('move by themselves, for use by hand', async () => {
    const { server, world, create, get } = await setUp({ stepMilliseconds: 1 })
    const { id, deployId } = await create()
    const [deploy] = world.services.get(id).deploys
    while (deploy.step < 2) await new Promise(setImmediate)
    assert.equal((await get(`/services/${id}/deploys/${deployId}`)).status, 'live')
    assert.equal(server.requests.length, 2)
  })

  test('are of their service and no other, and may be missing at first', async () => {
    const { world, create, get, refusal } = await setUp()
    const first = await create({ name: 'first' })
    world.lag.deployReads = 2
    const second = await create({ name: 'second' })
    const foreign = `/services/${first.id}/deploys/${second.deployId}`
    assert.deepEqual(await refusal('GET', foreign), [404, `not found: ${second.deployId}`])
    assert.deepEqual(await get(`/services/${second.id}/deploys`), [])
    assert.equal((await refusal('GET', `/services/${second.id}/deploys/${second.deployId}`))[0], 404)
    assert.equal((await get(`/services/${second.id}/deploys`)).length, 1)
  })
})

describe('processes', () => {
  const script = (code) => ({ command: process.execPath, args: ['-e', code] })

  test('a deploy that is live is a process with the variables, and ends with its service', async () => {
    const { server, create, get, send } = await setUp({
      plan: ['update_in_progress', 'live'],
      runCommand: script('setInterval(() => {}, 1000)'),
    })
    const { id, deployId } = await create({ name: 'daemon' })
    assert.equal(server.processes.length, 0)
    await get(`/services/${id}/deploys/${deployId}`)
    const [{ environment, serviceName, exited }] = server.processes
    const { PATH, RENDER_INSTANCE_ID, ...rest } = environment
    assert.deepEqual([PATH, serviceName], [process.env.PATH, 'daemon'])
    assert.match(RENDER_INSTANCE_ID, new RegExp(`^${id}-`))
    assert.deepEqual(rest, {
      A: '1',
      PORT: '10000',
      RENDER: 'true',
      RENDER_SERVICE_ID: id,
      RENDER_SERVICE_NAME: 'daemon',
      RENDER_EXTERNAL_URL: 'https://daemon.onrender.com',
      RENDER_EXTERNAL_HOSTNAME: 'daemon.onrender.com',
    })
    await send('DELETE', `/services/${id}`)
    await exited
    assert.equal(server.processes[0].signal, 'SIGTERM')
  })

  test('one that is suspended stops, and runs again when it is resumed', async () => {
    const { server, create, send } = await setUp({
      plan: ['live'],
      runCommand: script('setInterval(() => {}, 1000)'),
    })
    const { id } = await create({ type: 'background_worker' })
    assert.ok(!('RENDER_EXTERNAL_URL' in server.processes[0].environment))
    await send('POST', `/services/${id}/suspend`)
    await server.processes[0].exited
    await send('POST', `/services/${id}/resume`)
    assert.equal(server.processes.length, 2)
    assert.equal(server.processes[1].exitCode, undefined)
  })

  test('one that ends by itself counts as crashing for good', async () => {
    const { server, create, get } = await setUp({ plan: ['live'], runCommand: script('console.log("oh")') })
    const { id } = await create()
    await server.processes[0].exited
    assert.equal(server.processes[0].output, 'oh\n')
    assert.deepEqual((await get(`/services/${id}`)).suspenders, ['stuck_crashlooping'])
  })
})
