// Checks the access token of requests to the daemon.
import { createHash, timingSafeEqual } from 'node:crypto'

const BEARER = /^Bearer +(\S+) *$/i

/**
 * @param {string} accessToken
 * @returns {(request: import('node:http').IncomingMessage) => boolean}
 */
export function createAccess(accessToken) {
  const expected = digest(accessToken)
  // Digests are of one length, so that the comparison takes the same time for any token.
  const fits = (token) => timingSafeEqual(digest(token), expected)
  return ({ headers, url }) => {
    const token = BEARER.exec(headers.authorization ?? '')?.[1]
    if (token !== undefined) return fits(token)
    // A WebSocket of a browser cannot send headers of its own.
    const query = headers.upgrade ? new URLSearchParams(url.split('?', 2)[1]).get('token') : null
    return query !== null && fits(query)
  }
}

const digest = (text) => createHash('sha256').update(text).digest()
