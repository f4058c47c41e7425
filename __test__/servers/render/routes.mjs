import { statusOf } from '../shared/courses.mjs'
import { compileQuery, flag, integer, list, oneOf, text, word } from '../shared/schema.mjs'
import { badQuery, jsonAnswer, nameTaken, notFound, paymentRequired, RenderError } from './errors.mjs'
import { cutPage } from './pages.mjs'
import { createViews } from './present.mjs'
import { REGIONS, TYPES } from './validation.mjs'

/** No source says what Render does with a limit above 100. */
const PAGE = { cursor: word, limit: integer(1, 100) }
/** A parameter with commas between its values, and one that may come several times. */
const listOf = (values = word) => list(values, { separator: ',' })
const REPEATABLE = list(text, { repeatable: true })

const query = (parameters) => compileQuery(parameters, badQuery)

/** The query parameters of the operations that take any. They are compiled once, not at each start of a server. */
const QUERIES = {
  listServices: query({
    ...PAGE,
    environmentId: listOf(),
    includePreviews: flag,
    name: listOf(),
    ownerId: listOf(),
    region: listOf(oneOf(...REGIONS)),
    suspended: listOf(oneOf('suspended', 'not_suspended')),
    type: listOf(oneOf(...TYPES)),
  }),
  listDeploys: query({ ...PAGE, status: REPEATABLE }),
  listEnvVars: query(PAGE),
  listOwners: query({ ...PAGE, name: REPEATABLE, email: REPEATABLE }),
}

/**
 * Creates the routes of this server (docs/providers/render.md), each with its operation, its rate window and its query
 * parameters.
 *
 * @typedef {object} Route
 * @property {string} method
 * @property {string} path below /v1
 * @property {string} operation
 * @property {import('./rate.mjs').BucketName} bucket
 * @property {(url: string) => object} [query] reads the parameters; default: none
 * @property {boolean} [hasBody]
 * @property {(request: { caller: import('./access.mjs').Caller, parameters: object, ids: string[], body: any }) =>
 *   import('../shared/http.mjs').Answer} run
 *
 * @param {import('./world.mjs').World} world
 * @param {object} settings of the server
 * @returns {Route[]}
 */
