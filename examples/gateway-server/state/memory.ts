// State that ends with the process: for trying things out.
import { LEASE_MILLISECONDS, localLeases } from './leases.ts'
import type { Route, Sandbox, State } from './sandbox.ts'

export function memoryState({ leaseMilliseconds = LEASE_MILLISECONDS } = {}): State {
  const sandboxes = new Map<string, Sandbox>()
  const routes = new Map<string, { route: Route; until: number }>()
  const leases = localLeases(leaseMilliseconds)

  const take = (sandbox: Sandbox) => {
    leases.take(sandbox.key)
    return { ...sandbox }
  }
  const withRoute = (sandbox: Sandbox): Sandbox => {
    const { route, until = 0 } = routes.get(sandbox.key) ?? {}
    return { ...sandbox, ...(route && until > performance.now() && { route }) }
  }

  return {
    leaseMilliseconds,
    async insert(sandbox) {
      if (sandboxes.has(sandbox.key)) return false
      sandboxes.set(sandbox.key, { ...sandbox })
      leases.take(sandbox.key)
      return true
    },
    async lease(key) {
      const sandbox = sandboxes.get(key)
      return sandbox && leases.isFree(key) ? take(sandbox) : undefined
    },
    async leaseUnsettled(limit, except) {
      const isDue = ({ key, phase }: Sandbox) => phase !== 'running' && leases.isOver(key) && !except.includes(key)
      return [...sandboxes.values()].filter(isDue).slice(0, limit).map(take)
    },
    renewLeases: async () => leases.renew(),
    release: async (key) => leases.release(key),
    async update(key, changes) {
      const sandbox = sandboxes.get(key)
      if (!sandbox || !leases.isHeld(key)) return false
      Object.assign(sandbox, changes)
      if (sandbox.phase === 'running') leases.end(key)
      return true
    },
    async confirm(key, changes) {
      const sandbox = sandboxes.get(key)
      if (sandbox?.phase !== 'creating' || !sandbox.instanceId) return
      Object.assign(sandbox, changes)
      leases.end(key)
    },
    async remove(key) {
      if (!leases.isHeld(key)) return
      sandboxes.delete(key)
      routes.delete(key)
      leases.end(key)
    },
    async select(where) {
      const wanted = Object.entries(where)
      const fits = (sandbox: Sandbox) => wanted.every(([field, value]) => sandbox[field as keyof Sandbox] === value)
      return [...sandboxes.values()].filter(fits).map(withRoute)
    },
    async setRoute(key, route, milliseconds) {
      if (sandboxes.has(key)) routes.set(key, { route, until: performance.now() + milliseconds })
    },
    leaseReaper: async () => true,
    async close() {},
  }
}
