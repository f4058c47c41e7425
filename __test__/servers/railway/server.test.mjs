import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'

import { isInputObjectType, isObjectType, isEnumType, isIntrospectionType } from 'graphql'

import { send as sendTo } from '../shared/send.mjs'
import { closeAfterTest } from '../shared/test-servers.mjs'
import { loadFullSchema } from './full-schema.mjs'
import { graphqlError, startRailwayServer, tooManyRequests } from './index.mjs'
import { schema } from './schema.mjs'

const CREATE = `mutation ServiceCreate($input: ServiceCreateInput!) {
  serviceCreate(input: $input) { id name projectId deletedAt }
}`
const DELETE = `mutation ServiceDelete($id: String!, $environmentId: String) {
  serviceDelete(id: $id, environmentId: $environmentId)
}`
const SERVICE = 'query Service($id: String!) { service(id: $id) { id name deletedAt } }'
const INSTANCE = `query GetInstance($environmentId: String!, $serviceId: String!) {
  serviceInstance(environmentId: $environmentId, serviceId: $serviceId) {
    id serviceId serviceName deletedAt numReplicas startCommand source { image }
    latestDeployment { id status deploymentStopped }
  }
}`
const INSTANCES = `query ListInstances($projectId: String!, $environmentId: String!, $first: Int, $after: String) {
  environment(id: $environmentId, projectId: $projectId) {
    serviceInstances(first: $first, after: $after) {
      edges { cursor node { serviceId serviceName deletedAt } } pageInfo { hasNextPage endCursor }
    }
  }
}`
const SERVICES = `query Services($id: String!) {
  project(id: $id) { services { edges { node { id } } pageInfo { hasNextPage } } }
}`
const DEPLOYMENT = 'query Deployment($id: String!) { deployment(id: $id) { id status } }'
const DEPLOY = `mutation Deploy($serviceId: String!, $environmentId: String!) {
  serviceInstanceDeployV2(serviceId: $serviceId, environmentId: $environmentId)
}`
const UPDATE = `mutation Update($serviceId: String!, $environmentId: String, $input: ServiceInstanceUpdateInput!) {
  serviceInstanceUpdate(serviceId: $serviceId, environmentId: $environmentId, input: $input)
}`
const LIMITS = `mutation Limits($input: ServiceInstanceLimitsUpdateInput!) { serviceInstanceLimitsUpdate(input: $input) }`
const UPSERT = 'mutation Upsert($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }'
const VARIABLES = `query V($projectId: String!, $environmentId: String!, $serviceId: String, $unrendered: Boolean) {
  variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: $unrendered)
}`
const ABSENT = '00000000-0000-4000-8000-000000000000'

/**
 * A server with a seeded project, and a client for it. `violates`: the test sends requests that a client of ours may
 * not send.
 */
async function setUp(options, violates = false) {
  const server = closeAfterTest(await startRailwayServer({ seed: 7, ...options }), violates)
  const seeded = server.world.seed()
  const { token, projectId, environmentId } = seeded

  const send = ({ path = '/graphql/v2?source=test', ...options }) =>
    sendTo(`${server.url}${path}`, { method: 'POST', ...options })

  const post = async (payload, { headers = { authorization: `Bearer ${token}` }, signal } = {}) => {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const answer = await send({ body, signal, headers: { 'content-type': 'application/json', ...headers } })
    return { ...answer, json: JSON.parse(answer.text) }
  }
  const call = (query, variables, options) => post({ query, variables }, options)
  const data = async (query, variables, options) => {
    const { json } = await call(query, variables, options)
    assert.equal(json.errors, undefined, JSON.stringify(json.errors))
    return json.data
  }
  const message = async (query, variables, options) => {
    const { status, json } = await call(query, variables, options)
    assert.equal(status, 200)
    assert.equal(json.data, null)
    assert.match(json.errors[0].traceId, /^\d+$/)
    return json.errors[0].message
  }
  const create = async (input, options) =>
    (await data(CREATE, { input: { projectId, environmentId, source: { image: 'busybox' }, ...input } }, options))
      .serviceCreate
  return { server, world: server.world, ...seeded, send, post, call, data, message, create }
}

const serviceIds = (instances) => instances.map(({ serviceId }) => serviceId)

