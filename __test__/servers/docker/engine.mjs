// Real engines on this machine, in folders of their own: a Docker Engine, and Podman's API service. Root is needed, and
// Debian's packages docker.io, podman, runc and busybox-static. They have no registry, no bridge
// and no packet filter of their own, so they disturb no other engine.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { send } from '../shared/send.mjs'
import { BUSYBOX, makeFileSystem } from './image.mjs'

export const KINDS = ['docker', 'podman']

/** The image of the tests, and its default command. */
export const IMAGE = 'local/worker:1'
export const DEFAULT_IMAGE = 'computesdk/compute:latest'
const COMMAND = 'CMD ["/bin/sleep","100000"]'

const PROGRAMS = { docker: 'dockerd', podman: 'podman' }
const VERSION = 'v1.41'
const START_LIMIT_MILLISECONDS = 30_000

/** Returns why this machine cannot start engines of this kind, in one sentence; `undefined` if it can. */
export function whyNot(kind) {
  const program = PROGRAMS[kind]
  if (process.platform !== 'linux') return `SKIPPED: a real ${kind} engine is started on Linux only.`
  if (process.getuid() !== 0) return `SKIPPED: a real ${kind} engine can be started by root only.`
  for (const needed of [program, 'tar', 'curl', ...(kind === 'podman' ? ['runc'] : [])]) {
    if (!isInstalled(needed)) return `SKIPPED: no real ${kind} engine can be started, because ${needed} is not installed.`
  }
  if (!existsSync(BUSYBOX)) return `SKIPPED: no image can be made, because busybox-static is not installed.`
  allowsContainers ??= mountsOverlay()
  if (!allowsContainers) return `SKIPPED: a real ${kind} engine cannot run here: the system allows no namespace with a mounted overlay.`
  return undefined
}

/** @type {boolean | undefined} whether this machine allows what every container needs */
let allowsContainers

/** Returns whether root may mount an overlay in a namespace of its own, as engines do. A container often may not. */
function mountsOverlay() {
  const folder = mkdtempSync(join(tmpdir(), 'computesdk-overlay-'))
  const parts = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name))
  for (const part of parts) mkdirSync(part)
  const [lower, upper, work, merged] = parts
  const mount = ['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged]
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', ...mount], { stdio: 'ignore' })
  rmSync(folder, { recursive: true, force: true })
  return status === 0
}

function isInstalled(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))
}

/**
 * @typedef {object} Engine
 * @property {string} kind `docker` or `podman`
 * @property {string} socket path of its Unix socket
 * @property {string} host for the factory's config
 * @property {(method: string, path: string, body?: object) => Promise<{ status: number, body: any }>} call
 * @property {(method: string, path: string, body?: object) => any} callNow the same, synchronously
 * @property {() => void} kill ends it by SIGKILL; Docker's containers go on (`--live-restore`)
 * @property {() => Promise<void>} restart starts it again with the same data
 * @property {() => void} removeAll removes all containers
 * @property {() => Promise<void>} stop ends it with everything that it has made
 */

/** Starts an engine with the images of the tests. @returns {Promise<Engine>} */
export async function startEngine(kind) {
  const folder = mkdtempSync(join(tmpdir(), `computesdk-${kind}-`))
  const socket = join(folder, 'engine.sock')
  const log = join(folder, 'log')
  let running

  const start = async () => {
    const output = openSync(log, 'a')
    const { program, args, env } = kind === 'docker' ? dockerCommand(folder, socket) : podmanCommand(folder, socket)
    // Podman's monitor of a container leaves files in the folder in which it was started.
    running = spawn(program, args, { cwd: folder, detached: true, stdio: ['ignore', output, output], env: { ...process.env, ...env } })
    closeSync(output)
    running.unref()
    const end = performance.now() + START_LIMIT_MILLISECONDS
    for (;;) {
      if (await answers(socket)) return
      if (running.exitCode !== null) return false
      if (performance.now() > end) throw new Error(`${kind} did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`)
      await sleep(50)
    }
  }
  /** Starts the engine. Within a second of a kill, the first start may fail because of the former one's files. */
  const startWithRetries = async () => {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      if ((await start()) !== false) return
      await sleep(500)
    }
    throw new Error(`${kind} did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`)
  }
  const kill = (signal) => killProcess(running.pid, signal)
  const gone = async () => {
    for (let turn = 0; turn < 300 && running.exitCode === null && running.signalCode === null; turn += 1) await sleep(50)
  }

  const { call: callEngine, callNow } = callers(socket)
  const removeAll = () => {
    for (const { Id } of callNow('GET', '/containers/json?all=1')) callNow('DELETE', `/containers/${Id}?force=1&v=1`)
  }
  const engine = {
    kind,
    socket,
    host: `unix://${socket}`,
    call: callEngine,
    callNow,
    removeAll,
    kill: () => kill('SIGKILL'),
    async restart() {
      kill('SIGKILL')
      await gone()
      // Its containerd ends with it. If no process collects it, it stays a zombie, and a new engine waits 15 s for it.
      const isEnding = () => processesOf(`${folder}/exec/containerd/containerd.toml`).length > 0
      for (let turn = 0; turn < 100 && isEnding(); turn += 1) await sleep(50)
      rmSync(join(folder, 'exec/containerd/containerd.pid'), { force: true })
      await startWithRetries()
    },
    async stop() {
      try {
        removeAll()
      } catch {
        // The engine may have been killed. Its processes end with its folder.
      }
      kill('SIGTERM')
      await gone()
      kill('SIGKILL')
      cleanUp(folder)
    },
  }
  const onExit = () => {
    kill('SIGTERM')
    cleanUp(folder)
  }
  process.once('exit', onExit)

  await startWithRetries()
  const files = makeFileSystem()
  try {
    for (const image of [IMAGE, DEFAULT_IMAGE]) await importImage(engine, image, files.tar(), [COMMAND])
  } finally {
    files.remove()
  }
  return { ...engine, stop: () => engine.stop().finally(() => process.off('exit', onExit)) }
}

