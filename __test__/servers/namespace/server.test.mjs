// What becomes of instances at the Namespace server.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { MARK } from '../../support/canary.mjs'
import { PLANS, SECRETS } from './index.mjs'
import { ABSENT, BODY, detailOf, HOUR, labelled, setUp, START } from './test-client.mjs'

describe('create', () => {
  test('answers before the instance runs, with the id, the deadline in force and nothing that is empty', async () => {
    const { create, workspace, world } = await setUp({ now: () => START })
    const answer = await create()
    const { instanceId, creatorId, services, ...metadata } = answer.metadata
    assert.match(instanceId, /^[a-z0-9]{13}$/)
    assert.equal(answer.instanceUrl, `https://cloud.namespace.so/${workspace.id}/instance/${instanceId}`)
    assert.deepEqual(metadata, {
      createdAt: '2026-09-01T10:00:00.000456Z',
      deadline: '2026-09-01T11:00:00Z',
      documentedPurpose: 'ComputeSDK sandbox',
      shape: BODY.shape,
      status: 'PENDING',
      ingressDomain: 'us1.nscluster.cloud',
      labels: BODY.labels,
      hwDeployment: { geoContinent: 'us', majorHwplatform: 'a2' },
    })
    assert.ok(!('shutdownReasons' in answer))
    assert.deepEqual(answer.containers.map(({ name }) => name), ['main-container'])
    assert.deepEqual(world.environmentOf(instanceId), { GREETING: 'hello' })
    assert.equal(world.get(instanceId).containers[0].isService, true)
  })

  test('takes a body without any field, and gives it a default shape', async () => {
    const { ask } = await setUp()
    const { metadata, containers } = await ask('CreateInstance', {})
    assert.deepEqual(metadata.shape, { virtualCpu: 4, memoryMegabytes: 8192, machineArch: 'amd64', os: 'linux' })
    assert.equal(containers, undefined)
  })

  test('takes the names of the schema, numbers of enums and numbers as strings', async () => {
    const { ask, world } = await setUp()
    const { metadata } = await ask('CreateInstance', {
      shape: { virtual_cpu: '2', memory_megabytes: 4096 },
      documented_purpose: 'p',
      containers: [{ name: 'a', image_ref: 'nginx', workload_type: 2 }],
    })
    assert.equal(metadata.documentedPurpose, 'p')
    assert.equal(world.get(metadata.instanceId).containers[0].isService, true)
  })

  test('caps a deadline, and refuses one that has passed', async () => {
    const { create, refused } = await setUp({ now: () => START })
    const asked = async (deadline) => (await create({ deadline })).metadata.deadline
    assert.equal(await asked('2026-09-01T10:30:00Z'), '2026-09-01T10:30:00Z')
    assert.equal(await asked('2026-09-01T12:30:00+02:00'), '2026-09-01T10:30:00Z')
    assert.equal(await asked('2026-09-03T10:00:00Z'), '2026-09-02T10:00:00Z')
    await refused('CreateInstance', { ...BODY, deadline: '2026-09-01T10:00:00Z' }, 400, 'invalid_argument')
  })

  test('refuses a label of the wrong form without a word', async () => {
    const { call, create } = await setUp()
    for (const name of ['', 'Upper', 'a/b', 'a_b', '1a', 'a-', 'a.', 'x'.repeat(64)]) {
      const { status, json } = await call('CreateInstance', { ...BODY, ...labelled(name, 'x') })
      assert.equal(status, 400, name)
      assert.deepEqual(json, { code: 'invalid_argument' }, name)
    }
    const { json } = await call('CreateInstance', { ...BODY, ...labelled('a', 'ü'.repeat(128)) })
    assert.deepEqual(json, { code: 'invalid_argument' })
    await create(labelled('x'.repeat(63), `${'ü'.repeat(127)}x`))
    await create(labelled('computesdk.create-mark', ''))
  })

  test('refuses what makes no instance', async () => {
    const { refused } = await setUp()
    const [container] = BODY.containers
    const port = { containerPort: 80, proto: 'HTTP' }
    const bad = {
      'two labels of a name': { labels: [BODY.labels[0], BODY.labels[0]] },
      'an unlisted cpu': { shape: { ...BODY.shape, virtualCpu: 3 } },
      'an unlisted memory': { shape: { ...BODY.shape, memoryMegabytes: 4000 } },
      'less memory than cpu': { shape: { ...BODY.shape, virtualCpu: 8 } },
      'no cpu': { shape: { ...BODY.shape, virtualCpu: 0 } },
      'an unknown architecture': { shape: { ...BODY.shape, machineArch: 'x86_64' } },
      'an unknown system': { shape: { ...BODY.shape, os: 'Linux' } },
      'containers on macos': { shape: { ...BODY.shape, machineArch: 'arm64', os: 'macos' } },
      'no name': { containers: [{ ...container, name: '' }] },
      'a bad name': { containers: [{ ...container, name: 'Main' }] },
      'a name twice': { containers: [container, container] },
      'no image': { containers: [{ ...container, imageRef: '' }] },
      'an unknown workload': { containers: [{ ...container, workloadType: 9 }] },
      'a variable without a name': { containers: [{ ...container, environment: { '': 'x' } }] },
      'a port without proto': { containers: [{ ...container, exportPorts: [{ containerPort: 80 }] }] },
      'a port out of range': { containers: [{ ...container, exportPorts: [{ ...port, containerPort: 65_536 }] }] },
      'a port of a bad name': { containers: [{ ...container, exportPorts: [{ ...port, name: 'a_b' }] }] },
      'rules without HTTP': {
        containers: [{ ...container, exportPorts: [{ ...port, proto: 'TCP', httpMatchRule: [{}] }] }],
      },
      'a bad tag': { experimental: { uniqueTag: 'a b' } },
    }
    for (const [what, changes] of Object.entries(bad)) {
      const { message: text } = await refused('CreateInstance', { ...BODY, ...changes }, 400, 'invalid_argument')
      assert.ok(text, what)
    }
  })

  test('takes any shape as an option', async () => {
    const { create } = await setUp({ shapes: 'any' })
    await create({ shape: { ...BODY.shape, virtualCpu: 3, memoryMegabytes: 100 } })
  })

  test('gives the addresses of exported ports', async () => {
    const { create } = await setUp()
    const rule = { match: { method: ['GET'], path: '/' }, doesNotRequireAuth: true }
    const exportPorts = [
      { name: 'web', containerPort: 8080, proto: 'HTTP', httpMatchRule: [rule] },
      { containerPort: 5432, proto: 'TCP' },
    ]
    const { metadata, containers } = await create({ containers: [{ ...BODY.containers[0], exportPorts }] })
    const [web, database] = containers[0].exportedPort
    const fqdn = `web-${metadata.instanceId}.${metadata.ingressDomain}`
    const expected = { proto: 'HTTP', containerPort: 8080, httpMatchRule: [rule], exportedPort: 443, fqdn }
    assert.deepEqual(web, { ...expected, endpoint: `${fqdn}:443` })
    assert.deepEqual([database.proto, database.containerPort], ['TCP', 5432])
  })
})

