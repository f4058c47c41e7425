import { once } from 'node:events'
import http from 'node:http'

/**
 * Sends a request, and reads its answer to the end.
 *
 * @param {string | URL} url
 * @param {http.RequestOptions & { body?: string | import('node:stream').Readable }} options
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, bytes: Buffer, text: string }>} rejects with
 *   `partial`, the text so far, if the answer ends early
 */
export async function send(url, { body, ...options }) {
  const request = http.request(url, options)
  request.on('error', () => {}) // when the answer has begun, reading it fails, too
  if (typeof body?.pipe === 'function') body.pipe(request)
  else request.end(body)
  const [response] = await once(request, 'response')
  const { statusCode: status, headers } = response
  const chunks = []
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch (error) {
    throw Object.assign(error, { status, partial: Buffer.concat(chunks).toString() })
  }
  const bytes = Buffer.concat(chunks)
  return { status, headers, bytes, text: bytes.toString() }
}
