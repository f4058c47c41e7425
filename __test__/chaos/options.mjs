// Reads the options of the programs that put callers under faults.
import { PROVIDERS } from './providers/index.mjs'

/** Returns the provider that the option `provider` names. Throws where it cannot run on this machine. */
export function providerOf(values) {
  if (!Object.hasOwn(PROVIDERS, values.provider)) throw new Error(`unknown provider: ${values.provider}`)
  const provider = PROVIDERS[values.provider]
  if (provider.skip) throw new Error(provider.skip)
  return provider
}

/** Returns the whole number that an option has. */
export function whole(values, name, least = 1) {
  const number = Number(values[name])
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} must be a whole number from ${least}`)
  return number
}
