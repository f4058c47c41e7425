/**
 * Who takes part, and where each comes from. `binary`: another build of the addon, loaded in place of the one in the
 * checkout; `newer`: speaks HTTP/2, so that only the measures over TLS tell it from its twin.
 */

const BASE = [
  { id: 'addon', title: 'gateway', module: 'addon' },
  { id: 'undici', title: 'undici', module: 'undici' },
  { id: 'fetch', title: 'fetch', module: 'fetch' },
]

/**
 * @param {{ builds: Record<string, string>, http2Build?: string | false }} options `builds`: further addons by name
 */
export function candidates({ builds, http2Build }) {
  const others = Object.entries(builds).map(([id, binary]) => ({ id, title: id, module: 'addon', binary }))
  const newer = [{ id: 'undici-http2', title: 'undici, HTTP/2', module: 'undici-http2', newer: true }]
  if (http2Build) {
    newer.unshift({ id: 'addon-http2', title: 'gateway, HTTP/2', module: 'addon', binary: http2Build, newer: true })
  }
  return [...BASE, ...others, ...newer]
}
