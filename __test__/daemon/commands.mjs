// Runs commands and code, each in a process group of its own, with a time limit and a limit of the kept output.
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import { badRequest, Refusal } from './errors.mjs'
import { signalGroup, spawnGroup } from './process-groups.mjs'

const OUTPUT_MAXIMUM = 1024 * 1024
const RUNNING_MAXIMUM = 64
const KEPT_MAXIMUM = 32
/** As of timeout(1). */
const EXIT_CODE_OF_LIMIT = 124
const NODE = { language: 'javascript', file: process.execPath, args: ['-'] }
const PYTHON = { language: 'python', file: 'python3', args: ['-'] }
const LANGUAGES = { javascript: NODE, js: NODE, node: NODE, python: PYTHON, python3: PYTHON, py: PYTHON }
const LOOKS_LIKE_PYTHON = /^\s*(print\s*\(|from \S+ import |def \w+\(.*\).*:\s*$)/m

/** One command: pending, then running, then completed or failed. Emits `output` (stream, text) and `exit`. */
class Command extends EventEmitter {
  id = `cmd_${randomUUID()}`
  terminalId = `term_${randomUUID()}`
  status = 'pending'
  stdout = ''
  stderr = ''
  /** stdout and stderr as they came. */
  output = ''

  constructor(what) {
    super()
    this.setMaxListeners(0)
    this.what = what
    this.ended = new Promise((end) => this.once('exit', end))
  }

  write(stream, text) {
    const kept = text.slice(0, OUTPUT_MAXIMUM - this[stream].length)
    if (kept === '') return
    this[stream] += kept
    this.output += kept
    this.emit('output', stream, kept)
  }
}

export class Commands {
  /** @type {Map<string, Command>} those that run, and the last of the others */
  #all = new Map()
  /** The process groups that may have members: the command itself, or its children. */
  #groups = new Set()
  #running = 0

  /**
   * @param {object} options
   * @param {ReturnType<import('./sandbox.mjs').openSandbox>} options.sandbox
   * @param {Record<string, string>} options.environment
   * @param {number} options.limitMilliseconds
   */
  constructor({ sandbox, environment, limitMilliseconds }) {
    this.sandbox = sandbox
    this.environment = { HOME: sandbox.folder, ...environment }
    this.limitMilliseconds = limitMilliseconds
  }

  get(id) {
    return this.#all.get(id)
  }

  /** Records a command, which start() begins. @returns {Command} */
  prepare({ command, shell = '/bin/sh', cwd = '.', env = {} }) {
    if (typeof command !== 'string' || command === '') throw badRequest('command is missing')
    if (typeof shell !== 'string' || typeof cwd !== 'string') throw badRequest('shell and cwd have to be strings')
    const isText = (value) => typeof value === 'string'
    if (env === null || !Object.values(env).every(isText)) throw badRequest('the values of env have to be strings')
    return this.#add({ file: shell, args: ['-c', command], cwd: this.#place(cwd), env })
  }

  /** Records code, which its interpreter gets as input. */
  prepareCode({ code, language }) {
    if (typeof code !== 'string') throw badRequest('code is missing')
    const name = language ?? (LOOKS_LIKE_PYTHON.test(code) ? 'python' : 'javascript')
    if (!Object.hasOwn(LANGUAGES, name)) throw badRequest(`no such language: ${name} (javascript, python)`)
    const chosen = LANGUAGES[name]
    return this.#add({ ...chosen, input: code, cwd: this.sandbox.folder })
  }

  /** @param {Command} command */
  start(command) {
    if (command.status !== 'pending') return
    if (this.#running >= RUNNING_MAXIMUM) throw new Refusal(429, `${RUNNING_MAXIMUM} commands are running already`)
    const { file, args, cwd, env, input } = command.what
    command.status = 'running'
    command.startedAt = performance.now()
    this.#running += 1
    const limit = setTimeout(() => {
      command.limited = true
      command.write('stderr', `ended after ${this.limitMilliseconds / 1000} s\n`)
      this.kill(command)
    }, this.limitMilliseconds)
    const onEnd = (exitCode) => {
      clearTimeout(limit)
      this.#running -= 1
      command.exitCode = command.limited ? EXIT_CODE_OF_LIMIT : exitCode
      command.durationMs = Math.round(performance.now() - command.startedAt)
      command.status = command.exitCode === 0 ? 'completed' : 'failed'
      command.emit('exit')
    }
    const child = spawnGroup(file, args, {
      cwd,
      env: { ...this.environment, ...env },
      onOutput: (stream, text) => command.write(stream, text),
      onExit: () => this.#keepGroups(),
      onEnd,
    })
    command.pid = child.pid
    child.stdin.on('error', () => {}) // it does not read, or was not found
    child.stdin.end(input)
    child.once('error', (error) => {
      command.write('stderr', `${file}: ${error.code === 'ENOENT' ? 'not found' : error.code}\n`)
      onEnd(127)
    })
    if (child.pid === undefined) return
    this.#groups.add(child.pid)
    this.#keepGroups()
  }

  /** Kills all processes of a command. @param {Command} command */
  kill(command) {
    if (command.pid !== undefined && command.status === 'running') signalGroup(command.pid, 'SIGKILL')
  }

  /** Removes groups without members, because another process may get their numbers. */
  #keepGroups() {
    for (const group of this.#groups) if (!signalGroup(group, 0)) this.#groups.delete(group)
    this.sandbox.setGroups(this.#groups)
  }

  #add(what) {
    const idle = [...this.#all.values()].filter(({ status }) => status !== 'running')
    for (const { id } of idle.slice(0, -KEPT_MAXIMUM)) this.#all.delete(id)
    const command = new Command(what)
    this.#all.set(command.id, command)
    return command
  }

  #place(cwd) {
    const place = resolve(this.sandbox.folder, cwd)
    // Otherwise the system would report a missing shell.
    if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) throw badRequest(`no such folder: ${cwd}`)
    return place
  }
}
