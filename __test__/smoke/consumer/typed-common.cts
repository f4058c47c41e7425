import gateway = require('@computesdk/gateway')

export const provider: gateway.InfraProvider<gateway.RailwayInstance> = gateway.railway()
