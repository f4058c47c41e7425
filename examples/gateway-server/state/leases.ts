// Leases of a state that one gateway has alone. They are kept in memory: when a gateway starts, all of them are free.

/** How long a lease lasts that is not renewed. */
export const LEASE_MILLISECONDS = 30_000

export function localLeases(milliseconds: number) {
  const leases = new Map<string, { isHeld: boolean; until: number }>()
  const put = (key: string, isHeld: boolean) => leases.set(key, { isHeld, until: performance.now() + milliseconds })
  const isOver = (key: string) => (leases.get(key)?.until ?? -Infinity) < performance.now()
  return {
    isHeld: (key: string) => leases.get(key)?.isHeld === true,
    isFree: (key: string) => !leases.get(key)?.isHeld || isOver(key),
    /** Whether no gateway has held or released it for a lease's time. */
    isOver,
    take: (key: string) => void put(key, true),
    renew: () => leases.forEach(({ isHeld }, key) => isHeld && put(key, true)),
    release: (key: string) => void (leases.get(key)?.isHeld && put(key, false)),
    end: (key: string) => void leases.delete(key),
  }
}