describe('services', () => {
  test('a service for an environment that is no fork appears in all that are none', async () => {
    const { world, projectId, environmentId, create } = await setUp()
    const staging = world.createEnvironment(projectId, { name: 'staging' })
    const fork = world.createEnvironment(projectId, { name: 'pr-1', forkOf: environmentId })
    const { id } = await create({ name: 'wide' })
    for (const environment of [environmentId, staging.id]) {
      assert.deepEqual(serviceIds(world.instances(environment)), [id])
      assert.deepEqual(serviceIds(world.runningInstances(environment)), [id])
    }
    assert.deepEqual(world.instances(fork.id), [])
    assert.notEqual(world.instances(environmentId)[0].id, id)
  })

  test('a service for a fork stays in the fork, and an unscoped delete still finds it', async () => {
    const { world, projectId, environmentId, create, data } = await setUp()
    const fork = world.createEnvironment(projectId, { name: 'pr-1', forkOf: 'production' })
    const { id } = await create({ environmentId: fork.id })
    assert.deepEqual(world.instances(environmentId), [])
    assert.deepEqual(serviceIds(world.instances(fork.id)), [id])
    assert.deepEqual(await data(DELETE, { id }), { serviceDelete: true })
    assert.deepEqual(world.liveServices(projectId), [])
    assert.deepEqual(world.instances(fork.id), [])
  })

  test('without an image nothing runs; an image set later waits for a deploy', async () => {
    const { world, environmentId, create, data } = await setUp()
    const { id } = await create({ source: undefined })
    assert.deepEqual(world.runningInstances(environmentId), [])
    const input = { source: { image: 'busybox' }, startCommand: 'sleep 1', numReplicas: 2 }
    assert.deepEqual(await data(UPDATE, { serviceId: id, environmentId, input }), { serviceInstanceUpdate: true })
    assert.deepEqual(world.runningInstances(environmentId), [])
    const { serviceInstanceDeployV2 } = await data(DEPLOY, { serviceId: id, environmentId })
    assert.equal(world.runningInstances(environmentId)[0].deployments[0].id, serviceInstanceDeployV2)
    await data(UPDATE, { serviceId: id, environmentId, input: { startCommand: null } })
    const { serviceInstance } = await data(INSTANCE, { serviceId: id, environmentId })
    assert.equal(serviceInstance.startCommand, null)
    assert.equal(serviceInstance.numReplicas, 1, 'an update without replicas resets them')
    await data(LIMITS, { input: { serviceId: id, environmentId, memoryGB: 2, vCPUs: 1 } })
    assert.deepEqual(world.instance(id, environmentId).limits, { memoryGB: 2, vCPUs: 1 })
  })

  test('an update where there is no instance returns true and does nothing', async () => {
    const { world, projectId, environmentId, data, message } = await setUp()
    const staging = world.createEnvironment(projectId, { name: 'staging' })
    const { id } = world.addService(projectId, { environments: [staging] })
    const target = { serviceId: id, environmentId }
    assert.deepEqual(await data(UPDATE, { ...target, input: { startCommand: 'x' } }), { serviceInstanceUpdate: true })
    assert.deepEqual(world.instance(id, staging.id).settings, { numReplicas: 1 })
    assert.equal(await message(DEPLOY, target), 'ServiceInstance not found')
    assert.equal(await message(INSTANCE, target), 'ServiceInstance not found')
  })

  test('names: generated, unique in the project until deleted, at most 32 characters', async () => {
    const { world, create, message, data, projectId } = await setUp()
    assert.match((await create({})).name, /^[a-z0-9-]{3,32}$/)
    const { id } = await create({ name: 'taken' })
    const text = 'A service named "taken" already exists in this project'
    assert.equal(await message(CREATE, { input: { projectId, name: 'taken' } }), text)
    await data(DELETE, { id })
    const again = await create({ name: 'taken' })
    world.uniqueNames = false
    await create({ name: 'taken' })
    await data(DELETE, { id: again.id })
    world.uniqueNames = true
    assert.equal(await message(CREATE, { input: { projectId, name: 'taken' } }), text)
    assert.equal(await message(CREATE, { input: { projectId, name: 'x'.repeat(33) } }), 'Problem processing request')
    await create({ name: 'x'.repeat(32) })
  })

  test('deletes: scoped, unscoped, twice', async () => {
    const { world, projectId, environmentId, create, data, message } = await setUp()
    const staging = world.createEnvironment(projectId, { name: 'staging' })
    const { id } = await create({})
    await data(DELETE, { id, environmentId })
    assert.deepEqual(world.instances(environmentId), [])
    assert.equal(world.runningInstances(staging.id).length, 1)
    assert.equal((await data(SERVICE, { id })).service.id, id)
    assert.equal(await message(INSTANCE, { serviceId: id, environmentId }), 'ServiceInstance not found')
    await data(DELETE, { id })
    assert.equal(await message(SERVICE, { id }), 'Service not found')
    assert.equal(await message(DELETE, { id }), 'Service not found')
    assert.deepEqual(world.runningInstances(staging.id), [])
    assert.ok(world.services.get(id).deletedAt)
  })

  test('deletes as the schema words them, and the other answers to a second one', async () => {
    const { world, projectId, environmentId, create, data, call } = await setUp({
      scopedDelete: 'schema',
      doubleDelete: 'Problem processing request',
    })
    const staging = world.createEnvironment(projectId, { name: 'staging' })
    const { id } = await create({})
    await data(DELETE, { id, environmentId })
    assert.deepEqual(world.instances(staging.id), [])
    const { status, json } = await call(DELETE, { id, environmentId })
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(json.errors[0]), ['message', 'traceId'])
  })

  test('a deleted object may still be seen, with its deletedAt or without', async () => {
    const { world, projectId, environmentId, create, data, message } = await setUp()
    world.stale = { reads: 1 }
    const first = await create({})
    await data(DELETE, { id: first.id })
    assert.ok((await data(SERVICE, { id: first.id })).service.deletedAt)
    assert.ok((await data(INSTANCE, { serviceId: first.id, environmentId })).serviceInstance.deletedAt)
    assert.equal(await message(SERVICE, { id: first.id }), 'Service not found')
    world.stale = { reads: 1, showDeletedAt: false }
    const second = await create({})
    await data(DELETE, { id: second.id })
    assert.equal((await data(SERVICE, { id: second.id })).service.deletedAt, null)
    const { id } = world.addService(projectId, { deletedAt: true })
    for (let read = 0; read < 3; read += 1) assert.ok((await data(SERVICE, { id })).service.deletedAt)
  })
})

