// State in one SQLite file, which outlives the process.
import { openDatabase } from './database.ts'
import { createSeal } from './seal.ts'
import type { Sandbox, State } from './sandbox.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sandboxes (
    key TEXT PRIMARY KEY, tenant TEXT NOT NULL, provider TEXT NOT NULL, place TEXT NOT NULL, phase TEXT NOT NULL,
    wish TEXT NOT NULL, config TEXT NOT NULL, instanceId TEXT, tokenHash TEXT NOT NULL UNIQUE, daemonUrl TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sandboxes_by_instance ON sandboxes (instanceId);
  CREATE INDEX IF NOT EXISTS sandboxes_unsettled ON sandboxes (phase) WHERE phase <> 'running';
`

/** What tenants have written, and their credentials, are encrypted. */
const SEALED = ['wish', 'config']

/** @param options `secret`: with another one, what is in the file cannot be read */
export async function sqliteState({ file, secret }: { file: string; secret: string }): Promise<State> {
  const seal = createSeal(secret)
  const database = await openDatabase(file)
  // One gateway's alone: what it finds unsettled must not be what another one is still at.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
  database.exec(SCHEMA)

  const columnsOf = (fields: Partial<Sandbox>, key: string) => {
    const entries = Object.entries(fields)
    const values = entries.map(([field, value]) => {
      if (value === undefined) return null
      return SEALED.includes(field) ? seal.close(JSON.stringify(value), key) : String(value)
    })
    return { fields: entries.map(([field]) => field), values }
  }

  const sandboxOf = (row: Record<string, string | null>) => {
    const entries = Object.entries(row).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    const open = (value: string) => JSON.parse(seal.open(value, String(row['key'])))
    const opened = entries.map(([field, value]) => [field, SEALED.includes(field) ? open(value) : value])
    return Object.fromEntries(opened) as Sandbox
  }

  let isOpen = true
  return {
    async insert(sandbox) {
      const { fields, values } = columnsOf(sandbox, sandbox.key)
      const marks = fields.map(() => '?').join(', ')
      database.prepare(`INSERT OR REPLACE INTO sandboxes (${fields.join(', ')}) VALUES (${marks})`).run(...values)
    },
    async update(key, changes) {
      const { fields, values } = columnsOf(changes, key)
      const assignments = fields.map((field) => `${field} = ?`).join(', ')
      database.prepare(`UPDATE sandboxes SET ${assignments} WHERE key = ?`).run(...values, key)
    },
    async remove(key) {
      database.prepare('DELETE FROM sandboxes WHERE key = ?').run(key)
    },
    async select(where) {
      const { fields, values } = columnsOf(where, '')
      const conditions = fields.map((field) => `${field} = ?`).join(' AND ')
      return database.prepare(`SELECT * FROM sandboxes WHERE ${conditions}`).all(...values).map(sandboxOf)
    },
    async close() {
      if (isOpen) database.close()
      isOpen = false
    },
  }
}
