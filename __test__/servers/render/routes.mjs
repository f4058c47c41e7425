import { statusOf } from '../shared/courses.mjs'
import { ProviderError } from '../shared/provider-error.mjs'
import { compileQuery, flag, integer, list, oneOf, text, word } from '../shared/schema.mjs'
import { badQuery, jsonAnswer, nameTaken, notFound, paymentRequired } from './errors.mjs'
import { cutPage } from './pages.mjs'
import { createViews } from './present.mjs'
import { REGIONS } from './validation.mjs'
import { TYPES } from './world.mjs'

/** No source says what Render does with a limit above 100. */
const PAGE = { cursor: word, limit: integer(1, 100) }
/** A parameter with commas between its values, and one that may come several times. */
const listOf = (values = word) => list(values, { separator: ',' })
const REPEATABLE = list(text, { repeatable: true })

const query = (parameters) => compileQuery(parameters, badQuery)
const noQuery = query({})

/**
 * @typedef {object} Route
 * @property {string} operation
 * @property {string} method
 * @property {string} path below /v1
 * @property {import('./rate.mjs').BucketName} bucket the rate window
 * @property {(url: string) => object} query reads the parameters
 */

/** All that this server models (docs/providers/render.md). Queries are compiled once, not at each start of a server. */
export const ROUTES = [
  [
    'listServices',
    'GET',
    '/services',
    'read',
    query({
      ...PAGE,
      environmentId: listOf(),
      includePreviews: flag,
      name: listOf(),
      ownerId: listOf(),
      region: listOf(oneOf(...REGIONS)),
      suspended: listOf(oneOf('suspended', 'not_suspended')),
      type: listOf(oneOf(...Object.keys(TYPES))),
    }),
  ],
  ['createService', 'POST', '/services', 'create'],
  ['retrieveService', 'GET', '/services/:id', 'read'],
  ['deleteService', 'DELETE', '/services/:id', 'write'],
  ['suspendService', 'POST', '/services/:id/suspend', 'service'],
  ['resumeService', 'POST', '/services/:id/resume', 'service'],
  ['listDeploys', 'GET', '/services/:id/deploys', 'read', query({ ...PAGE, status: REPEATABLE })],
  ['retrieveDeploy', 'GET', '/services/:id/deploys/:deployId', 'read'],
  ['listEnvVars', 'GET', '/services/:id/env-vars', 'read', query(PAGE)],
  ['retrieveEnvVar', 'GET', '/services/:id/env-vars/:key', 'read'],
  ['listOwners', 'GET', '/owners', 'read', query({ ...PAGE, name: REPEATABLE, email: REPEATABLE })],
].map(([operation, method, path, bucket, query = noQuery]) => ({ operation, method, path, bucket, query }))

/**
 * Creates the operations of the routes, by name.
 *
 * @param {import('./world.mjs').World} world
 * @param {object} settings of the server
 * @returns {Record<string, (request: { caller: import('./access.mjs').Caller, parameters: object, params:
 *   Record<string, string>, body: any }) => import('../shared/http.mjs').Answer>}
 */
export function createOperations(world, settings) {
  const views = createViews(world, settings)

  return {
    listServices({ caller, parameters }) {
      const isWanted = serviceFilter(parameters)
      const isShown = (service) => isWanted(service) && world.isSeen(service, 'list')
      const services = servicesOf(ownersToList(caller, parameters))
      const page = cut(services, parameters, isShown, { newestFirst: settings.newestFirst })
      return ok(page.map(({ object, cursor }) => ({ service: views.service(object), cursor })))
    },

    /** The order of Render's checks is not known. If one fails, nothing is created. */
    createService({ caller, body }) {
      const { ownerId, name, image, environmentId } = body
      // The newer document lists 404 for POST.
      if (!caller.ownerIds.has(ownerId)) throw notFound(ownerId, settings.foreignOwnerStatus)
      checkBelongs(world.environments, environmentId, ownerId)
      checkBelongs(world.registryCredentials, image.registryCredentialId, ownerId)
      if (mustPay(body)) throw paymentRequired()
      if (settings.uniqueNames && world.holderOf(ownerId, name)) throw nameTaken(name, settings.nameTakenStatus)
      const { service, deploy } = world.createService(requestOf(body))
      return jsonAnswer(201, { service: views.service(service), deployId: deploy.id })
    },

    retrieveService: (request) => ok(views.service(find(request))),

    deleteService(request) {
      const service = reach(request)
      if (service.deletedAt) throw notFound(service.id, settings.goneStatus)
      if (service.deletionLag && !world.isSeen(service.deletionLag, 'delete')) throw notFound(service.id)
      world.deleteService(service)
      return { status: 204 }
    },

    suspendService(request) {
      world.suspend(find(request))
      return { status: 202 }
    },

    resumeService(request) {
      world.resume(find(request))
      return { status: 202 }
    },

    listDeploys(request) {
      const { deploys } = find(request)
      const { parameters } = request
      const isShown = (deploy) => fits(parameters.status, statusOf(deploy)) && world.isSeen(deploy, 'deploy')
      const page = cut(deploys, parameters, isShown, { newestFirst: settings.newestDeployFirst })
      return ok(page.map(({ object, cursor }) => ({ deploy: views.deploy(object), cursor })))
    },

    retrieveDeploy(request) {
      const { deployId } = request.params
      const deploy = find(request).deploys.find(({ id }) => id === deployId)
      if (!deploy || !world.isSeen(deploy, 'deploy')) throw notFound(deployId)
      return ok(views.deploy(deploy))
    },

    listEnvVars(request) {
      const entries = variablesOf(find(request)).map(([key, value], sequence) => ({ key, value, sequence }))
      const page = cut(entries, request.parameters, () => true)
      return ok(page.map(({ object: { key, value }, cursor }) => ({ envVar: { key, value }, cursor })))
    },

    retrieveEnvVar(request) {
      const found = variablesOf(find(request)).find(([key]) => key === request.params.key)
      if (!found) throw notFound(request.params.key)
      const [key, value] = found
      return ok({ key, value })
    },

    listOwners({ caller, parameters }) {
      const owners = [...world.owners.values()].filter(({ id }) => caller.ownerIds.has(id))
      const isShown = ({ name, email }) => fits(parameters.name, name) && fits(parameters.email, email)
      const page = cut(owners, parameters, isShown)
      return ok(page.map(({ object, cursor }) => ({ owner: views.owner(object), cursor })))
    },
  }

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

  /** Returns the service of the path that the key reaches, deleted or not. */
  function reach({ caller, params: { id } }) {
    const service = world.services.get(id)
    if (!service) throw notFound(id)
    if (caller.ownerIds.has(service.ownerId)) return service
    // It is not recorded whether another user's service is 403 or 404.
    throw settings.foreignServiceStatus === 403 ? new ProviderError(403, 'Forbidden') : notFound(id)
  }

  /** Returns the same, if a read shows it. */
  function find(request) {
    const service = reach(request)
    if (world.isSeen(service, 'service')) return service
    throw notFound(service.id, service.deletedAt ? settings.goneStatus : 404)
  }

  function variablesOf(service) {
    return world.isSeen(service.variablesLag, 'variables') ? Object.entries(service.variables) : []
  }

  // --- Creating ------------------------------------------------------------------------------------------------

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
