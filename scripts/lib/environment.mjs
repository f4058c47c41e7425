/** Matches the variables of credentials and proxies in a developer's shell. A new provider adds its prefix. */
const UNWANTED = /^(RAILWAY_|RENDER_|NSC_|VERCEL_|DOCKER_)|_proxy$/i

/** Returns whether a variable could give a test a real account, or send its requests to a proxy. */
export const isUnwanted = (name) => UNWANTED.test(name)

/**
 * Returns an environment without credentials, with which a test could reach a real account, and without a proxy, which
 * would get the requests meant for a server on this machine.
 */
export function withoutCredentials(environment = process.env) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isUnwanted(name)))
}
