// State in PostgreSQL, which any number of gateways share. Leases and routes run out by the database's clock.
import { randomUUID } from 'node:crypto'
import { DatabaseError } from 'pg'
import { connect, type ConnectionOptions } from './connection.ts'
import { LEASE_MILLISECONDS } from './leases.ts'
import { createRows } from './rows.ts'
import type { Sandbox, State } from './sandbox.ts'
import { createSeal } from './seal.ts'

const FIELDS = ['key', 'tenant', 'provider', 'place', 'phase', 'wish', 'config', 'instanceId', 'tokenHash']
const columnOf = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const COLUMNS = FIELDS.map((field) => `sandboxes.${columnOf(field)} AS "${field}"`).join(', ')
const FOREIGN_KEY_VIOLATION = '23503'

/** Rows that another gateway is taking at this moment are passed over: it will hold their leases. */
const lease = (condition: string) => `
  WITH free AS MATERIALIZED (SELECT key FROM sandboxes WHERE ${condition} FOR UPDATE SKIP LOCKED)
  UPDATE sandboxes SET lease_holder = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM free WHERE sandboxes.key = free.key RETURNING ${COLUMNS}`

const LEASE = lease('key = $3 AND (lease_holder IS NULL OR lease_holder = $1 OR lease_until < clock_timestamp())')
const LEASE_UNSETTLED = lease(
  "phase <> 'running' AND lease_until < clock_timestamp() AND key <> ALL ($4) ORDER BY lease_until LIMIT $3",
)
const RENEW = `
  UPDATE sandboxes SET lease_until = clock_timestamp() + make_interval(secs => $1)
  FROM unnest($2::text[], $3::text[]) AS held (key, holder)
  WHERE sandboxes.key = held.key AND sandboxes.lease_holder = held.holder`
const RELEASE = `
  UPDATE sandboxes SET lease_holder = NULL, lease_until = clock_timestamp() + make_interval(secs => $3)
  WHERE key = $1 AND lease_holder = $2`
const REMOVE = 'DELETE FROM sandboxes WHERE key = $1 AND lease_holder = $2'
const SELECT = `
  SELECT ${COLUMNS}, routes.gateway, routes.daemon_url AS "daemonUrl"
  FROM sandboxes LEFT JOIN routes ON routes.key = sandboxes.key AND routes.expires_at > clock_timestamp() WHERE TRUE`
/** A daemon says again and again where it is: only news, or what would soon expire, is written. */
const SET_ROUTE = `
  INSERT INTO routes (key, gateway, daemon_url, expires_at)
  SELECT key, $2, $3, clock_timestamp() + make_interval(secs => $4) FROM sandboxes WHERE key = $1
  ON CONFLICT (key) DO UPDATE
  SET gateway = excluded.gateway, daemon_url = excluded.daemon_url, expires_at = excluded.expires_at
  WHERE (routes.gateway, routes.daemon_url) <> (excluded.gateway, excluded.daemon_url)
    OR routes.expires_at < clock_timestamp() + make_interval(secs => $4 / 2.0)`
const LEASE_REAPER = `
  WITH free AS MATERIALIZED (SELECT name FROM jobs WHERE name = 'reaper'
    AND (lease_holder = $1 OR lease_until < clock_timestamp()) FOR UPDATE SKIP LOCKED)
  UPDATE jobs SET lease_holder = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM free WHERE jobs.name = free.name`

export interface PostgresOptions extends ConnectionOptions {
  /** With another one, what is in the database cannot be read. */
  secret: string
  leaseMilliseconds?: number
}