/** Connects to a running engine. @returns {Promise<Pick<Engine, 'kind' | 'socket' | 'host' | 'call' | 'callNow'>>} */
export async function engineAt(socket) {
  const { body } = await call(socket, 'GET', '/version')
  const isPodman = (body.Components ?? []).some(({ Name }) => Name.startsWith('Podman'))
  return { kind: isPodman ? 'podman' : 'docker', socket, host: `unix://${socket}`, ...callers(socket) }
}

function callers(socket) {
  return {
    call: (method, path, body) => call(socket, method, `/${VERSION}${path}`, body),
    callNow(method, path, body) {
      const parameters = ['-sS', '--unix-socket', socket, '-X', method, '-H', 'Content-Type: application/json']
      if (body) parameters.push('-d', JSON.stringify(body))
      const options = { encoding: 'utf8', maxBuffer: 2 ** 28 }
      const text = execFileSync('curl', [...parameters, `http://engine/${VERSION}${path}`], options)
      return text ? JSON.parse(text) : undefined
    },
  }
}

/** Makes an image of a tar of its file system. */
export async function importImage({ socket, kind }, image, tar, changes = []) {
  const [repository, tag] = image.split(':')
  // Podman 4.3 ignores the tag here.
  const names = kind === 'podman' ? { repo: image } : { repo: repository, tag }
  const query = new URLSearchParams({ fromSrc: '-', ...names })
  for (const change of changes) query.append('changes', change)
  const answer = await call(socket, 'POST', `/${VERSION}/images/create?${query}`, tar)
  const failure = answer.status !== 200 || answer.text.includes('"error"')
  if (failure) throw new Error(`the image ${image} could not be made: ${answer.text}`)
}

function dockerCommand(folder, socket) {
  const flags = ['--storage-driver=overlay2', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false']
  const folders = [`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/docker.pid`]
  return {
    program: 'dockerd',
    args: [...folders, '-H', `unix://${socket}`, ...flags, '--bridge=none', '--userland-proxy=false', '--live-restore'],
  }
}

function podmanCommand(folder, socket) {
  // Without CAP_SYS_RESOURCE Podman cannot set its limits.
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim().replace('unlimited', '1048576')
  const config = join(folder, 'containers.conf')
  writeFileSync(config, `[containers]\ndefault_ulimits = ["nofile=${limit}:${limit}","nproc=30000:30000"]\n`)
  const folders = ['--root', `${folder}/root`, '--runroot', `${folder}/run`, '--tmpdir', `${folder}/tmp`]
  const flags = ['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc', '--events-backend', 'file']
  return {
    program: 'podman',
    args: [...folders, ...flags, 'system', 'service', '--time', '0', `unix://${socket}`],
    // Podman 4.3 leaves a copy of every imported tar in TMPDIR.
    env: { CONTAINERS_CONF: config, TMPDIR: folder },
  }
}

async function answers(socket) {
  try {
    return statSync(socket).isSocket() && (await call(socket, 'GET', '/_ping')).status === 200
  } catch {
    return false
  }
}

/** Sends one request to a socket. */
async function call(socketPath, method, path, body) {
  const isStream = typeof body?.pipe === 'function'
  const answer = await send(`http://engine${path}`, {
    socketPath,
    method,
    headers: body && { 'content-type': isStream ? 'application/x-tar' : 'application/json' },
    agent: false,
    body: isStream ? body : body && JSON.stringify(body),
  })
  return { status: answer.status, text: answer.text, body: parse(answer.text) }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Ends the processes that an engine has left, unmounts its file systems and removes its folder. */
function cleanUp(folder) {
  for (const pid of processesOf(`${folder}/`)) killProcess(pid, 'SIGKILL')
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).sort().toReversed()) {
    try {
      execFileSync('umount', ['-l', mount], { stdio: 'ignore' })
    } catch {
      // It was unmounted with another one.
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

function killProcess(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

/** Returns the processes whose command line has the path: containerd, its shims, and conmon. */
function processesOf(path) {
  const output = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  return output
    .split('\n')
    .filter((line) => line.includes(path))
    .map((line) => Number(line.trim().split(' ')[0]))
    .filter((pid) => pid !== process.pid)
}
