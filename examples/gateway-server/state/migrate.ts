// The tables of PostgreSQL: each file of `migrations/` is applied once, in the order of the names.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientBase } from 'pg'

// In a bundle, `migrations/` lies beside the bundle.
const FOLDER = join(__dirname, 'migrations')
/** Any number, if it is every gateway's. */
const LOCK = 7_266_837

/** Leaves everything as it was if one of the files fails. */
export async function migrate(client: ClientBase): Promise<void> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  await client.query('BEGIN')
  try {
    // Gateways that start at once come here one after the other.
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await client.query(`CREATE TABLE IF NOT EXISTS gateway_migrations (
      name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`)
    const { rows } = await client.query<{ name: string }>('SELECT name FROM gateway_migrations')
    for (const name of names.filter((name) => !rows.some((row) => row.name === name))) {
      await client.query(await readFile(join(FOLDER, name), 'utf8'))
      await client.query('INSERT INTO gateway_migrations (name) VALUES ($1)', [name])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // the first error tells more
    throw error
  }
}
