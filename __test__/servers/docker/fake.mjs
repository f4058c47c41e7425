// A fake engine for pulls, which need a registry, and for other versions and TLS. Its answers to pulls are recorded
// ones (docs/providers/docker.md).
import { randomBytes } from 'node:crypto'

import { startHttpServer } from '../shared/http.mjs'
import { compilePath } from '../shared/paths.mjs'

const line = (object) => `${JSON.stringify(object)}\r\n`
const failing = (message) => ({ status: 200, body: line({ errorDetail: { message }, error: message }) })

const PROGRESS = [
  { status: 'Pulling from acme/box', id: '1' },
  { status: 'Pulling fs layer', progressDetail: {}, id: '97518928ae5f' },
  { status: 'Downloading', progressDetail: { current: 21_300, total: 2_152_300 }, progress: '[>   ]', id: '97518928ae5f' },
  { status: 'Pull complete', progressDetail: {}, id: '97518928ae5f' },
  { status: 'Digest: sha256:62ffc2ed7554e4c6d360bce40bbcf196573dd27c4ce080641a2c59867e732dee' },
  { status: 'Status: Downloaded newer image for acme/box:1' },
]

/** The ends of pulls, by a word of the image's name. */
const PULLS = {
  fine: { status: 200, body: PROGRESS.map(line).join('') },
  // Docker 20.10: an error before the first line has a status of its own.
  denied: {
    status: 404,
    body: { message: "pull access denied for acme/denied, repository does not exist or may require 'docker login': denied: requested access to the resource is denied" },
  },
  'denied-late': failing('unauthorized: authentication required'),
  missing: failing('manifest for acme/missing:1 not found: manifest unknown: manifest unknown'),
  limited: failing(
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
  ),
  'limited-early': {
    status: 500,
    body: { message: 'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit' },
  },
  full: { status: 200, body: `${PROGRESS.slice(0, 3).map(line).join('')}${failing('failed to register layer: write /usr/lib/x: no space left on device').body}` },
  // Podman 4.3.1.
  unreachable: failing(
    'initializing source docker://acme/unreachable:1: pinging container registry registry-1.docker.io: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host',
  ),
  // More than a response may hold, with the error at its end.
  long: { status: 200, body: `${line(PROGRESS[2]).repeat(150_000)}${failing('manifest unknown').body}` },
}

/**
 * @param {object} [options]
 * @param {string} [options.version] of its API
 * @param {string} [options.least] least version of its API
 * @param {string} [options.socketPath]
 * @param {object} [options.tls]
 */
export async function startFakeEngine({ version = '1.41', least = '1.12', ...options } = {}) {
  const images = new Set(['acme/present:1', 'computesdk/compute:latest'])
  const containers = new Map()
  const settings = { version, least }

  const handlers = {
    'GET /version': () => ({ body: { ApiVersion: settings.version, MinAPIVersion: settings.least, Components: [{ Name: 'Engine' }] } }),
    'GET /images/:name/json': ({ name }) => (images.has(name) ? { body: { Id: 'sha256:00' } } : missing(`No such image: ${name}`)),
    'POST /images/create': (_parts, { query }) => {
      const image = query.tag ? `${query.fromImage}:${query.tag}` : query.fromImage
      const word = Object.keys(PULLS).find((known) => image.startsWith(`acme/${known}:`))
      if (word === 'fine') images.add(image)
      return PULLS[word] ?? missing(`no plan for ${image}`)
    },
    'POST /containers/create': (_parts, { query, json }) => {
      if (!images.has(json.Image)) return missing(`No such image: ${json.Image}`)
      const holder = [...containers.values()].find(({ Name }) => Name === `/${query.name}`)
      if (holder) return { status: 409, body: { message: `Conflict. The container name "/${query.name}" is already in use by container "${holder.Id}".` } }
      const container = {
        Id: randomBytes(32).toString('hex'),
        Name: `/${query.name}`,
        Created: new Date().toISOString(),
        State: { Status: 'created', ExitCode: 0 },
        Config: { Image: json.Image, Labels: json.Labels, Env: json.Env },
      }
      containers.set(container.Id, container)
      return { status: 201, body: { Id: container.Id, Warnings: [] } }
    },
    'POST /containers/:name/start': ({ name }) => {
      find(name).State.Status = 'running'
      return { status: 204 }
    },
    'GET /containers/:name/json': ({ name }) => {
      const container = find(name)
      return container ? { body: container } : missing(`No such container: ${name}`)
    },
    'GET /containers/json': () => ({
      body: [...containers.values()].map(({ Id, Name, Config, State }) => ({
        Id,
        Names: [Name],
        Image: Config.Image,
        Labels: Config.Labels,
        State: State.Status,
      })),
    }),
    'DELETE /containers/:name': ({ name }) => {
      const container = find(name)
      if (!container) return missing(`No such container: ${name}`)
      containers.delete(container.Id)
      return { status: 204 }
    },
  }

  const missing = (message) => ({ status: 404, body: { message } })
  const find = (name) => containers.get(name) ?? [...containers.values()].find(({ Id, Name }) => Id.startsWith(name) || Name === `/${name}`)

  const describe = ({ method, path }) => {
    const asked = /^\/v([\d.]+)(\/.*)$/.exec(path)
    return { version: asked?.[1], operation: `${method} ${asked?.[2] ?? path}` }
  }

  function handle(request) {
    if (request.version && Number(request.version.split('.')[1]) > Number(settings.version.split('.')[1])) {
      return { status: 400, body: { message: `client version ${request.version} is too new. Maximum supported API version is ${settings.version}` } }
    }
    for (const [pattern, handler] of Object.entries(handlers)) {
      const parts = compilePath(pattern)(request.operation)
      if (parts) return handler({ name: parts.name && decodeURIComponent(parts.name) }, request)
    }
    return missing('page not found')
  }

  const server = await startHttpServer({ ...options, handle, describe })
  return Object.assign(server, { settings, containers, images })
}
