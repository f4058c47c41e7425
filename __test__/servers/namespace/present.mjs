// The form of an instance in answers (docs/providers/namespace.md).
import { canary } from '../../support/canary.mjs'
import { statusNumber } from './schema.mjs'

const UP = 'RUNNING'
const GONE = 'DESTROYED'
const PENDING = 1
const READY = 2
const PROXY_OVER_SECURE_WEBSOCKET = 2

const SSH_PRIVATE_KEY = Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${canary('ssh-private-key')}\n`)
const CLIENT_KEY = Buffer.from(`-----BEGIN EC PRIVATE KEY-----\n${canary('client-key')}\n`)

/**
 * The secrets in answers about one instance, which no error, log or result may show. Every answer, also of a list, has
 * the canary's mark, so that tests notice a quoted answer.
 */
export const SECRETS = [SSH_PRIVATE_KEY, CLIENT_KEY].map((bytes) => bytes.toString('base64').slice(0, 40))

/** @typedef {{ status: string, destroyedAt?: number }} View */

/** DescribeInstanceResponse @param {View} [view] default: as it is */
export function presentInstance(instance, view = instance) {
  const gone = view.status === GONE
  return {
    instanceUrl: `https://cloud.namespace.so/${instance.workspaceId}/instance/${instance.id}`,
    metadata: presentMetadata(instance, view),
    ...(!gone && { extendedMetadata: presentAccess(instance) }),
    registry: { endpointAddress: 'nscr.io', repository: instance.workspaceId },
    containers: instance.containers.map((container) => presentContainer(instance, container)),
    shutdownReasons: instance.shutdownReasons,
  }
}

/** InstanceMetadata, which is also an entry of a list @param {View} [view] */
export function presentMetadata(instance, { status, destroyedAt } = instance) {
  return {
    instanceId: instance.id,
    createdAt: timestamp(instance.createdAt, 456_000),
    ...(instance.readyAt !== undefined && { readyAt: timestamp(instance.readyAt) }),
    ...(destroyedAt !== undefined && { destroyedAt: timestamp(destroyedAt) }),
    deadline: timestamp(instance.deadline),
    documentedPurpose: instance.purpose,
    shape: instance.shape,
    status: statusNumber(status),
    ingressDomain: ingressDomain(instance),
    labels: instance.labels,
    creatorId: canary(instance.creatorId),
    services: [
      {
        name: 'ssh',
        status: status === UP ? READY : PENDING,
        endpointKind: PROXY_OVER_SECURE_WEBSOCKET,
        endpoint: `wss://gate.${ingressDomain(instance)}/${instance.id}/ssh`,
      },
    ],
    hwDeployment: { geoContinent: instance.region, majorHwplatform: 'a2' },
  }
}

/** Returns the extended metadata, with private keys for every reader. */
function presentAccess(instance) {
  return {
    sshMetadata: { sshProxyEndpoint: `gate.${ingressDomain(instance)}:443`, sshPrivateKey: SSH_PRIVATE_KEY },
    kubernetesMetadata: {
      endpointAddress: `https://k8s-${instance.id}.${ingressDomain(instance)}`,
      certificateAuthorityData: Buffer.from('certificate authority'),
      clientCertificateData: Buffer.from('client certificate'),
      clientKeyData: CLIENT_KEY,
      kubernetesDistribution: 'k3s',
    },
    commandServiceEndpoint: `https://command-${instance.id}.${ingressDomain(instance)}/${canary('command-service')}`,
  }
}

/** AllocatedContainer, with the addresses of its ports. */
function presentContainer(instance, { id, name, exportPorts }) {
  return {
    id,
    name,
    exportedPort: exportPorts.map((port) => {
      const fqdn = `${port.name || `p${port.containerPort}-${id}`}-${instance.id}.${ingressDomain(instance)}`
      const { proto, containerPort, httpMatchRule } = port
      return { proto, containerPort, httpMatchRule, exportedPort: 443, fqdn, endpoint: `${fqdn}:443` }
    }),
  }
}

const ingressDomain = ({ region }) => `${region}1.nscluster.cloud`

/** Returns a time. Fractions of all lengths are legal: three digits, or more with `nanoseconds`. */
function timestamp(milliseconds, nanoseconds = 0) {
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds: BigInt(seconds), nanos: Math.trunc(milliseconds - seconds * 1000) * 1_000_000 + nanoseconds }
}
