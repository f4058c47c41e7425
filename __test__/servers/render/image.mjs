/**
 * Returns an image reference as Render returns it: `nginx` becomes `docker.io/library/nginx:latest`
 * (docs/providers/render.md).
 *
 * @param {string} reference
 */
export function normaliseImage(reference) {
  const [path, digest] = split(reference, '@')
  const slash = path.indexOf('/')
  const first = slash < 0 ? '' : path.slice(0, slash)
  const hasHost = /[.:]/.test(first) || first === 'localhost'
  const host = hasHost ? first : 'docker.io'
  const [name, tag] = splitTag(hasHost ? path.slice(slash + 1) : path)
  const repository = host === 'docker.io' && !name.includes('/') ? `library/${name}` : name
  const version = `${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
  return `${host}/${repository}${version || ':latest'}`
}

function splitTag(path) {
  const colon = path.lastIndexOf(':')
  return colon > path.lastIndexOf('/') ? [path.slice(0, colon), path.slice(colon + 1)] : [path, undefined]
}

function split(text, separator) {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
