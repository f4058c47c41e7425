// Commands of the sandboxes: their records, their output, their end.
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import { Readable } from 'node:stream'

import { signalGroup } from '../../daemon/process-groups.mjs'
import { executableNotFound, invalidRequest, sandboxStopped } from './errors.mjs'
import { Machine } from './machine.mjs'
import { presentCommand } from './present.mjs'
import { isOver } from './sessions.mjs'

/** How much output of a command is kept. */
const OUTPUT_MAXIMUM = 256 * 1024

/**
 * The course of a simulated command.
 *
 * @typedef {object} CommandPlan
 * @property {number} [exitCode] default: 0
 * @property {number} [reads] how many reads show the command running; `Infinity`: it never ends by itself
 * @property {number} [milliseconds] instead of reads: by the server's clock
 * @property {string | { stream: 'stdout' | 'stderr', data: string }[]} [output] from the start on
 * @property {boolean} [missing] the executable does not exist
 */

/** @type {Record<string, CommandPlan>} */
export const COMMAND_PLANS = {
  succeeds: { exitCode: 0 },
  fails: { exitCode: 1, output: [{ stream: 'stderr', data: 'compute: cannot start\n' }] },
  stays: { reads: Infinity },
  missing: { missing: true },
}

/**
 * Returns whether a command is the one with which the package waits for its daemon (src/providers/vercel/daemon.rs).
 */
export const asksForDaemon = ({ args }) => Boolean(args[2]?.startsWith('computesdk-ready-'))

/**
 * The plan for the package's commands: the daemon stays up, and the command that waits for it succeeds at once.
 *
 * @param {CommandRecord} command
 * @returns {CommandPlan}
 */
export const planDaemon = (command) => (asksForDaemon(command) ? COMMAND_PLANS.succeeds : COMMAND_PLANS.stays)

/** The commands of all sessions: real processes of this machine, or simulated by a plan. */
export class Commands {
  /** @param {import('./world.mjs').World} world */
  constructor(world) {
    this.world = world
  }

  /**
   * @param {object} session
   * @param {object} request body of the request, checked
   * @returns {Promise<CommandRecord>}
   */
  async start(session, request) {
    const { world } = this
    const { sandbox } = session
    const command = new Command(`cmd_${world.random.text('0123456789abcdef', 28)}`, session, request, world.now())
    command.lag = world.createLag(world.commandLag)
    const { commandPlan } = world.settings
    const planOfServer = () => (typeof commandPlan === 'function' ? commandPlan(command, sandbox) : commandPlan)
    const plan = world.plannedCommands.shift() ?? planOfServer()
    if (plan?.missing) throw executableNotFound(command.name)
    if (plan) {
      command.play(plan)
      sandbox.commands.push(command)
      this.#settle(command)
    } else {
      await this.#run(command, session)
    }
    return command
  }

  /** Returns the command for a read, and counts the read for a simulated one. */
  read(command) {
    const shown = this.look(command)
    if (command.readsLeft > 0) command.readsLeft -= 1
    return shown
  }

  /** Returns the command, and counts no read. */
  look(command) {
    this.#settle(command)
    return presentCommand(command)
  }

  /** Resolves at the command's end. A simulated command that ends at some time ends at once. */
  async waitFor(command) {
    this.#hurry(command)
    await command.exited
  }

  /** Returns the output from the start to the end, as NDJSON. @returns {Readable} */
  logs(command) {
    this.#hurry(command)
    return streamOf(command, { output: true })
  }

  /** Returns the same between two lines with the command itself. @returns {Readable} */
  follow(command, { output }) {
    const start = { command: { ...presentCommand(command), exitCode: null, durationMs: undefined } }
    this.#hurry(command)
    return streamOf(command, { output, start, end: () => ({ command: presentCommand(command) }) })
  }

  kill(command, signal) {
    if (command.exitCode !== null) return
    if (command.pid !== undefined) signalGroup(command.pid, signal)
    else command.end(128 + signal, this.world.now())
  }

  /** Ends all commands of the session. @returns {Promise<void>} resolves when the last process has ended */
  async stop(session) {
    const own = session.sandbox.commands.filter(({ sessionId }) => sessionId === session.id)
    const running = own.filter(({ exitCode }) => exitCode === null)
    for (const command of running) {
      command.cutOff = true
      if (command.simulated) command.end(128 + constants.signals.SIGKILL, this.world.now())
    }
    session.machine?.stop()
    await Promise.all(running.map(({ exited }) => exited))
    session.machine?.remove()
  }

