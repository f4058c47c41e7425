// Destroys what this owner's gateways have made and no row knows: after a lost database, or a crash that nothing settled.
// It only reports unless it is told to destroy; README.md says what it needs.
import type { FastifyBaseLogger } from 'fastify'
import { placeOf, providerOf, type Settings } from './providers.ts'
import type { Caller, State } from './state/sandbox.ts'

const HOUR = 3_600_000
/** What a reaper may do. `accounts`: the tenants' accounts, for a row holds no credentials once its sandbox runs. */
export interface ReaperOptions {
  accounts: Omit<Caller, 'place'>[]
  /** Default `true`: logs what it would destroy. */
  dryRun?: boolean
  intervalMilliseconds?: number
  /** Longer than any create can take, with what it leaves to be settled (docs/reliability.md). */
  ageMilliseconds?: number
  /** An instance is destroyed only if it was seen unknown twice, so far apart. */
  apartMilliseconds?: number
  /** The most that one run destroys. */
  limit?: number
  /** If more than this share of an account's instances is unknown, the state was lost: nothing is destroyed. */
  maximumShare?: number
}
interface Means { state: State; settings: Settings; log: FastifyBaseLogger }
interface Report { listed: number; unknown: number; destroyed: string[]; wouldDestroy: string[] }

export function createReaper({ state, settings, log }: Means, options: ReaperOptions) {
  const { accounts, dryRun = true, intervalMilliseconds = HOUR, ageMilliseconds = HOUR } = options
  const { apartMilliseconds = HOUR, limit = 10, maximumShare = 0.2 } = options
  /** When an instance was first seen unknown. A restart begins anew, which only makes it wait longer. */
  const sightings = new Map<string, number>()

  /** Returns the ids of an account's instances that are unknown for long enough, and how many there are. */
  async function findOrphans(account: Caller) {
    const listed = await providerOf(account, settings).list({ owned: true })
    // After the listing: what was made meanwhile has its row by then.
    const { tenant, provider, place } = account
    const rows = await state.select({ tenant, provider, place })
    const known = new Set(rows.map(({ instanceId }) => instanceId))
    const unknown = listed.filter(({ instanceId }) => !known.has(instanceId))
    const now = Date.now()
    const due = unknown.filter(({ instanceId, instance }) => {
      const key = JSON.stringify([provider, place, instanceId])
      const since = sightings.get(key)
      if (since === undefined) sightings.set(key, now)
      if (since === undefined || now - since < apartMilliseconds) return false
      const { createdAt } = instance as { createdAt?: string }
      return now - Math.min(Date.parse(createdAt ?? '') || since, since) >= ageMilliseconds
    })
    for (const { instanceId } of listed) if (known.has(instanceId)) sightings.delete(JSON.stringify([provider, place, instanceId]))
    return { listed: listed.length, unknown: unknown.length, due: due.map(({ instanceId }) => instanceId) }
  }

  async function reap(account: Caller, report: Report): Promise<void> {
    const { tenant, provider, place } = account
    const { listed, unknown, due } = await findOrphans(account)
    report.listed += listed
    report.unknown += unknown
    if (unknown > listed * maximumShare && due.length > 0) {
      log.error({ tenant, provider, place, listed, unknown }, 'too many are unknown: nothing is destroyed')
      return
    }
    for (const instanceId of due) {
      if (report.destroyed.length + report.wouldDestroy.length >= limit) return
      if ((await state.select({ instanceId })).length > 0) continue
      if (!dryRun) await providerOf(account, settings).destroy(instanceId)
      report[dryRun ? 'wouldDestroy' : 'destroyed'].push(instanceId)
      log.warn({ tenant, provider, place, sandbox: instanceId }, dryRun ? 'orphan, would be destroyed' : 'orphan destroyed')
    }
  }

  /** Looks once at every account. One gateway does it at a time. */
  async function run(): Promise<Report> {
    const report: Report = { listed: 0, unknown: 0, destroyed: [], wouldDestroy: [] }
    if (!(await state.leaseReaper())) return report
    for (const given of accounts) {
      const { tenant, provider, config } = given
      const account = { ...given, place: placeOf(provider, config) }
      await reap(account, report).catch((error) => log.error({ err: error, tenant, provider }, 'reaper'))
    }
    return report
  }

  const timer = setInterval(() => run().catch((error) => log.error({ err: error }, 'reaper')), intervalMilliseconds).unref()
  return { run, stop: () => clearInterval(timer) }
}
