// State in one SQLite file, which outlives the process.
import { openDatabase } from './database.ts'
import { LEASE_MILLISECONDS, localLeases } from './leases.ts'
import { createRows, type Row } from './rows.ts'
import type { Sandbox, State } from './sandbox.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sandboxes (
    key TEXT PRIMARY KEY, tenant TEXT NOT NULL, provider TEXT NOT NULL, place TEXT NOT NULL, phase TEXT NOT NULL,
    wish TEXT NOT NULL, config TEXT NOT NULL, instanceId TEXT, tokenHash TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sandboxes_by_instance ON sandboxes (instanceId);
  CREATE INDEX IF NOT EXISTS sandboxes_unsettled ON sandboxes (phase) WHERE phase <> 'running';
  CREATE TABLE IF NOT EXISTS routes (
    sandbox TEXT PRIMARY KEY, gateway TEXT NOT NULL, daemonUrl TEXT NOT NULL, expiresAt REAL NOT NULL
  ) STRICT;
`
/** Named one by one: a file of an earlier version has one more. */
const COLUMNS = 'key, tenant, provider, place, phase, wish, config, instanceId, tokenHash'

interface Options { file: string; secret: string; leaseMilliseconds?: number }

/** @param options `secret`: with another one, what is in the file cannot be read */
export async function sqliteState({ file, secret, ...rest }: Options): Promise<State> {
  const { leaseMilliseconds = LEASE_MILLISECONDS } = rest
  const { entriesOf, sandboxOf } = createRows(secret)
  const leases = localLeases(leaseMilliseconds)
  const database = await openDatabase(file)
  // One gateway's alone: its leases are in memory.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
  database.exec(SCHEMA)

  const run = (sql: string, ...values: (string | null)[]) => database.prepare(sql).run(...values)
  const find = (condition: string, ...values: (string | null)[]) =>
    database.prepare(`SELECT ${COLUMNS} FROM sandboxes WHERE ${condition}`).all(...values)
  const change = (key: string, changes: Partial<Sandbox>) => {
    const entries = entriesOf(changes, key)
    const assignments = entries.map(([field]) => `${field} = ?`).join(', ')
    run(`UPDATE sandboxes SET ${assignments} WHERE key = ?`, ...entries.map(([, value]) => value), key)
  }
  const take = (row: Row) => {
    leases.take(String(row['key']))
    return sandboxOf(row)
  }

  let isOpen = true
  return {
    leaseMilliseconds,
    async insert(sandbox) {
      const { key } = sandbox
      if (find('key = ?', key).length > 0) return false
      const entries = entriesOf(sandbox, key)
      const marks = entries.map(() => '?').join(', ')
      const values = entries.map(([, value]) => value)
      run(`INSERT INTO sandboxes (${entries.map(([field]) => field).join(', ')}) VALUES (${marks})`, ...values)
      leases.take(key)
      return true
    },
    async lease(key) {
      return leases.isFree(key) ? find('key = ?', key).map(take)[0] : undefined
    },
    async leaseUnsettled(limit, except) {
      const isDue = ({ key }: Row) => leases.isOver(String(key)) && !except.includes(String(key))
      return find("phase <> 'running'").filter(isDue).slice(0, limit).map(take)
    },
    renewLeases: async () => leases.renew(),
    release: async (key) => leases.release(key),
    async update(key, changes) {
      if (!leases.isHeld(key)) return false
      change(key, changes)
      if (changes.phase === 'running') leases.end(key)
      return true
    },
    async confirm(key, changes) {
      if (find("key = ? AND phase = 'creating' AND instanceId IS NOT NULL", key).length === 0) return
      change(key, changes)
      leases.end(key)
    },
    async remove(key) {
      if (!leases.isHeld(key)) return
      run('DELETE FROM routes WHERE sandbox = ?', key)
      run('DELETE FROM sandboxes WHERE key = ?', key)
      leases.end(key)
    },
    async select(where) {
      const entries = entriesOf(where, '')
      const conditions = ['TRUE', ...entries.map(([field]) => `${field} = ?`)].join(' AND ')
      const routes = `SELECT sandbox, gateway, daemonUrl FROM routes WHERE expiresAt > ${Date.now()}`
      const joined = `SELECT ${COLUMNS}, gateway, daemonUrl FROM sandboxes LEFT JOIN (${routes}) ON sandbox = key`
      return database.prepare(`${joined} WHERE ${conditions}`).all(...entries.map(([, value]) => value)).map(sandboxOf)
    },
    async setRoute(key, { gateway, daemonUrl }, milliseconds) {
      const row = `SELECT key, ?, ?, ${Date.now() + milliseconds} FROM sandboxes WHERE key = ?`
      run(`INSERT OR REPLACE INTO routes (sandbox, gateway, daemonUrl, expiresAt) ${row}`, gateway, daemonUrl, key)
    },
    leaseReaper: async () => true,
    async close() {
      if (isOpen) database.close()
      isOpen = false
    },
  }
}
