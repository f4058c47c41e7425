// Sandboxes as rows of a database, and back. What tenants have written, and their credentials, are encrypted.
import type { Sandbox } from './sandbox.ts'
import { createSeal } from './seal.ts'

export type Row = Record<string, string | null>
const SEALED = ['wish', 'config']

/** @param secret with another one, what is in the database cannot be read */
export function createRows(secret: string) {
  const seal = createSeal(secret)
  return {
    /** @param key of the sandbox to which the fields belong */
    entriesOf(fields: Partial<Sandbox>, key: string): [field: string, value: string | null][] {
      return Object.entries(fields).map(([field, value]) => {
        if (value === undefined) return [field, null]
        return [field, SEALED.includes(field) ? seal.close(JSON.stringify(value), key) : String(value)]
      })
    },
    /** @param row may hold the fields of a route besides those of a sandbox */
    sandboxOf({ gateway, daemonUrl, ...row }: Row): Sandbox {
      const entries = Object.entries(row).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      const open = (value: string) => JSON.parse(seal.open(value, String(row['key'])))
      const opened = entries.map(([field, value]) => [field, SEALED.includes(field) ? open(value) : value])
      const route = typeof daemonUrl === 'string' && { route: { gateway: gateway ?? '', daemonUrl } }
      return { ...Object.fromEntries(opened), ...route }
    },
  }
}