describe('reads', () => {
  test('a page holds 20 by default, and cursors lead through all of them', async () => {
    const { world, projectId, environmentId, data } = await setUp()
    for (let index = 0; index < 45; index += 1) world.addService(projectId, { name: `s-${index}` })
    const names = []
    const sizes = []
    let after
    do {
      const { environment } = await data(INSTANCES, { projectId, environmentId, after })
      const { edges, pageInfo } = environment.serviceInstances
      names.push(...edges.map(({ node }) => node.serviceName))
      sizes.push(edges.length)
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined
    } while (after)
    assert.deepEqual(sizes, [20, 20, 5])
    assert.deepEqual(names, Array.from({ length: 45 }, (_, index) => `s-${index}`))
    const none = (await data(INSTANCES, { projectId, environmentId, first: 0 })).environment.serviceInstances
    assert.deepEqual(none, { edges: [], pageInfo: { hasNextPage: true, endCursor: null } })
    assert.equal((await data(SERVICES, { id: projectId })).project.services.edges.length, 20)
  })

  test('a new object lags behind, per kind of read, but its name is taken at once', async () => {
    const { world, projectId, environmentId, create, data, message } = await setUp()
    world.lag = { reads: 2 }
    const { id } = await create({ name: 'late' })
    assert.match(await message(CREATE, { input: { projectId, name: 'late' } }), /already exists/)
    const listed = async () => {
      const { environment } = await data(INSTANCES, { projectId, environmentId })
      return environment.serviceInstances.edges.length
    }
    const target = { serviceId: id, environmentId }
    for (const expected of [0, 0, 1]) assert.equal(await listed(), expected)
    assert.equal(await message(INSTANCE, target), 'ServiceInstance not found')
    assert.equal(await message(INSTANCE, target), 'ServiceInstance not found')
    assert.equal((await data(INSTANCE, target)).serviceInstance.serviceName, 'late')
  })

  test('a lag by the clock of the server', async () => {
    let clock = 1_000_000
    const { world, create, data, message } = await setUp({ now: () => clock })
    world.lag = { milliseconds: 5000, serviceById: true }
    const { id } = await create({})
    assert.equal(await message(SERVICE, { id }), 'Service not found')
    clock += 5000
    assert.equal((await data(SERVICE, { id })).service.id, id)
  })

  test('a deployment moves one step with each read and stays on the last', async () => {
    const { world, environmentId, create, data } = await setUp()
    const { id } = await create({})
    const read = async () => (await data(INSTANCE, { serviceId: id, environmentId })).serviceInstance.latestDeployment
    const seen = []
    for (let index = 0; index < 5; index += 1) seen.push((await read()).status)
    assert.deepEqual(seen, ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS', 'SUCCESS'])
    world.planNext(['BUILDING', 'FAILED'])
    const deployment = (await data(DEPLOY, { serviceId: id, environmentId })).serviceInstanceDeployV2
    assert.equal((await data(DEPLOYMENT, { id: deployment })).deployment.status, 'BUILDING')
    assert.equal((await data(DEPLOYMENT, { id: deployment })).deployment.status, 'FAILED')
    assert.equal(world.runningInstances(environmentId).length, 1, 'a failed deployment leaves the one before it up')
  })

  test('plans by service name; latestDeployment may be null at first', async () => {
    const plan = [{ name: /^bad/, plan: ['CRASHED'] }]
    const { world, environmentId, create, data } = await setUp({ plan })
    world.lag = { deploymentReads: 1 }
    const { id } = await create({ name: 'bad-one' })
    const target = { serviceId: id, environmentId }
    assert.equal((await data(INSTANCE, target)).serviceInstance.latestDeployment, null)
    assert.equal((await data(INSTANCE, target)).serviceInstance.latestDeployment.status, 'CRASHED')
    assert.deepEqual(world.runningInstances(environmentId), [])
  })

  test('what does not exist is named; an id that is no UUID is not', async () => {
    const { projectId, environmentId, message, call } = await setUp()
    assert.equal(await message(SERVICE, { id: ABSENT }), 'Service not found')
    assert.equal(await message(SERVICES, { id: ABSENT }), 'Project not found')
    assert.equal(await message(DEPLOYMENT, { id: ABSENT }), 'Deployment not found')
    assert.equal(await message(INSTANCES, { projectId, environmentId: ABSENT }), 'Environment not found')
    assert.equal(await message(INSTANCES, { projectId: ABSENT, environmentId }), 'Environment not found')
    assert.equal(await message(SERVICE, { id: 'srv-1' }), 'Problem processing request')
    const { json } = await call(SERVICE, { id: ABSENT })
    const [{ traceId, ...entry }] = json.errors
    const extensions = { code: 'INTERNAL_SERVER_ERROR' }
    assert.deepEqual(entry, { message: 'Service not found', path: ['service'], extensions })
  })
})

describe('variables', () => {
  test("a reference reads another service's secret", async () => {
    const { world, projectId, environmentId, create, data } = await setUp()
    const secrets = { PASSWORD: 'hunter2', URL: 'pg:${{PASSWORD}}' }
    world.addService(projectId, { name: 'my db', image: 'postgres', variables: secrets })
    const variables = {
      LOOT: 'x${{ my db.URL }}',
      OWN: 'a',
      TWICE: '${{OWN}}${{OWN}}',
      NONE: '${{nobody.HOME}}',
      LOOP: '${{LOOP}}',
    }
    const { id: serviceId } = await create({ variables })
    const target = { projectId, environmentId, serviceId }
    const resolved = { LOOT: 'xpg:hunter2', OWN: 'a', TWICE: 'aa', NONE: '', LOOP: '' }
    assert.deepEqual((await data(VARIABLES, target)).variables, resolved)
    assert.deepEqual(world.resolvedVariables(serviceId, environmentId), resolved)
    assert.deepEqual((await data(VARIABLES, { ...target, unrendered: true })).variables, variables)
  })

  test('upsert: shared ones, replace, and the deployment it starts', async () => {
    const { world, projectId, environmentId, create, data } = await setUp()
    const { id: serviceId } = await create({ variables: { A: '1' } })
    const scope = { projectId, environmentId }
    const { deployments } = world.instance(serviceId, environmentId)
    await data(UPSERT, { input: { ...scope, variables: { S: 's' } } })
    await data(UPSERT, { input: { ...scope, serviceId, variables: { B: '${{shared.S}}' }, skipDeploys: true } })
    assert.equal(deployments.length, 1)
    assert.deepEqual((await data(VARIABLES, { ...scope, serviceId })).variables, { A: '1', B: 's' })
    await data(UPSERT, { input: { ...scope, serviceId, variables: { C: '3' }, replace: true } })
    assert.equal(deployments.length, 2)
    assert.deepEqual((await data(VARIABLES, { ...scope, serviceId })).variables, { C: '3' })
    assert.deepEqual((await data(VARIABLES, scope)).variables, { S: 's' })
  })
})

describe('tokens', () => {
  test('missing, blank, unknown', async () => {
    const { call } = await setUp()
    const ask = async (headers) => (await call(SERVICE, { id: ABSENT }, { headers })).json.errors[0]
    assert.equal((await ask({})).extensions.code, 'UNAUTHENTICATED')
    assert.equal((await ask({ authorization: 'Bearer ' })).extensions.code, 'UNAUTHENTICATED')
    assert.equal((await ask({ authorization: 'Bearer nonsense' })).message, 'Not Authorized')
    assert.match((await ask({ 'project-access-token': 'nonsense' })).message, /project token not found/i)
    const strict = await setUp({ unauthenticatedStatus: 401 })
    assert.equal((await strict.call(SERVICE, { id: ABSENT }, { headers: {} })).status, 401)
    assert.equal((await strict.call(SERVICE, { id: ABSENT })).status, 200)
  })

  test('a project token reaches its environment and no other; either header will do', async () => {
    const { world, projectId, environmentId, projectToken, create, data, message } = await setUp()
    const staging = world.createEnvironment(projectId, { name: 'staging' })
    const other = world.createProject({ name: 'other' })
    const foreign = world.addService(other, { name: 'foreign' })
    const both = { authorization: `Bearer ${projectToken}`, 'project-access-token': projectToken }
    for (const headers of [{ 'project-access-token': projectToken }, both]) {
      const { id } = await create({}, { headers })
      await data(INSTANCES, { projectId, environmentId }, { headers })
      assert.equal(await message(INSTANCES, { projectId, environmentId: staging.id }, { headers }), 'Not Authorized')
      assert.equal(await message(SERVICE, { id: foreign.id }, { headers }), 'Not Authorized')
      assert.equal(await message('{ me { id } }', {}, { headers }), 'Not Authorized')
      assert.equal((await data('{ projectToken { projectId } }', {}, { headers })).projectToken.projectId, projectId)
      await data(DELETE, { id, environmentId }, { headers })
    }
  })

  test('a member may create and not delete', async () => {
    const { world, create, message } = await setUp()
    const headers = { authorization: `Bearer ${world.addToken({ kind: 'workspace', canDelete: false })}` }
    const { id } = await create({}, { headers })
    assert.equal(await message(DELETE, { id }, { headers }), 'Not Authorized')
    assert.equal(await message('{ me { id } }', {}, { headers }), 'Not Authorized')
  })
})

describe('strictness', () => {
  test('routes, methods, types and sizes', async () => {
    const { send, server } = await setUp()
    const headers = { 'content-type': 'application/json' }
    assert.equal((await send({ path: '/graphql', headers, body: '{}' })).status, 404)
    assert.equal((await send({ method: 'GET' })).status, 405)
    assert.equal((await send({ headers: { 'content-type': 'text/plain' }, body: '{}' })).status, 415)
    assert.equal((await send({ headers, body: Buffer.alloc(1024 * 1024 + 1, 32) })).status, 413)
    assert.deepEqual(server.requests.map(({ status }) => status), [404, 405, 415, 413])
  })

  test('envelopes and documents', async () => {
    const { post, call, projectId } = await setUp({}, true)
    const code = async (answer) => {
      const { status, json } = await answer
      assert.equal(status, 400)
      return json.errors[0].extensions.code
    }
    assert.equal(await code(post('{')), 'BAD_REQUEST')
    assert.equal(await code(post([{ query: '{ __typename }' }])), 'BAD_REQUEST')
    assert.equal(await code(post({ query: '{ __typename }', id: 1 })), 'BAD_REQUEST')
    assert.equal(await code(post({ variables: {} })), 'BAD_REQUEST')
    assert.equal(await code(call('{')), 'GRAPHQL_PARSE_FAILED')
    assert.equal(await code(call('{ nonsense }')), 'GRAPHQL_VALIDATION_FAILED')
    assert.equal(await code(call(CREATE, { input: {} })), 'BAD_USER_INPUT')
    assert.equal(await code(call(CREATE, { input: { projectId, name: 7 } })), 'BAD_USER_INPUT')
    assert.equal(await code(call(CREATE, { input: { projectId, nonsense: '' } })), 'BAD_USER_INPUT')
    assert.equal(await code(call(CREATE, { input: { projectId, templateServiceId: 'sandbox' } })), 'BAD_USER_INPUT')
    assert.equal(await code(call(CREATE, { input: { projectId, variables: { A: 1 } } })), 'BAD_USER_INPUT')
    assert.equal(await code(call(`${SERVICE} ${DEPLOYMENT}`, { id: ABSENT })), 'BAD_USER_INPUT')
    const { json } = await call('query Q($id: String!) { service(id: $id, environmentId: $id) { id } }', { id: ABSENT })
    assert.match(json.errors[0].message, /^Unknown argument "environmentId" on field "Query\.service"\./)
  })

  test('rate headers, and the limit itself', async () => {
    let clock = 0
    const rateLimit = { limit: 1, windowMilliseconds: 60_000 }
    const { call } = await setUp({ now: () => clock, rateLimit })
    const { headers } = await call('{ __typename }')
    assert.equal(headers['x-ratelimit-limit'], '1')
    assert.equal(headers['x-ratelimit-remaining'], '0')
    assert.equal(headers['x-ratelimit-reset'], '1970-01-01T00:01:00.000Z')
    clock += 500
    const refused = await call('{ __typename }')
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '60')
    clock += 60_000
    assert.equal((await call('{ __typename }')).status, 200)
  })
})

