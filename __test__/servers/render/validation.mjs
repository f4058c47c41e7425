import { ProviderError } from '../shared/provider-error.mjs'
import { compile, flag, integer, list, object, oneOf, text, word } from '../shared/schema.mjs'
import { badBody } from './errors.mjs'
import { TYPES } from './world.mjs'

const RUNTIMES = ['docker', 'elixir', 'go', 'node', 'python', 'ruby', 'rust', 'image']
export const REGIONS = ['oregon', 'frankfurt', 'ohio', 'singapore', 'virginia']

/** A part that the package never sends. It has to be an object. */
const unmodelled = { type: 'object' }

/** For an image, `dockerCommand` alone has a meaning (Render's OpenAPI document, `envSpecificDetails`). */
const docker = object(
  {},
  { dockerCommand: text, dockerContext: text, dockerfilePath: text, registryCredentialId: word },
)

const server = {
  autoscaling: unmodelled,
  disk: object({ name: word, mountPath: word }, { sizeGB: integer(1) }),
  env: oneOf(...RUNTIMES),
  envSpecificDetails: docker,
  maxShutdownDelaySeconds: integer(1, 300),
  numInstances: integer(1),
  // Any string: the document does not have the present names of plans.
  plan: word,
  preDeployCommand: text,
  previews: object({}, { generation: oneOf('off', 'manual', 'automatic') }),
  pullRequestPreviewsEnabled: oneOf('yes', 'no'),
  region: word,
}

/** `serviceDetails` by the service's type (docs/providers/render.md). */
const DETAILS = {
  web_service: object(
    { runtime: oneOf(...RUNTIMES) },
    {
      ...server,
      healthCheckPath: text,
      ipAllowList: list(object({ cidrBlock: word, description: text })),
      maintenanceMode: object({ enabled: flag, uri: text }),
      renderSubdomainPolicy: oneOf('enabled', 'disabled'),
    },
  ),
  private_service: object({ runtime: oneOf(...RUNTIMES) }, server),
  background_worker: object({ runtime: oneOf(...RUNTIMES) }, server),
}

/** Exactly one of the two (Render's OpenAPI document, `envVar`). */
const envVar = { anyOf: [object({ key: word, value: text }), object({ key: word, generateValue: flag })] }

const bodyOf = (type) =>
  object(
    {
      type: oneOf(...Object.keys(TYPES)),
      name: text,
      ownerId: text,
      image: object({ imagePath: word, ownerId: text }, { registryCredentialId: word }),
      serviceDetails: DETAILS[type],
    },
    {
      autoDeploy: oneOf('yes', 'no'),
      autoDeployTrigger: oneOf('commit', 'checksPass', 'off'),
      environmentId: word,
      envVars: list(envVar),
      secretFiles: list(object({ name: word, content: text })),
    },
  )

const BODIES = Object.fromEntries(Object.keys(DETAILS).map((type) => [type, compile(bodyOf(type))]))

/** Deprecated fields. */
const DEPRECATED = ['env', 'pullRequestPreviewsEnabled']

/**
 * Refuses a body of `POST /services` that Render would refuse, or would not understand as meant. The message is
 * Render's own if it is known (docs/providers/render.md). The violation names the fault.
 *
 * @returns {string[]} its deprecated fields
 */
export function checkCreateBody(body) {
  if (!isObject(body)) throw badBody('invalid JSON', 'the body must be a JSON object')
  const { type, ownerId, serviceDetails, envVars } = body
  if (!Object.hasOwn(TYPES, type)) {
    throw badBody(`invalid service type: ${typeof type === 'string' ? type : ''}`, 'type is missing or unknown')
  }
  if (!DETAILS[type]) throw badBody(`invalid service type: ${type}`, `this fake server does not create a ${type}`)
  if (ownerId == null || ownerId === '') throw badBody('ownerID is a required field', 'ownerId is missing')
  if (serviceDetails == null) {
    throw badBody('must include serviceDetails when creating a non-static service', 'serviceDetails is missing')
  }
  const { runtime } = serviceDetails
  if (isObject(serviceDetails) && !RUNTIMES.includes(runtime)) {
    const given = typeof runtime === 'string' ? runtime : ''
    throw badBody(
      `invalid runtime: ${given}. valid runtimes are: [${RUNTIMES.join(', ')}]`,
      'serviceDetails.runtime is missing or unknown',
    )
  }
  if (Array.isArray(envVars) && envVars.some(lacksValue)) {
    throw badBody('missing environment variable value', 'an entry of envVars has no value')
  }
  // By analogy with ownerId. Render's texts for these two are not known.
  if (body.name == null || body.name === '') throw badBody('name is a required field', 'name is missing')
  if (body.image == null) throw badBody('image is a required field', 'image is missing')
  const complaint = BODIES[type](body, 'body')
  if (complaint) throw badBody('invalid JSON', complaint)
  checkMeaning(body)
  return DEPRECATED.filter((name) => Object.hasOwn(serviceDetails, name)).map((name) => `serviceDetails.${name}`)
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const lacksValue = (entry) =>
  isObject(entry) && entry.value === undefined && !Object.hasOwn(entry, 'generateValue')

/** Refuses values that have the right form and make no sense. */
function checkMeaning({ ownerId, image, serviceDetails, envVars = [] }) {
  if (serviceDetails.runtime !== 'image') {
    throw badBody('invalid JSON', 'this fake server runs images only; runtime must be image')
  }
  // Recorded clients send an empty id, which Render accepts. Another workspace's id is a mistake.
  if (image.ownerId !== '' && image.ownerId !== ownerId) {
    throw badBody('invalid JSON', 'image.ownerId is not the ownerId of the service')
  }
  const keys = envVars.map(({ key }) => key)
  // No source says what Render does with it.
  if (new Set(keys).size < keys.length) throw badBody('invalid JSON', 'envVars names one variable twice')
}

/** Refuses wrong values of a caller, which a client may pass on. Render's texts are not known. */
export function checkCreateValues({ type, serviceDetails: { plan, region } }) {
  if (region !== undefined && !REGIONS.includes(region)) throw new ProviderError(400, `invalid region: ${region}`)
  // Free instances are for web services only (docs/providers/render.md).
  if (plan === 'free' && type !== 'web_service') throw new ProviderError(400, `invalid plan: ${plan}`)
}
