/**
 * An environment without what a developer's shell may hold: credentials, with which a test could reach a real account,
 * and a proxy, which would get the requests meant for a server on this machine.
 */
export function withoutCredentials(environment = process.env) {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(RAILWAY_|RENDER_|NSC_|VERCEL_)|_proxy$/i.test(name)),
  )
}
