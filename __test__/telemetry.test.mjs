// The example gateway's telemetry: what the package publishes, as spans and metrics of OpenTelemetry.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { tsImport } from 'tsx/esm/api'

import { assertNoSecret } from './support/canary.mjs'
import { PROVIDERS } from './support/providers.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

const spans = new InMemorySpanExporter()
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

const { startTelemetry } = await tsImport('../examples/gateway-server/telemetry.ts', import.meta.url)
startTelemetry()
after(() => reader.shutdown())

/** The points of a metric: attributes and value. */
async function pointsOf(name) {
  measured.reset()
  await reader.forceFlush()
  const all = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics: of }) => of)
  return all.filter(({ descriptor }) => descriptor.name === name).flatMap(({ dataPoints }) => dataPoints)
}

describe('telemetry makes', () => {
  test('a span of a call, with a child for each request', async (t) => {
    spans.reset()
    const { provider, server } = await withRender(t, { config: { maxRetries: 1 } })
    server.faults.add({ kind: 'respond', status: 503, body: '{}' , when: 'createService', effect: false })
    await provider.create({ image: 'acme/box:1' })
    const finished = spans.getFinishedSpans()
    const call = finished.find(({ name }) => name === 'create render')
    assert.equal(call.kind, SpanKind.CLIENT)
    assert.equal(call.attributes['computesdk.provider'], 'render')
    assert.equal(call.attributes['server.port'], Number(new URL(server.url).port))
    const requests = finished.filter(({ parentSpanContext }) => parentSpanContext?.spanId === call.spanContext().spanId)
    assert.equal(requests.length, server.requests.length)
    const [first] = requests
    assert.equal(first.attributes['http.request.method'], 'POST')
    assert.equal(first.attributes['http.response.status_code'], 503)
    assert.equal(first.attributes['error.type'], 'UNAVAILABLE')
    assert.equal(first.status.code, SpanStatusCode.ERROR)
    assert.match(first.attributes['url.template'], /\/services$/)
    assertNoSecret(JSON.stringify(finished.map(({ name, attributes, status }) => ({ name, attributes, status }))))
  })

  test('an error of a call that rejects, and its duration', async (t) => {
    spans.reset()
    const { provider } = await withRender(t)
    await rejection(provider.getById('x'), { code: 'INVALID_ARGUMENT' })
    const [call] = spans.getFinishedSpans()
    assert.equal(call.name, 'getById render')
    assert.equal(call.attributes['error.type'], 'INVALID_ARGUMENT')
    assert.equal(call.status.code, SpanStatusCode.ERROR)
    const points = await pointsOf('computesdk.gateway.operation.duration')
    const point = points.find(({ attributes }) => attributes['error.type'] === 'INVALID_ARGUMENT')
    assert.equal(point.attributes['computesdk.operation'], 'getById')
    assert.equal(point.value.count, 1)
  })

  test('a count of clean-ups that failed', async (t) => {
    const fixture = await PROVIDERS.render.start()
    t.after(fixture.close)
    fixture.plan('fails')
    fixture.server.faults.add({ kind: 'respond', status: 403, body: '{"message":"no"}', when: 'deleteService', times: Infinity })
    const creating = fixture.make().create({ image: 'acme/box:1', waitUntilReady: true })
    await rejection(creating, { code: 'PROVISION_FAILED' })
    assert.equal(fixture.existing().length, 1)
    const [point] = await pointsOf('computesdk.gateway.cleanup.failures')
    assert.equal(point.value, 1)
    assert.equal(point.attributes['computesdk.provider'], 'render')
    assert.equal(point.attributes['error.type'], 'PERMISSION_DENIED')
  })
})