describe("Railway's full schema", async () => {
  const full = await loadFullSchema()
  const skip = full ? false : "Railway's introspection result is not next to this checkout"

  test('our schema has nothing that it does not have', { skip }, () => {
    for (const [name, type] of Object.entries(schema.getTypeMap())) {
      if (isIntrospectionType(type)) continue
      const theirs = full.schema.getType(name)
      assert.ok(theirs, name)
      if (isEnumType(type)) {
        const values = (owner) => owner.getValues().map((value) => value.name).sort()
        assert.deepEqual(values(type), values(theirs), name)
      }
      if (!isObjectType(type) && !isInputObjectType(type)) continue
      for (const [field, { type: fieldType, args = [] }] of Object.entries(type.getFields())) {
        const other = theirs.getFields()[field]
        assert.equal(String(fieldType), String(other?.type), `${name}.${field}`)
        const known = (list) => list.map((argument) => `${argument.name}: ${argument.type}`).sort()
        const otherArgs = new Set(known(other.args ?? []))
        for (const argument of known(args)) assert.ok(otherArgs.has(argument), `${name}.${field}(${argument})`)
        const required = (other.args ?? []).filter(({ type: argument }) => String(argument).endsWith('!'))
        for (const { name: argument } of required) assert.ok(args.some((entry) => entry.name === argument))
      }
    }
  })

  test('violations are refused and recorded, deprecations recorded', { skip }, async () => {
    const { server, call, data, environmentId, projectId } = await setUp({}, true)
    assert.equal(server.fullSchema, true)
    await data(INSTANCES, { projectId, environmentId })
    assert.deepEqual(server.violations, [])
    assert.equal((await call('{ nonsense }')).json.errors[0].extensions.note, "refused by Railway's full schema")
    await call(CREATE, { input: { projectId, nonsense: '' } })
    assert.deepEqual(server.violations.map(({ kind }) => kind), ['document', 'variables'])
    const unmodelled = await call('{ regions { name } }')
    assert.equal(unmodelled.json.errors[0].extensions.note, 'valid for Railway; this fake server does not model it')
    await call('{ me { workspace { id } } }')
    assert.equal(server.violations.at(-1).kind, 'deprecated')
  })
})