describe('unique tags', () => {
  const tagged = (uniqueTag, changes) => ({ experimental: { uniqueTag }, ...changes })

  test('give the same instance again, whatever its state, until it is gone', async () => {
    const { createId, destroy, look, world, workspace } = await setUp()
    const first = await createId(tagged('box-1'))
    assert.equal(await createId(tagged('box-1')), first)
    for (const status of ['RUNNING', 'SUSPENDED', 'ERROR']) {
      world.setStatus(first, status)
      assert.equal(await createId(tagged('box-1')), first, status)
    }
    await destroy(first)
    assert.equal(await createId(tagged('box-1')), first, 'still going')
    await look(first)
    const second = await createId(tagged('box-1'))
    assert.notEqual(second, first)
    assert.equal(world.liveInstances(workspace).length, 1)
    assert.notEqual(await createId(tagged('box-2')), second)
    assert.equal(await createId(tagged('box-1')), second)
  })

  test('hold in one region of one workspace', async () => {
    const { createId, world } = await setUp()
    const other = world.addToken({ workspace: world.createWorkspace() })
    const made = [
      await createId(tagged('box-1')),
      await createId(tagged('box-1'), { region: 'eu' }),
      await createId(tagged('box-1'), { by: other }),
    ]
    assert.equal(new Set(made).size, 3)
    assert.equal(await createId(tagged('box-1'), { region: 'eu' }), made[1])
  })

  test('of an instance that is being deleted may give a new instance, or none', async () => {
    const { createId, destroy, refused, server } = await setUp({ destroyingHolder: 'new' })
    const first = await createId(tagged('box-1'))
    await destroy(first)
    const second = await createId(tagged('box-1'))
    assert.notEqual(second, first)
    server.settings.destroyingHolder = 'refuse'
    await destroy(second)
    await refused('CreateInstance', { ...BODY, ...tagged('box-1') }, 400, 'failed_precondition')
  })

  test('with another body gives the existing instance, or is refused', async () => {
    const { createId, create, refused, server } = await setUp()
    const first = await createId(tagged('box-1'))
    const other = tagged('box-1', labelled('other', 'x'))
    const answer = await create(other)
    assert.equal(answer.metadata.instanceId, first)
    assert.deepEqual(answer.metadata.labels, BODY.labels, 'and it stays what it was')
    server.settings.otherBody = 'refuse'
    await refused('CreateInstance', { ...BODY, ...other }, 409, 'already_exists')
    const withVariables = (environment) => ({ containers: [{ ...BODY.containers[0], environment }] })
    const second = await createId(tagged('box-2', withVariables({ A: '1', B: '2' })))
    const reordered = tagged('box-2', withVariables({ B: '2', A: '1' }))
    assert.equal(await createId(reordered), second, 'the order of variables is no difference')
  })

  test('are claimed at once by the first of many', async () => {
    const { createId, world, workspace } = await setUp()
    const made = await Promise.all(Array.from({ length: 10 }, () => createId(tagged('box-1'))))
    assert.equal(new Set(made).size, 1)
    assert.equal(world.allInstances(workspace).length, 1)
  })
})

