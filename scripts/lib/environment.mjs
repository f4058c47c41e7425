/** Of what a developer's shell may hold: every provider's credentials, and proxies. A new provider adds its prefix. */
const UNWANTED = /^(RAILWAY_|RENDER_|NSC_|VERCEL_|DOCKER_)|_proxy$/i

/** Whether a variable could lead a test to a real account, or take away its requests. */
export const isUnwanted = (name) => UNWANTED.test(name)

/**
 * An environment without what a developer's shell may hold: credentials, with which a test could reach a real account,
 * and a proxy, which would get the requests meant for a server on this machine.
 */
export function withoutCredentials(environment = process.env) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isUnwanted(name)))
}