export function createRoutes(world, settings) {
  const views = createViews(world, settings)

  return [
    {
      method: 'GET',
      path: '/services',
      operation: 'listServices',
      bucket: 'read',
      query: QUERIES.listServices,
      run: ({ caller, parameters }) => {
        const isWanted = serviceFilter(parameters)
        const isShown = (service) => isWanted(service) && world.isSeen(service, 'list')
        const page = cut(servicesOf(ownersToList(caller, parameters)), parameters, isShown, {
          newestFirst: settings.newestFirst,
        })
        return ok(page.map(({ object, cursor }) => ({ service: views.service(object), cursor })))
      },
    },
    { method: 'POST', path: '/services', operation: 'createService', bucket: 'create', hasBody: true, run: create },
    {
      method: 'GET',
      path: '/services/:id',
      operation: 'retrieveService',
      bucket: 'read',
      run: ({ caller, ids }) => ok(views.service(find(caller, ids[0]))),
    },
    {
      method: 'DELETE',
      path: '/services/:id',
      operation: 'deleteService',
      bucket: 'write',
      run: ({ caller, ids }) => {
        const service = reach(caller, ids[0])
        if (service.deletedAt) throw notFound(service.id, settings.goneStatus)
        if (service.deletionLag && !world.isSeen(service.deletionLag, 'delete')) throw notFound(service.id)
        world.deleteService(service)
        return { status: 204 }
      },
    },
    { method: 'POST', path: '/services/:id/suspend', operation: 'suspendService', bucket: 'service', run: suspend },
    { method: 'POST', path: '/services/:id/resume', operation: 'resumeService', bucket: 'service', run: resume },
    {
      method: 'GET',
      path: '/services/:id/deploys',
      operation: 'listDeploys',
      bucket: 'read',
      query: QUERIES.listDeploys,
      run: ({ caller, ids, parameters }) => {
        const { deploys } = find(caller, ids[0])
        const isShown = (deploy) => fits(parameters.status, statusOf(deploy)) && world.isSeen(deploy, 'deploy')
        const page = cut(deploys, parameters, isShown, { newestFirst: settings.newestDeployFirst })
        return ok(page.map(({ object, cursor }) => ({ deploy: views.deploy(object), cursor })))
      },
    },
    {
      method: 'GET',
      path: '/services/:id/deploys/:id',
      operation: 'retrieveDeploy',
      bucket: 'read',
      run: ({ caller, ids }) => {
        const service = find(caller, ids[0])
        const deploy = service.deploys.find(({ id }) => id === ids[1])
        if (!deploy || !world.isSeen(deploy, 'deploy')) throw notFound(ids[1])
        return ok(views.deploy(deploy))
      },
    },
    {
      method: 'GET',
      path: '/services/:id/env-vars',
      operation: 'listEnvVars',
      bucket: 'read',
      query: QUERIES.listEnvVars,
      run: ({ caller, ids, parameters }) => {
        const entries = variablesOf(find(caller, ids[0])).map(([key, value], sequence) => ({ key, value, sequence }))
        const page = cut(entries, parameters, () => true)
        return ok(page.map(({ object: { key, value }, cursor }) => ({ envVar: { key, value }, cursor })))
      },
    },
    {
      method: 'GET',
      path: '/services/:id/env-vars/:key',
      operation: 'retrieveEnvVar',
      bucket: 'read',
      run: ({ caller, ids }) => {
        const found = variablesOf(find(caller, ids[0])).find(([key]) => key === ids[1])
        if (!found) throw notFound(ids[1])
        const [key, value] = found
        return ok({ key, value })
      },
    },
    {
      method: 'GET',
      path: '/owners',
      operation: 'listOwners',
      bucket: 'read',
      query: QUERIES.listOwners,
      run: ({ caller, parameters }) => {
        const owners = [...world.owners.values()].filter(({ id }) => caller.ownerIds.has(id))
        const isShown = ({ name, email }) => fits(parameters.name, name) && fits(parameters.email, email)
        const page = cut(owners, parameters, isShown)
        return ok(page.map(({ object, cursor }) => ({ owner: views.owner(object), cursor })))
      },
    },
  ]

  function cut(objects, { cursor, limit = settings.pageSizeDefault }, isShown, order) {
    return cutPage(objects, { cursor, limit: Math.min(limit, settings.pageSizeMaximum) }, isShown, order)
  }

  // --- Listing -------------------------------------------------------------------------------------------------

  /** Returns the listed services: without a filter, of every workspace of the key. */
  function ownersToList(caller, { ownerId = [...caller.ownerIds] }) {
    const foreign = ownerId.find((id) => !caller.ownerIds.has(id))
    // No source has the answer for another user's workspace.
    if (foreign && settings.foreignOwnerInList !== 'empty') throw notFound(foreign, settings.foreignOwnerInList)
    return ownerId.filter((id) => caller.ownerIds.has(id))
  }

  function servicesOf(ownerIds) {
    if (ownerIds.length === 1) return world.allServices(ownerIds[0])
    return world.allServices().filter(({ ownerId }) => ownerIds.includes(ownerId))
  }

  function serviceFilter({ name, type, environmentId, region, suspended, includePreviews = true }) {
    const hasName =
      settings.nameFilter === 'exact'
        ? (service) => fits(name, service.name)
        : (service) => !name || name.some((part) => service.name.includes(part))
    return (service) =>
      hasName(service) &&
      fits(type, service.type) &&
      fits(environmentId, service.environmentId) &&
      fits(region, service.details.region ?? 'oregon') &&
      fits(suspended, service.suspenders.size > 0 ? 'suspended' : 'not_suspended') &&
      (includePreviews || !service.parent)
  }

  // --- One service ---------------------------------------------------------------------------------------------

  /** Returns the service with this id that the key reaches, deleted or not. */
  function reach(caller, id) {
    const service = world.services.get(id)
    if (!service) throw notFound(id)
    if (caller.ownerIds.has(service.ownerId)) return service
    // It is not recorded whether another user's service is 403 or 404.
    throw settings.foreignServiceStatus === 403 ? new RenderError(403, 'Forbidden') : notFound(id)
  }

  /** Returns the same, if a read shows it. */
  function find(caller, id) {
    const service = reach(caller, id)
    if (world.isSeen(service, 'service')) return service
    throw notFound(id, service.deletedAt ? settings.goneStatus : 404)
  }

  function variablesOf(service) {
    return world.isSeen(service.variablesLag, 'variables') ? Object.entries(service.variables) : []
  }

  function suspend({ caller, ids }) {
    world.suspend(find(caller, ids[0]))
    return { status: 202 }
  }

  function resume({ caller, ids }) {
    world.resume(find(caller, ids[0]))
    return { status: 202 }
  }

  // --- Creating ------------------------------------------------------------------------------------------------

  /** The order of Render's checks is not known. If one fails, nothing is created. */
  function create({ caller, body }) {
    const { ownerId, name, image, environmentId } = body
    // The newer document lists 404 for POST.
    if (!caller.ownerIds.has(ownerId)) throw notFound(ownerId, settings.foreignOwnerStatus)
    checkBelongs(world.environments, environmentId, ownerId)
    checkBelongs(world.registryCredentials, image.registryCredentialId, ownerId)
    if (mustPay(body)) throw paymentRequired()
    if (settings.uniqueNames && world.holderOf(ownerId, name)) throw nameTaken(name, settings.nameTakenStatus)
    const { service, deploy } = world.createService(requestOf(body))
    return jsonAnswer(201, { service: views.service(service), deployId: deploy.id })
  }

  function checkBelongs(all, id, ownerId) {
    if (id !== undefined && all.get(id)?.ownerId !== ownerId) throw notFound(id)
  }

  /** Both answers are reported for a free plan without a card. */
  function mustPay({ serviceDetails: { plan } }) {
    return settings.paymentRequired === 'even free' || (settings.paymentRequired && plan !== 'free')
  }

  function requestOf({ envVars = [], image, serviceDetails, ...body }) {
    const { envSpecificDetails, ...details } = serviceDetails
    return {
      ...body,
      image: image.imagePath,
      registryCredentialId: image.registryCredentialId,
      details: { ...details, dockerCommand: envSpecificDetails?.dockerCommand },
      variables: Object.fromEntries(envVars.map(({ key, value }) => [key, value ?? generated()])),
    }
  }

  /** 256 random bits in base64. */
  function generated() {
    return Buffer.from(world.random.text('0123456789abcdef', 64), 'hex').toString('base64')
  }
}

const ok = (value) => jsonAnswer(200, value)
const fits = (wanted, value) => wanted === undefined || wanted.includes(value)