describe('the course of an instance', () => {
  test('moves one step with each describe and with no list', async () => {
    const { createId, statuses, list } = await setUp()
    const id = await createId()
    for (let count = 0; count < 3; count += 1) assert.equal((await list())[0].status, 'PENDING')
    assert.deepEqual(await statuses(id, 4), ['PENDING', 'CREATING', 'RUNNING', 'RUNNING'])
  })

  test('has a time of being ready', async () => {
    let clock = START
    const { createId, statuses, look } = await setUp({ now: () => clock })
    const id = await createId()
    await statuses(id, 1)
    clock += 1500
    await statuses(id, 1)
    assert.equal((await look(id)).readyAt, '2026-09-01T10:00:01.500Z')
  })

  test('can end as failed, which stays and says why', async () => {
    const { createId, statuses, ask, world, workspace } = await setUp({ plan: PLANS.fails })
    const instanceId = await createId()
    assert.deepEqual(await statuses(instanceId, 4), ['PENDING', 'CREATING', 'ERROR', 'ERROR'])
    const { shutdownReasons } = await ask('DescribeInstance', { instanceId })
    assert.equal(shutdownReasons[0].containerName, 'main-container')
    assert.equal(world.liveInstances(workspace).length, 1)
  })

  test('follows its own plan, the next plan, a function, or none', async () => {
    const plan = ({ labels }) => (labels[0].value === 'bad' ? PLANS.vanishes : PLANS.never)
    const { createId, statuses, world } = await setUp({ plan })
    assert.deepEqual(await statuses(await createId(), 3), ['PENDING', 'CREATING', 'CREATING'])
    assert.deepEqual(await statuses(await createId(labelled('a', 'bad')), 3), ['PENDING', 'CREATING', 'DESTROYED'])
    world.planNext(['RUNNING'])
    const id = await createId()
    assert.deepEqual(await statuses(id, 1), ['RUNNING'])
    world.setStatus(id, { status: 'ERROR', shutdownReasons: [{ errorCode: 7 }] })
    assert.deepEqual(world.get(id).shutdownReasons, [{ errorCode: 7 }])
    assert.deepEqual(await statuses(await createId(), 2), ['PENDING', 'CREATING'])
  })

  test('can lead to a state that no schema knows', async () => {
    const { createId, look, list, server } = await setUp({ plan: ['HIBERNATED', 'THAWING', 'RUNNING'] })
    server.settings.statesOfList.push('THAWING')
    const id = await createId()
    assert.equal((await look(id)).status, 'HIBERNATED')
    assert.deepEqual((await list()).map(({ status }) => status), ['THAWING'])
  })

  test('proceeds by the clock as an option', async () => {
    let clock = START
    const { createId, statuses, destroy, world } = await setUp({ now: () => clock, stepMilliseconds: 1000 })
    const id = await createId()
    assert.deepEqual(await statuses(id, 2), ['PENDING', 'PENDING'])
    clock += 1500
    assert.deepEqual(await statuses(id, 2), ['CREATING', 'CREATING'])
    clock += 500
    assert.equal(world.get(id).status, 'RUNNING')
    await destroy(id)
    assert.deepEqual(await statuses(id, 2), ['DESTROYING', 'DESTROYING'])
    clock += 1000
    assert.deepEqual(await statuses(id, 1), ['DESTROYED'])
  })

  test('proceeds by the clock only at its end as an option', async () => {
    let clock = START
    const { createId, statuses, destroy } = await setUp({ now: () => clock, endingMilliseconds: 500 })
    const id = await createId()
    assert.deepEqual(await statuses(id, 3), PLANS.runs)
    await destroy(id)
    assert.deepEqual(await statuses(id, 2), ['DESTROYING', 'DESTROYING'])
    clock += 500
    assert.deepEqual(await statuses(id, 1), ['DESTROYED'])
  })

  test('ends at the deadline', async () => {
    let clock = START
    const { createId, look, world, workspace } = await setUp({ now: () => clock, lifetimeMilliseconds: HOUR })
    const id = await createId()
    clock += HOUR - 1
    assert.equal(world.liveInstances(workspace).length, 1)
    clock += 1
    assert.deepEqual(world.liveInstances(workspace), [])
    assert.equal((await look(id)).status, 'DESTROYING')
    assert.equal((await look(id)).destroyedAt, '2026-09-01T11:00:00Z')
    assert.equal(world.get(id).destroyReason, 'deadline')
  })
})

