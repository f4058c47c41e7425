// Checks CreateInstance beyond its schema (docs/providers/namespace.md). The texts of refusals are invented.
import { timestampMs } from '@bufbuild/protobuf/wkt'

import { details, failure, invalidArgument } from './errors.mjs'

const LABEL_NAME = /^[a-z]([a-z0-9-.]*[a-z0-9])?$/
const LABEL_NAME_BYTES = 63
const LABEL_VALUE_BYTES = 255
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/
/** Charset and length are not published. This is narrow. */
const UNIQUE_TAG = /^[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?$/
/** A policy's (docs/providers/namespace.md). */
const LIFETIME_MAXIMUM_MILLISECONDS = 86_400_000

/** Machine shapes that the documentation lists, for Linux. */
const VIRTUAL_CPUS = [2, 4, 8, 16, 32]
const MEMORY_GIGABYTES = [2, 4, 8, 16, 32, 64, 80, 96, 112, 128, 256, 384, 512]

const WORKLOAD_TYPES = ['WORKLOAD_TYPE_UNKNOWN', 'JOB', 'SERVICE']
const SERVICE = WORKLOAD_TYPES.indexOf('SERVICE')
const HTTP = 1
const PROTO_MAXIMUM = 4
const LINUX = 'linux'

/** The command line's default. The server's is not on record. */
export const DEFAULT_SHAPE = { virtualCpu: 4, memoryMegabytes: 8192, machineArch: 'amd64', os: LINUX }

const bytesOf = (text) => Buffer.byteLength(text)

/**
 * @param {object} request CreateInstanceRequest
 * @param {object} settings of the server
 * @param {number} now
 * @returns {Partial<import('./world.mjs').Instance>} what it asks for
 */
export function readCreate(request, settings, now) {
  const shape = readShape(request.shape, settings)
  if (shape.os !== LINUX && request.containers.length > 0) throw invalidArgument('containers need linux')
  const names = request.containers.map(({ name }) => name)
  if (new Set(names).size < names.length) throw invalidArgument('two containers of one name')
  return {
    labels: readLabels(request.labels),
    purpose: request.documentedPurpose,
    shape,
    deadline: readDeadline(request.deadline, settings, now),
    containers: request.containers.map(readContainer),
    uniqueTag: readTag(request.experimental?.uniqueTag),
  }
}

function readLabels(labels) {
  // A label of the wrong form is refused without an explanation.
  for (const { name, value } of labels) {
    if (!LABEL_NAME.test(name) || bytesOf(name) > LABEL_NAME_BYTES) throw invalidArgument()
    if (bytesOf(value) > LABEL_VALUE_BYTES) throw invalidArgument()
  }
  // It is not on record what Namespace does with a name that comes twice. No client may depend on it.
  if (new Set(labels.map(({ name }) => name)).size < labels.length) throw invalidArgument('two labels of one name')
  return labels.map(({ name, value }) => ({ name, value }))
}

function readShape(shape, settings) {
  if (!shape) return DEFAULT_SHAPE
  const { virtualCpu, memoryMegabytes, machineArch, os } = shape
  const read = { virtualCpu, memoryMegabytes, machineArch: machineArch || 'amd64', os: os || LINUX }
  if (!['amd64', 'arm64'].includes(read.machineArch)) throw invalidArgument('unknown machine_arch')
  if (!['linux', 'macos'].includes(read.os)) throw invalidArgument('unknown os')
  if (virtualCpu < 1 || memoryMegabytes < 1) throw invalidArgument('shape too small')
  // The schema sets no bounds. It is not on record whether the server does, beyond its list of shapes.
  if (settings.shapes === 'documented' && read.os === LINUX && !isListed(read)) {
    throw invalidArgument('no such machine shape')
  }
  return read
}

function isListed({ virtualCpu, memoryMegabytes }) {
  const gigabytes = memoryMegabytes / 1024
  return VIRTUAL_CPUS.includes(virtualCpu) && MEMORY_GIGABYTES.includes(gigabytes) && gigabytes >= virtualCpu
}

/** Returns the deadline. Every instance gets one, and a policy may shorten it. */
function readDeadline(deadline, { lifetimeMilliseconds }, now) {
  if (!deadline) return now + lifetimeMilliseconds
  const asked = timestampMs(deadline)
  if (asked <= now) throw invalidArgument('the deadline has passed')
  return Math.min(asked, now + LIFETIME_MAXIMUM_MILLISECONDS)
}

function readTag(uniqueTag) {
  if (!uniqueTag) return undefined
  if (!UNIQUE_TAG.test(uniqueTag)) throw invalidArgument('unique_tag')
  return uniqueTag
}

function readContainer({ name, imageRef, args, environment, exportPorts, workloadType }) {
  if (!NAME.test(name)) throw invalidArgument('the name of a container')
  if (!/^\S+$/.test(imageRef)) throw invalidArgument('image_ref')
  if (!(workloadType in WORKLOAD_TYPES)) throw invalidArgument('workload_type')
  // A process cannot have a variable without a name, or with these characters in it.
  if (Object.keys(environment).some((variable) => !/^[^=\0]+$/.test(variable))) throw invalidArgument('environment')
  for (const port of exportPorts) checkPort(port)
  return {
    name,
    imageRef,
    args: [...args],
    environment: { ...environment },
    exportPorts: [...exportPorts],
    isService: workloadType === SERVICE,
  }
}

function checkPort({ proto, containerPort, name, httpMatchRule }) {
  if (proto < 1 || proto > PROTO_MAXIMUM) throw invalidArgument('proto of an exported port')
  if (containerPort < 1 || containerPort > 65_535) throw invalidArgument('container_port')
  if (name !== '' && !NAME.test(name)) throw invalidArgument('name of an exported port')
  if (proto !== HTTP && httpMatchRule.length > 0) throw invalidArgument('http_match_rule without HTTP')
}

/**
 * Refuses a create beyond the workspace's limits. The details are on record, the code of the last one is not.
 *
 * @param {object} workspace
 * @param {() => import('./world.mjs').Instance[]} liveInstances
 * @param {import('./world.mjs').Shape} shape
 */
export function checkLimits({ limits, usedUp, platforms }, liveInstances, shape) {
  const platform = `${shape.os}/${shape.machineArch}`
  if (platforms && !platforms.includes(platform)) {
    throw failure('failed_precondition', 'platform not allowed', [details.platformNotAllowed(platform, platforms)])
  }
  if (usedUp) throw failure('resource_exhausted', 'usage limits exceeded', [details.usageLimits(usedUp)])
  if (!limits) return
  const live = liveInstances()
  const sum = (name) => live.reduce((total, instance) => total + instance.shape[name], 0)
  const used = { virtualCpu: sum('virtualCpu'), memoryMegabytes: sum('memoryMegabytes'), instanceCount: live.length }
  const requested = { virtualCpu: shape.virtualCpu, memoryMegabytes: shape.memoryMegabytes, instanceCount: 1 }
  const over = Object.keys(used).find((name) => used[name] + requested[name] > (limits[name] ?? Infinity))
  if (over === undefined) return
  const kind = over === 'instanceCount' ? 2 : 1
  const detail = details.resourceLimits({ requested, used, limits, kind, description: over })
  throw failure('resource_exhausted', 'workspace out of resources', [detail])
}
