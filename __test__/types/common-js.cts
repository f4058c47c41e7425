// The same from CommonJS.
import gateway = require('@computesdk/gateway')

const provider: gateway.InfraProvider<gateway.RailwayInstance> = gateway.railway({ apiKey: 'key' })

export = async function first(): Promise<string | undefined> {
  const [entry] = await provider.list()
  return entry?.instance.serviceId
}