export async function postgresState({ secret, ...options }: PostgresOptions): Promise<State> {
  const { leaseMilliseconds = LEASE_MILLISECONDS, ...connection } = options
  const leaseSeconds = leaseMilliseconds / 1000
  const { entriesOf, sandboxOf } = createRows(secret)
  const { query, close } = await connect(connection)
  await checkSecret(query, secret).catch((error) => close().then(() => Promise.reject(error)))
  const self = randomUUID()
  /** By key: what this gateway has written into the row as the holder of the lease. Another one for each lease. */
  const holders = new Map<string, string>()

  async function take(sql: string, ...values: unknown[]): Promise<Sandbox[]> {
    const holder = randomUUID()
    const { rows } = await query(sql, [holder, leaseSeconds, ...values])
    rows.forEach(({ key }) => holders.set(String(key), holder))
    return rows.map(sandboxOf)
  }

  /** The lease is over for this gateway even if the statement fails: then it runs out. */
  function end(key: string): string | undefined {
    const holder = holders.get(key)
    holders.delete(key)
    return holder
  }

  /** @param isLast whether it ends the lease */
  async function change(changes: Partial<Sandbox>, where: string, ids: [key: string, ...string[]], isLast: boolean) {
    const entries = entriesOf(changes, ids[0])
    const assignments = entries.map(([field], index) => `${columnOf(field)} = $${ids.length + index + 1}`)
    if (isLast) assignments.push('lease_holder = NULL')
    const sql = `UPDATE sandboxes SET ${assignments.join(', ')} WHERE ${where}`
    return (await query(sql, [...ids, ...entries.map(([, value]) => value)])).count > 0
  }

  return {
    leaseMilliseconds,
    async insert(sandbox) {
      const holder = randomUUID()
      const entries = entriesOf(sandbox, sandbox.key)
      const columns = entries.map(([field]) => columnOf(field)).join(', ')
      const marks = entries.map((_, index) => `$${index + 3}`).join(', ')
      const { count } = await query(
        `INSERT INTO sandboxes (lease_holder, lease_until, ${columns})
         VALUES ($1, clock_timestamp() + make_interval(secs => $2), ${marks})
         ON CONFLICT (key) DO UPDATE SET lease_until = excluded.lease_until
         WHERE sandboxes.lease_holder = excluded.lease_holder`, // sent before: its answer was lost
        [holder, leaseSeconds, ...entries.map(([, value]) => value)],
      )
      if (count > 0) holders.set(sandbox.key, holder)
      return count > 0
    },
    lease: async (key) => (await take(LEASE, key))[0],
    leaseUnsettled: (limit, except) => take(LEASE_UNSETTLED, limit, except),
    async renewLeases() {
      if (holders.size > 0) await query(RENEW, [leaseSeconds, [...holders.keys()], [...holders.values()]])
    },
    async release(key) {
      const holder = end(key)
      if (holder) await query(RELEASE, [key, holder, leaseSeconds])
    },
    async update(key, changes) {
      const isLast = changes.phase === 'running'
      const holder = isLast ? end(key) : holders.get(key)
      if (!holder) return false
      return change(changes, 'key = $1 AND lease_holder = $2', [key, holder], isLast)
    },
    async confirm(key, changes) {
      const isMade = "key = $1 AND phase = 'creating' AND instance_id IS NOT NULL"
      if (await change(changes, isMade, [key], true)) end(key)
    },
    async remove(key) {
      const holder = end(key)
      if (holder) await query(REMOVE, [key, holder])
    },
    async select(where) {
      const entries = entriesOf(where, '')
      const conditions = entries.map(([field], index) => ` AND sandboxes.${columnOf(field)} = $${index + 1}`)
      const { rows } = await query(SELECT + conditions.join(''), entries.map(([, value]) => value))
      return rows.map(sandboxOf)
    },
    async setRoute(key, { gateway, daemonUrl }, milliseconds) {
      await query(SET_ROUTE, [key, gateway, daemonUrl, milliseconds / 1000]).catch((error) => {
        const isGone = error instanceof DatabaseError && error.code === FOREIGN_KEY_VIOLATION
        if (!isGone) throw error
      })
    },
    leaseReaper: async () => (await query(LEASE_REAPER, [self, leaseSeconds])).count > 0,
    close,
  }
}

/** A gateway with another secret would take leases of rows that it cannot read. */
async function checkSecret(query: Awaited<ReturnType<typeof connect>>['query'], secret: string): Promise<void> {
  const seal = createSeal(secret)
  await query('INSERT INTO secret_check VALUES ($1) ON CONFLICT DO NOTHING', [seal.close('ours', 'secret_check')])
  const { rows } = await query('SELECT sealed FROM secret_check', [])
  try {
    seal.open(String(rows[0]?.['sealed']), 'secret_check')
  } catch {
    throw new Error('This database is of gateways that have another secret.')
  }
}
