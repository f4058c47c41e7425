// OIDC tokens of the form that Vercel issues (docs/providers/vercel.md). The signature is not verified: a token
// is valid if this server has minted it.

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Makes a JWT with these claims. Its signature is invalid; a test may choose one that it can recognise.
 *
 * @param {object} claims `owner_id`, `project_id`, `exp` in seconds, …
 * @param {{ signature?: string }} [options] of the letters of base64url
 */
export function encodeOidcToken(claims, { signature = 'bm90LWEtc2lnbmF0dXJl' } = {}) {
  return `${encode({ alg: 'RS256', typ: 'JWT', kid: 'test' })}.${encode(claims)}.${signature}`
}