describe('faults', () => {
  test('reset before and after the effect, and half an answer', async () => {
    const { server, world, projectId, create } = await setUp()
    const { faults } = server
    faults.add({ when: 'serviceCreate', kind: 'reset-before' })
    faults.add({ when: 'serviceCreate', kind: 'reset-after', rst: false })
    faults.add({ when: 'serviceCreate', kind: 'cut' })
    await assert.rejects(create({ name: 'one' }), { code: 'ECONNRESET' })
    assert.equal(world.liveServices(projectId).length, 0)
    await assert.rejects(create({ name: 'two' }), { code: 'ECONNRESET' })
    assert.equal(world.liveServices(projectId).length, 1)
    const cut = await create({ name: 'three' }).catch((error) => error)
    assert.equal(cut.code, 'ECONNRESET')
    assert.equal(cut.status, 200)
    assert.match(cut.partial, /^\{"data":/)
    assert.equal(world.liveServices(projectId).length, 2)
    assert.equal((await create({ name: 'four' })).name, 'four')
    assert.deepEqual(faults.counts, { 'reset-before': 1, 'reset-after': 1, cut: 1 })
    assert.deepEqual(
      server.requests.map(({ fault, effect, aborted }) => [fault, effect, aborted]),
      [
        ['reset-before', undefined, undefined],
        ['reset-after', true, undefined],
        ['cut', true, undefined],
        [undefined, true, undefined],
      ],
    )
    assert.deepEqual(server.operations(), { serviceCreate: 4 })
  })

  test('other answers, with and without the effect', async () => {
    const { server, world, projectId, call } = await setUp()
    const input = { projectId }
    server.faults.add({ kind: 'respond', status: 503, body: 'upstream connect error', effect: true })
    server.faults.add(tooManyRequests({ retryAfter: 3 }))
    server.faults.add(graphqlError('You are creating services too quickly', { path: ['serviceCreate'] }))
    server.faults.add({ kind: 'replace', map: (json) => ({ ...json, extra: true }) })
    await assert.rejects(call(CREATE, { input }), SyntaxError)
    assert.equal(world.liveServices(projectId).length, 1)
    const limited = await call(CREATE, { input })
    assert.equal(limited.status, 429)
    assert.equal(limited.headers['retry-after'], '3')
    const throttled = await call(CREATE, { input })
    assert.equal(throttled.status, 200)
    assert.equal(throttled.json.errors[0].message, 'You are creating services too quickly')
    assert.equal(world.liveServices(projectId).length, 1)
    assert.equal((await call(CREATE, { input })).json.extra, true)
    assert.equal(world.liveServices(projectId).length, 2)
  })

  test("the edge refuses more requests than it admits in a second", async () => {
    let now = 1_000_000
    const { send } = await setUp({ now: () => now, edgeLimit: 2 })
    const statuses = async () => {
      const request = { body: '{}', headers: { 'content-type': 'application/json' } }
      return [(await send(request)).status, (await send(request)).status, (await send(request)).status]
    }
    assert.deepEqual(await statuses(), [400, 400, 429])
    now += 1_000
    assert.deepEqual(await statuses(), [400, 400, 429])
    const { status, headers, text } = await send({ body: '{}', headers: { 'content-type': 'application/json' } })
    assert.deepEqual([status, text], [429, 'error code: 1015'])
    assert.match(headers['content-type'], /^text\/plain/)
    for (const absent of ['retry-after', 'x-ratelimit-limit']) assert.equal(headers[absent], undefined)
  })

  test("the edge's page", async () => {
    const { server, send } = await setUp()
    server.faults.add({ kind: 'html', status: 429 })
    const { status, headers, text } = await send({ body: '{}', headers: { 'content-type': 'application/json' } })
    assert.equal(status, 429)
    assert.match(headers['content-type'], /^text\/html/)
    assert.match(text, /<title>Access denied \| backboard\.railway\.com used Cloudflare to restrict access<\/title>/)
    assert.equal(headers['x-ratelimit-limit'], undefined)
  })

  test('slow answers, answers that never come, effects that come late', async () => {
    const { server, world, projectId, create, data } = await setUp()
    server.faults.add({ kind: 'slow', milliseconds: 5 })
    await create({ name: 'slow' })

    server.faults.add({ kind: 'slow', milliseconds: Infinity, when: ({ operation }) => operation === 'serviceCreate' })
    const controller = new AbortController()
    const hanging = create({ name: 'hanging' }, { signal: controller.signal })
    await data(SERVICES, { id: projectId }) // not what the fault waits for
    while (!world.liveServices(projectId).some(({ name }) => name === 'hanging')) await new Promise(setImmediate)
    controller.abort()
    await assert.rejects(hanging, { name: 'AbortError' })
    const left = await server.waitForRequest('serviceCreate', { count: 2 })
    assert.equal(left.aborted, true)
    assert.equal(left.effect, true)

    server.faults.add({ kind: 'late-effect', milliseconds: 500 })
    await assert.rejects(create({ name: 'late' }), { code: 'ECONNRESET' })
    assert.equal(world.liveServices(projectId).length, 2)
    await server.quiet()
    assert.equal(world.liveServices(projectId).length, 3)

    // As if this machine had been slow: the provider promises that no effect comes later than that.
    server.faults.add({ kind: 'late-effect', milliseconds: 5, latest: 0.001 })
    await assert.rejects(create({ name: 'too late' }), { code: 'ECONNRESET' })
    server.faults.add({ kind: 'slow', milliseconds: 5, latest: 0.001, effectFirst: false })
    await assert.rejects(create({ name: 'too late as well' }), { code: 'ECONNRESET' })
    await server.quiet()
    assert.equal(world.liveServices(projectId).length, 3)
  })

  test('reset forgets faults, also those under way', async () => {
    const { server, world, projectId, create } = await setUp()
    server.faults.add({ kind: 'late-effect', milliseconds: 60_000 })
    await assert.rejects(create({}))
    server.faults.add({ kind: 'reset-before', times: Infinity })
    server.reset()
    await server.quiet()
    assert.deepEqual(server.requests, [])
    await create({})
    assert.equal(world.liveServices(projectId).length, 1)
    assert.throws(() => server.faults.add({ kind: 'reset' }), /unknown fault kind/)
  })

  test('random faults repeat with their seed', async () => {
    const round = async () => {
      const { server, call } = await setUp()
      const kinds = [{ kind: 'reset-before' }, { kind: 'html', status: 403 }]
      server.faults.random({ seed: 3, rate: 0.5, kinds, limit: 6 })
      for (let index = 0; index < 20; index += 1) await call('{ __typename }').catch(() => {})
      return server.requests.map(({ fault }) => fault)
    }
    const first = await round()
    assert.equal(first.filter(Boolean).length, 6)
    assert.deepEqual(await round(), first)
  })
})

describe('connections', () => {
  test('are kept open, counted, and refused while not listening', async () => {
    const { server, call } = await setUp()
    for (let index = 0; index < 3; index += 1) await call('{ __typename }')
    assert.deepEqual(server.connections, { open: 1, total: 1 })
    assert.deepEqual(new Set(server.requests.map(({ socketId }) => socketId)), new Set([1]))
    await server.stopListening()
    http.globalAgent.destroy() // it may not have noticed yet that the connection it keeps has been cut
    await assert.rejects(once(net.connect(server.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
    assert.deepEqual(server.connections, { open: 0, total: 1 })
    await server.listenAgain()
    assert.equal((await call('{ __typename }')).status, 200)
    assert.deepEqual(server.connections, { open: 1, total: 2 })
  })

  test('a client that leaves while sending has no effect', async () => {
    const { server, world, token, projectId } = await setUp()
    const body = JSON.stringify({ query: CREATE, variables: { input: { projectId } } })
    const socket = net.connect(server.port, '127.0.0.1')
    socket.write(`POST /graphql/v2 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`)
    socket.write(`content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`)
    while (server.requests.length === 0) await new Promise(setImmediate)
    socket.destroy()
    const request = await server.waitForRequest(() => true)
    assert.equal(request.aborted, true)
    assert.deepEqual(world.liveServices(projectId), [])
  })
})

describe('processes', () => {
  const script = (code) => ({ command: process.execPath, args: ['-e', code] })

  test('a deployment that is up is a process with the resolved variables, and ends with its service', async () => {
    const { server, world, projectId, environmentId, create, data } = await setUp({
      plan: ['DEPLOYING', 'SUCCESS'],
      runCommand: (service) => (service.name === 'db' ? script('') : script('setInterval(() => {}, 1000)')),
    })
    world.addService(projectId, { name: 'db', variables: { SECRET: 's3' } })
    const { id } = await create({ variables: { LOOT: '${{db.SECRET}}' } })
    assert.equal(server.processes.length, 0)
    await data(INSTANCE, { serviceId: id, environmentId })
    const [child] = server.processes
    assert.deepEqual(Object.keys(child.environment).sort(), [
      'LOOT',
      'PATH',
      'RAILWAY_ENVIRONMENT_ID',
      'RAILWAY_PROJECT_ID',
      'RAILWAY_SERVICE_ID',
    ])
    assert.equal(child.environment.LOOT, 's3')
    assert.equal(child.environment.RAILWAY_SERVICE_ID, id)
    await data(DELETE, { id })
    await child.exited
    assert.equal(child.signal, 'SIGTERM')
  })

  test('a process that fails crashes its deployment, one that ends completes it', async () => {
    const { server, environmentId, world, create, data } = await setUp({
      plan: ['SUCCESS'],
      runCommand: ({ name }) => script(name === 'bad' ? 'console.log("oh"); process.exit(3)' : ''),
    })
    const bad = await create({ name: 'bad' })
    const good = await create({ name: 'good' })
    await Promise.all(server.processes.map(({ exited }) => exited))
    const latest = async ({ id }) => {
      const { serviceInstance } = await data(INSTANCE, { serviceId: id, environmentId })
      const { status, deploymentStopped } = serviceInstance.latestDeployment
      return { status, deploymentStopped }
    }
    assert.deepEqual(await latest(bad), { status: 'CRASHED', deploymentStopped: true })
    assert.deepEqual(await latest(good), { status: 'SUCCESS', deploymentStopped: true })
    assert.equal(server.processes[0].output, 'oh\n')
    assert.deepEqual(world.runningInstances(environmentId), [])
  })
})
