// A test's own PostgreSQL server, on a temporary folder, as an unprivileged user. A test can kill it.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

import { Client } from 'pg'

import { freePort } from '../../scripts/lib/free-port.mjs'
import { canary } from './canary.mjs'
import { eventually } from './eventually.mjs'

/** Debian has the programs outside of PATH, in a folder for each version. */
const DEBIAN = '/usr/lib/postgresql'
/** `postgres` refuses to run as root. */
const UNPRIVILEGED = 65_534
/** If this program exists, the server ends with the process that has started it. */
const BOUND_TO_THIS_PROCESS = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : []
const START_MILLISECONDS = 60_000

function programsFolder() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one)) : []
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...process.env.PATH.split(delimiter)]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

const PROGRAMS = process.platform === 'win32' ? undefined : programsFolder()

/** The reason why a test that needs PostgreSQL is skipped, or false. */
export const WITHOUT_POSTGRES = PROGRAMS
  ? false
  : 'there is no PostgreSQL on this machine (Debian and Ubuntu: apt-get install postgresql)'

/** @param {Record<string, string>} [settings] of postgresql.conf */
export async function startPostgres(t, settings = {}) {
  const isRoot = process.getuid() === 0
  const as = isRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  const password = canary('database')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password)
  if (isRoot) for (const path of [folder, passwordFile]) await chown(path, UNPRIVILEGED, UNPRIVILEGED)

  const data = join(folder, 'data')
  const access = ['--username=gateway', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const initdb = ['--pgdata', data, '--encoding=UTF8', '--locale=C', '--no-sync', ...access]
  await promisify(execFile)(join(PROGRAMS, 'initdb'), initdb, { ...as, cwd: folder })

  const port = await freePort()
  const url = `postgres://gateway:${password}@127.0.0.1:${port}/postgres`
  const all = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, fsync: 'off', ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server
  let ended
  let said = ''

  function begin() {
    const [program, ...parameters] = [...BOUND_TO_THIS_PROCESS, join(PROGRAMS, 'postgres'), '-D', data, ...options]
    server = spawn(program, parameters, { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    server.stderr.setEncoding('utf8').on('data', (text) => (said = `${said}${text}`.slice(-4000)))
    ended = once(server, 'exit')
  }

  async function start() {
    begin()
    const answers = async () => {
      // After a SIGKILL the processes of its connections may take a moment to end; until then it does not start.
      if (server.exitCode !== null || server.signalCode !== null) begin()
      return query('SELECT 1').catch(() => undefined)
    }
    await eventually(answers, 'PostgreSQL answers', START_MILLISECONDS).catch(() => {
      throw new Error(`PostgreSQL does not start:\n${said}`)
    })
  }

  async function query(sql, values, connectionString = url) {
    const client = new Client({ connectionString })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(sql, values)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }

  const end = (signal) => server.kill(signal) && ended
  t.after(async () => {
    if (server) await end('SIGQUIT')
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  await start()

  return {
    url,
    query,
    start,
    /** Kills the server, without a warning. */
    kill: () => end('SIGKILL'),
    /** Makes a database on this server. */
    async database() {
      const name = `test_${randomBytes(6).toString('hex')}`
      await query(`CREATE DATABASE ${name}`)
      const address = url.replace(/postgres$/, name)
      return { url: address, query: (sql, values) => query(sql, values, address) }
    },
  }
}
