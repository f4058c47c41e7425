// The connections to PostgreSQL. A statement whose connection is lost is sent again: each is written so that a repeat
// of it does no harm, whether or not the first one took effect.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, DatabaseError, Pool } from 'pg'
import { Refusal } from '../errors.ts'
import { migrate } from './migrate.ts'
import type { Row } from './rows.ts'

const FIRST_PAUSE_MILLISECONDS = 50
const LONGEST_PAUSE_MILLISECONDS = 1000
/** The client waits for so much longer than the server, which tells more. */
const MARGIN_MILLISECONDS = 1000

export interface ConnectionOptions {
  url: string
  /** So many connections at most; what comes then waits. */
  connections?: number
  /** How long one statement may take. */
  statementMilliseconds?: number
  /** How long to wait for a connection. */
  connectMilliseconds?: number
  /** How long to go on trying while the database is away. */
  reconnectMilliseconds?: number
}

/** By its SQLSTATE: connection, deadlock, resources, operator, system, and a server that takes no writes for now. */
const isPassing = (error: unknown) =>
  !(error instanceof DatabaseError) || /^(08|40|53|57|58|25006)/.test(error.code ?? '')

export async function connect(options: ConnectionOptions) {
  const { url, connections = 10, statementMilliseconds = 5000, connectMilliseconds = 5000 } = options
  const { reconnectMilliseconds = 20_000 } = options
  const common = { connectionString: url, application_name: 'computesdk-gateway', keepAlive: true }
  const pool = new Pool({
    ...common,
    max: connections,
    connectionTimeoutMillis: connectMilliseconds,
    statement_timeout: statementMilliseconds,
    lock_timeout: statementMilliseconds,
    idle_in_transaction_session_timeout: statementMilliseconds,
    query_timeout: statementMilliseconds + MARGIN_MILLISECONDS,
  })
  pool.on('error', () => {}) // an idle connection is lost: the pool opens another one
  let isOpen = true

  /** Repeats `work` while the database is away. */
  async function persistently<T>(work: () => Promise<T>): Promise<T> {
    const end = performance.now() + reconnectMilliseconds
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS)) {
      try {
        return await work()
      } catch (error) {
        if (!isOpen || !isPassing(error)) throw error
        if (performance.now() + pause > end) throw unavailable(error)
        await sleep(pause)
      }
    }
  }

  const query = (text: string, values: unknown[]) =>
    persistently(async () => {
      const { rows, rowCount } = await pool.query<Row>(text, values)
      return { rows, count: rowCount ?? 0 }
    })

  async function close(): Promise<void> {
    if (isOpen) await (isOpen = false, pool.end())
  }

  // By a connection of its own, without the limits: it may have to wait for another gateway.
  await persistently(async () => {
    const client = new Client({ ...common, connectionTimeoutMillis: connectMilliseconds })
    client.on('error', () => {}) // told by the statement, too
    try {
      await client.connect()
      await migrate(client)
    } finally {
      await client.end().catch(() => {})
    }
  }).catch(async (error) => {
    await close()
    throw error
  })
  return { query, close }
}

function unavailable(cause: unknown): Refusal {
  const refusal = new Refusal(503, 'UNAVAILABLE', 'The gateway cannot reach its database.')
  return Object.assign(refusal, { cause })
}
