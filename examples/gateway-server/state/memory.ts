// State that ends with the process: for trying things out.
import type { Sandbox, State } from './sandbox.ts'

export function memoryState(): State {
  const sandboxes = new Map<string, Sandbox>()
  return {
    async insert(sandbox) {
      sandboxes.set(sandbox.key, { ...sandbox })
    },
    async update(key, changes) {
      const sandbox = sandboxes.get(key)
      if (sandbox) Object.assign(sandbox, changes)
    },
    async remove(key) {
      sandboxes.delete(key)
    },
    async select(where) {
      const wanted = Object.entries(where)
      const fits = (sandbox: Sandbox) => wanted.every(([field, value]) => sandbox[field as keyof Sandbox] === value)
      return [...sandboxes.values()].filter(fits).map((sandbox) => ({ ...sandbox }))
    },
    async close() {},
  }
}