describe('describe', () => {
  test('holds private keys as long as the instance exists', async () => {
    const { createId, ask, destroy, look } = await setUp()
    const instanceId = await createId()
    const text = JSON.stringify(await ask('DescribeInstance', { instanceId }))
    for (const secret of [MARK, ...SECRETS]) assert.ok(text.includes(secret))
    assert.equal(new Set(SECRETS).size, 2)
    await destroy(instanceId)
    await look(instanceId)
    const answer = await ask('DescribeInstance', { instanceId })
    assert.deepEqual([answer.metadata.status, answer.extendedMetadata], ['DESTROYED', undefined])
  })

  test('shows a destroyed instance, or as an option does not', async () => {
    const { createId, destroy, statuses, look, refused, server, ids } = await setUp()
    const instanceId = await createId()
    await destroy(instanceId)
    assert.deepEqual(await statuses(instanceId, 3), ['DESTROYING', 'DESTROYED', 'DESTROYED'])
    assert.match((await look(instanceId)).destroyedAt, /Z$/)
    server.settings.forgetDestroyed = true
    await refused('DescribeInstance', { instanceId }, 404, 'not_found')
    await refused('DestroyInstance', { instanceId }, 404, 'not_found')
    assert.deepEqual(await ids({ includeCompleteRuns: true }), [])
  })

  test('does not find what does not exist, is of another workspace, or of another region', async () => {
    const { createId, refused, world, look } = await setUp()
    const foreign = world.addInstance(world.createWorkspace())
    const european = await createId({}, { region: 'eu' })
    for (const instanceId of [ABSENT, foreign.id, european]) {
      const error = await refused('DescribeInstance', { instanceId }, 404, 'not_found')
      assert.equal(detailOf(error)[0], 'nsl.clusters.v1.EnvironmentDoesntExist')
    }
    await refused('DescribeInstance', {}, 400, 'invalid_argument')
    assert.equal((await look(european, { region: 'eu' })).hwDeployment.geoContinent, 'eu')
  })
})

