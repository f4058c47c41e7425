// Passes HTTP requests to the Connect library's handlers, and returns their answers.
import { Code, ConnectError, createConnectRouter, createContextValues } from '@connectrpc/connect'
import { universalServerRequestFromFetch, universalServerResponseToFetch } from '@connectrpc/connect/protocol'
import { errorFromJson } from '@connectrpc/connect/protocol-connect'

import { admit } from './access.mjs'
import { CALLER, createMethods, REGION } from './compute.mjs'
import { errorAnswer, invalidArgument, wrongPlace } from './errors.mjs'
import { methods, service, SERVICE_PATH, UNKNOWN_STATUS, unknownStatuses } from './schema.mjs'
import { checkRequest } from './strict.mjs'

const PATH = new RegExp(`^(?:/([a-z0-9-]+))?${SERVICE_PATH.replaceAll('.', '\\.')}([A-Za-z]+)$`)
/** The regions that have an endpoint. */
const REGIONS = ['us', 'eu']

/** @param {import('../shared/fake-server.mjs').EndpointOptions} options */
export function createEndpoint({ world, settings, fullSchema, violate, onInternalError }) {
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    requireConnectProtocolHeader: true,
    requestGate(context) {
      context.values.set(CALLER, admit(context.requestHeader.get('authorization'), context.method.name, world))
    },
  })
  const implementation = Object.entries(createMethods(world, settings)).map(([name, method]) => [name, guarded(method)])
  router.service(service, Object.fromEntries(implementation))
  const handlers = new Map(router.handlers.map((handler) => [handler.method.name, handler]))

  /** Records an exception of a method as an error of this server: the library would only answer "internal error". */
  function guarded(method) {
    return async (request, context) => {
      try {
        return await method(request, context)
      } catch (error) {
        if (error instanceof ConnectError) throw error
        if (context.signal.aborted) throw new ConnectError('the client has left', Code.Canceled)
        onInternalError(error)
        throw error
      }
    }
  }

  /** Returns the method and the region of a request, and whether this server serves them; nothing for another path. */
  function locate({ path }) {
    const [, region = settings.region, name] = PATH.exec(path) ?? []
    if (!methods.has(name)) return undefined
    return { region, name, isServed: REGIONS.includes(region) && !settings.wrongHost }
  }

  /** Returns fields for the request log. It has no effect. */
  function describe(request) {
    const place = locate(request)
    return place ? { operation: place.name, region: place.region } : {}
  }

  async function handle(request, left) {
    const place = locate(request)
    if (!place) violate(request, 'route', `${request.method} ${request.path}`)
    if (!place?.isServed) return wrongPlace()
    checkRequest(request, methods.get(place.name), fullSchema)
    const { method, path, headers, body } = request
    if (!headers.authorization) violate(request, 'header', 'no Authorization')

    const passedOn = new Request(`http://loopback${path}`, { method, headers, body })
    const answer = await handlers.get(place.name)({
      ...universalServerRequestFromFetch(passedOn, { httpVersion: '1.1' }),
      signal: left,
      contextValues: createContextValues().set(REGION, place.region),
    })
    const response = universalServerResponseToFetch(answer)
    const { status } = response
    const text = await response.text()
    if (status !== 200 && settings.errorForm) {
      return errorAnswer(errorFromJson(JSON.parse(text), undefined, new Error(text)), settings.errorForm)
    }
    const contentType = response.headers.get('content-type')
    return { status, headers: { 'content-type': contentType }, body: nameUnknownStatuses(text) }
  }

  /** A wrong method or type of content gets a bare answer. */
  function refuse({ status, message, headers }) {
    return status === 400 ? errorAnswer(invalidArgument(message), settings.errorForm) : { status, headers }
  }

  return { describe, handle, refuse }
}

/** Replaces the numbers of states that the schema lacks by names, as a newer server would write them. */
function nameUnknownStatuses(text) {
  if (unknownStatuses.length === 0) return text
  return text.replaceAll(/"status":(\d{4})\b/g, (whole, number) => {
    const name = unknownStatuses[Number(number) - UNKNOWN_STATUS]
    return name === undefined ? whole : `"status":${JSON.stringify(name)}`
  })
}
