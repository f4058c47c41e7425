// Docker for the demo: a real engine on this machine. The fake daemon runs in its containers.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Failure } from '../../../scripts/lib/failure.mjs'
import { engineAt, importImage } from './engine.mjs'
import { makeFileSystem } from './image.mjs'
import { startProxy } from './proxy.mjs'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The image that is pulled if there is a network. */
const BASE = 'node:22-alpine'
const PULL_MILLISECONDS = 60_000

/** The user's variables, read before the demo removes them. */
const { DOCKER_HOST = '', XDG_RUNTIME_DIR = '' } = process.env

/** The sockets of engines, in the package's order. */
function sockets() {
  if (DOCKER_HOST) return DOCKER_HOST.startsWith('unix://') ? [DOCKER_HOST.slice('unix://'.length)] : []
  const own = ['docker.sock', 'podman/podman.sock'].map((name) => join(XDG_RUNTIME_DIR || '/run', name))
  return ['/var/run/docker.sock', ...own, '/run/podman/podman.sock']
}

/**
 * Finds an engine. Fails in one sentence if there is none.
 *
 * @returns {Promise<import('./engine.mjs').Engine>}
 */
export async function findEngine() {
  if (process.platform !== 'linux') throw new Failure('The demo runs containers on the network of this machine, which takes an engine on Linux.')
  for (const socket of sockets().filter((path) => existsSync(path))) {
    const engine = await engineAt(socket).catch(() => undefined)
    if (engine) return engine
  }
  const looked = sockets().join(', ') || 'DOCKER_HOST, which must be unix:///path here'
  throw new Failure(`No Docker Engine or Podman answers at ${looked}: start one, or name its socket in DOCKER_HOST.`)
}

export async function start({ onDone, runCommand }) {
  const engine = await findEngine()
  const mark = randomBytes(4).toString('hex')
  const image = `computesdk-demo/daemon:${mark}`
  await makeImage(engine, image)
  const created = new Set()
  const processes = []
  const server = await startProxy(engine, {
    onDone,
    onEffect({ operation, path }, { status, body }) {
      if (operation === 'create' && status === 201) created.add(JSON.parse(body).Id)
      if (operation !== 'start' || status !== 204) return
      const [, id] = /containers\/([0-9a-f]+)\/start/.exec(path)
      runCommand()
      const exited = engine.call('POST', `/containers/${id}/wait`).then(() => firstErrorOf(engine, id))
      processes.push({ pid: id, exited })
    },
  })
  const close = server.close
  return {
    server: Object.assign(server, {
      async close() {
        await close()
        await engine.call('DELETE', `/images/${image}?force=1`)
      },
    }),
    config: { baseUrl: server.url },
    // The gateway listens on the loopback of this machine, and so does the daemon.
    settings: { image, pull: 'never', network: 'host', command: ['node', '/app/daemon/daemon.mjs'], owner: `demo-${mark}` },
    /** Returns the demo's containers that the engine lists. */
    async resources() {
      const { body } = await engine.call('GET', '/containers/json?all=1')
      return body.filter(({ Id }) => created.has(Id))
    },
    processes: () => processes,
  }
}

/** Returns the first error of a container's output, else its first line; nothing if there is none, or no container. */
async function firstErrorOf(engine, id) {
  const { status, text } = await engine.call('GET', `/containers/${id}/logs?stderr=1`).catch(() => ({}))
  if (status !== 200) return undefined
  // Eight bytes precede each part of the output.
  const lines = text.split('\n').map((line) => line.replace(/^\p{Cc}\0{3}.{4}/su, '').trim())
  return lines.find((line) => /error|cannot/i.test(line)) ?? lines.find((line) => line !== '')
}

/** Makes an image with the fake daemon: of a Node image if one can be pulled, else of this machine's Node. */
async function makeImage(engine, image) {
  const files = { 'package.json': 'package.json', 'app/node_modules/ws': 'node_modules/ws', 'app/daemon': '__test__/daemon' }
  const sources = Object.fromEntries(Object.entries(files).map(([path, source]) => [path, join(ROOT, source)]))
  if (await pulls(engine)) {
    const context = makeFileSystem({ bare: true, files: sources, texts: { Dockerfile: `FROM ${BASE}\nCOPY app /app\n` } })
    const { status, text } = await engine.call('POST', `/build?t=${encodeURIComponent(image)}`, context.tar())
    context.remove()
    if (status === 200 && !text.includes('"error"')) return
  }
  const system = makeFileSystem({ node: true, files: sources })
  try {
    await importImage(engine, image, system.tar())
  } finally {
    system.remove()
  }
}

async function pulls(engine) {
  const [name, tag] = BASE.split(':')
  const limit = new Promise((resolve) => setTimeout(resolve, PULL_MILLISECONDS).unref())
  const pull = engine.call('POST', `/images/create?fromImage=${name}&tag=${tag}`).catch(() => undefined)
  const answer = await Promise.race([pull, limit])
  return answer?.status === 200 && !answer.text.includes('"error"')
}
