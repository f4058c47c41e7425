// OIDC tokens of the form that Vercel issues (docs/providers/vercel.md). Nobody verifies them here: a token counts
// because the world has minted it, as the real one counts because Vercel has.

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * A JWT with these claims. Its signature is none; a test may put something there that it can recognise.
 *
 * @param {object} claims `owner_id`, `project_id`, `exp` in seconds, …
 * @param {{ signature?: string }} [options] of the letters of base64url
 */
export function encodeOidcToken(claims, { signature = 'bm90LWEtc2lnbmF0dXJl' } = {}) {
  return `${encode({ alg: 'RS256', typ: 'JWT', kid: 'test' })}.${encode(claims)}.${signature}`
}
