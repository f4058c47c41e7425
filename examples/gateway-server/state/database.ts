// SQLite: Node's own where it is there (from 22.13 without a flag), else libsql, whose binaries come from npm alone.

export interface Database {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(...values: (string | null)[]): unknown
    all(...values: (string | null)[]): Record<string, string | null>[]
  }
  close(): void
}

export async function openDatabase(file: string): Promise<Database> {
  const own = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: new (file: string) => Database } | undefined
  if (own) return new own.DatabaseSync(file)
  const { default: Libsql } = await import('libsql')
  return new Libsql(file) as unknown as Database
}