describe('destroy', () => {
  test('is accepted, and takes its time', async () => {
    const { createId, destroy, statuses, world, workspace } = await setUp()
    const id = await createId()
    await statuses(id, 3)
    assert.deepEqual(await destroy(id), {})
    assert.deepEqual(world.liveInstances(workspace), [])
    assert.equal(world.get(id).status, 'DESTROYING')
    assert.equal(world.get(id).destroyReason, 'done')
    assert.deepEqual(await destroy(id), {}, 'again, while it goes')
    assert.deepEqual(await statuses(id, 2), ['DESTROYING', 'DESTROYED'])
    assert.equal(world.allInstances(workspace).length, 1)
  })

  test('of a destroyed instance is refused by either code', async () => {
    const { createId, destroy, refused, server } = await setUp({ ending: ['DESTROYED'] })
    const instanceId = await createId()
    await destroy(instanceId)
    const error = await refused('DestroyInstance', { instanceId }, 400, 'failed_precondition')
    assert.equal(detailOf(error)[0], 'nsl.clusters.v1.EnvironmentDestroyed')
    server.settings.destroyDead = 'not_found'
    await refused('DestroyInstance', { instanceId }, 404, 'not_found')
  })

  test('of an instance that is being deleted may be refused', async () => {
    const { createId, destroy, refused } = await setUp({ destroyDying: 'refuse' })
    const instanceId = await createId()
    await destroy(instanceId)
    await refused('DestroyInstance', { instanceId }, 400, 'failed_precondition')
  })

  test('works on failed and suspended instances, and not on unknown or foreign ones', async () => {
    const { createId, destroy, refused, world, workspace } = await setUp()
    for (const status of ['ERROR', 'SUSPENDED']) {
      const id = await createId()
      world.setStatus(id, status)
      await destroy(id)
    }
    assert.deepEqual(world.liveInstances(workspace), [])
    const foreign = world.addInstance(world.createWorkspace())
    for (const instanceId of [ABSENT, foreign.id]) {
      await refused('DestroyInstance', { instanceId }, 404, 'not_found')
    }
    assert.equal(foreign.status, 'RUNNING')
  })
})

describe('lag', () => {
  test('hides a new instance from each kind of read, and not from its tag', async () => {
    const { createId, ids, refused, look, world } = await setUp()
    world.lag = { reads: 2 }
    const instanceId = await createId({ experimental: { uniqueTag: 'a' } })
    assert.deepEqual([await ids(), await ids(), await ids()], [[], [], [instanceId]])
    await refused('DescribeInstance', { instanceId }, 404, 'not_found')
    assert.equal(await createId({ experimental: { uniqueTag: 'a' } }), instanceId)
    await refused('DescribeInstance', { instanceId }, 404, 'not_found')
    assert.equal((await look(instanceId)).status, 'PENDING')
  })

  test('goes by the clock, and may hide it from destroy as well', async () => {
    let clock = START
    const { createId, refused, destroy, world } = await setUp({ now: () => clock })
    world.lag = { milliseconds: 5000 }
    const seen = await createId()
    await refused('DescribeInstance', { instanceId: seen }, 404, 'not_found')
    await destroy(seen)
    world.lag = { milliseconds: 5000, destroy: true }
    const instanceId = await createId()
    await refused('DestroyInstance', { instanceId }, 404, 'not_found')
    clock += 5000
    await destroy(instanceId)
  })

  test('shows a destroyed instance as it was', async () => {
    const { createId, statuses, destroy, list, world } = await setUp()
    const id = await createId()
    await statuses(id, 3)
    world.stale = { reads: 2, showDeletedAt: false }
    await destroy(id)
    assert.deepEqual([(await list()).length, (await list()).length, (await list()).length], [1, 1, 0])
    assert.deepEqual(await statuses(id, 4), ['RUNNING', 'RUNNING', 'DESTROYING', 'DESTROYED'])
  })
})
