// The messages of Namespace's Compute API that this package uses, from the descriptors of our own schema.
import { readFileSync } from 'node:fs'

import { readRegistry } from './full-schema.mjs'

const PACKAGE = 'namespace.cloud.compute.v1beta'

const read = (name) => readFileSync(new URL(`schema/${name}`, import.meta.url))

/** The digest of each .proto file from which the descriptors were made. */
export const generatedFrom = JSON.parse(read('generated-from.json'))

export const registry = readRegistry(read('descriptors.binpb'))

export const service = registry.getService(`${PACKAGE}.ComputeService`)

/** The service's part of every path. */
export const SERVICE_PATH = `/${service.typeName}/`

export const methods = new Map(service.methods.map((method) => [method.name, method]))

/** @param {string} name a message of the Compute API, or the full name of another one */
export const message = (name) => registry.getMessage(name.includes('.') ? name : `${PACKAGE}.${name}`)

const STATUS = registry.getEnum(`${PACKAGE}.InstanceMetadata.Status`)
const NUMBER_OF_STATUS = new Map(STATUS.values.map(({ name, number }) => [name, number]))

/** From this number on, states that the schema does not have; see nameUnknownStatuses in wire.mjs. */
export const UNKNOWN_STATUS = 9000
export const unknownStatuses = []

/** @param {string} name of a state; one that the schema lacks gets a number, too, as in a newer version */
export function statusNumber(name) {
  const known = NUMBER_OF_STATUS.get(name)
  if (known !== undefined) return known
  if (!unknownStatuses.includes(name)) unknownStatuses.push(name)
  return UNKNOWN_STATUS + unknownStatuses.indexOf(name)
}