  async #run(command, session) {
    const { sandbox } = session
    const { runCommand } = this.world.settings
    const chosen = typeof runCommand === 'function' ? runCommand(sandbox, command.environment) : runCommand
    // Recorded first, because a sandbox that is deleted during the start has to end the process.
    sandbox.commands.push(command)
    try {
      session.machine ??= new Machine()
      command.pid = await session.machine.start({
        command: chosen ? chosen.command : command.name,
        args: chosen ? (chosen.args ?? []) : command.args,
        cwd: command.cwd,
        environment: command.environment,
        inherit: chosen?.inherit,
        onOutput: (stream, data) => command.write(stream, data),
        onEnd: (exitCode) => command.end(exitCode, this.world.now()),
      })
    } catch (error) {
      sandbox.commands.splice(sandbox.commands.indexOf(command), 1)
      command.end(127, this.world.now())
      if (['ENOENT', 'EACCES'].includes(error.code)) throw executableNotFound(command.name)
      throw invalidRequest(`the command cannot be started (${error.code})`) // its text is not known
    }
    if (isOver(session)) {
      signalGroup(command.pid, constants.signals.SIGKILL)
      throw sandboxStopped()
    }
    if (command.timeout !== undefined) {
      const timer = setTimeout(() => this.kill(command, constants.signals.SIGKILL), command.timeout)
      command.exited.then(() => clearTimeout(timer))
    }
  }

  /** Ends a simulated command whose time has come. */
  #settle(command) {
    if (!command.simulated || command.exitCode !== null) return
    const age = this.world.now() - command.startedAt
    if (age >= command.timeout) command.end(128 + constants.signals.SIGKILL, this.world.now())
    else if (age >= command.endsAfter || command.readsLeft === 0) command.end(command.plannedExit, this.world.now())
  }

  #hurry(command) {
    this.#settle(command)
    if (command.simulated && command.readsLeft !== Infinity && command.endsAfter === undefined) {
      command.readsLeft = 0
      this.#settle(command)
    }
  }
}

/** @typedef {Command} CommandRecord */

class Command extends EventEmitter {
  /** @type {number | null} */
  exitCode = null
  deletedAt = null
  /** The first 256 KiB. @type {{ stream: 'stdout' | 'stderr', data: string }[]} */
  output = []
  /** Whether it is no real process. */
  simulated = false
  #size = 0

  constructor(id, { id: sessionId, sandbox, cwd }, request, now) {
    super()
    this.setMaxListeners(0)
    const { command: name, args = [], env, sudo = false, timeout } = request // `sudo` is only recorded
    Object.assign(this, { id, sessionId, name, args, env: { ...env }, sudo, timeout, startedAt: now })
    this.cwd = request.cwd ?? cwd // as the guest sees it
    // It gets the path alone: a machine at Vercel does not have the other variables either.
    this.environment = { PATH: process.env.PATH, ...sandbox.env, ...env }
    this.exited = new Promise((resolve) => this.once('exit', resolve))
  }

  /** Returns all output as one text. */
  get text() {
    return this.output.map(({ data }) => data).join('')
  }

  /** @param {CommandPlan} plan */
  play({ exitCode = 0, reads, milliseconds, output = [] }) {
    this.simulated = true
    this.plannedExit = exitCode
    this.endsAfter = milliseconds
    this.readsLeft = reads ?? (milliseconds === undefined ? 0 : Infinity)
    for (const { stream, data } of typeof output === 'string' ? [{ stream: 'stdout', data: output }] : output) {
      this.write(stream, data)
    }
  }

  write(stream, data) {
    const kept = data.slice(0, OUTPUT_MAXIMUM - this.#size)
    if (kept === '') return
    this.#size += kept.length
    this.output.push({ stream, data: kept })
    this.emit('output', { stream, data: kept })
  }

  end(exitCode, now) {
    if (this.exitCode !== null) return
    this.exitCode = exitCode
    this.durationMs = now - this.startedAt
    this.emit('exit')
  }
}

/**
 * Returns a stream that ends with the command, by an error line if its session ended first (docs/providers/vercel.md).
 */
function streamOf(command, { output, start, end }) {
  const stream = new Readable({ read() {} })
  const line = (value) => stream.push(`${JSON.stringify(value)}\n`)
  const finish = () => {
    if (command.cutOff) {
      const message = 'The sandbox was stopped before the command ended.'
      line({ stream: 'error', data: { code: 'sandbox_stream_closed', message } })
    } else if (end) line(end())
    stream.push(null)
  }
  if (start) line(start)
  if (output) for (const entry of command.output) line(entry)
  if (command.exitCode !== null) finish()
  else {
    if (output) command.on('output', line)
    command.on('exit', finish)
    stream.on('close', () => {
      command.off('output', line)
      command.off('exit', finish)
    })
  }
  return stream
}
