// A route that makes and destroys an instance, and names the loaded addon.
import { railway } from '@computesdk/gateway'

export const dynamic = 'force-dynamic'

export async function GET() {
  const provider = railway({ baseUrl: process.env.RAILWAY_BASE_URL })
  const { instanceId } = await provider.create({ daemonConfig: { accessToken: 'token_xxx' } })
  await provider.destroy(instanceId)
  if ((await provider.getById(instanceId)) !== null) throw new Error('it is still there')
  process.report.excludeNetwork = true
  const addons = process.report.getReport().sharedObjects.filter((path) => path.includes('gateway'))
  return new Response(`create, destroy with ${addons}`)
}
