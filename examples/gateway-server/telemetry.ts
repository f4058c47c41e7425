// Spans and metrics of OpenTelemetry, made of the package's events. The operator of the gateway registers the SDK.
import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import { type CallContext, CHANNELS, type CleanupEvent, type RequestRecord } from '@computesdk/gateway'
import { type Attributes, context, metrics, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

const OPERATIONS = ['create', 'getById', 'list', 'destroy'] as const

export function startTelemetry(): void {
  const tracer = trace.getTracer('@computesdk/gateway')
  const meter = metrics.getMeter('@computesdk/gateway')
  const duration = meter.createHistogram('computesdk.gateway.operation.duration', { unit: 's' })
  const failures = meter.createCounter('computesdk.gateway.cleanup.failures')
  const calls = new WeakMap<object, { span: Span; began: number }>()

  for (const operation of OPERATIONS) {
    const { start, asyncEnd } = tracingChannel<object, CallContext>(CHANNELS[operation])
    start.subscribe((message) => {
      const call = message as CallContext
      const span = tracer.startSpan(`${operation} ${call.provider}`, { kind: SpanKind.CLIENT, attributes: attributesOf(call) })
      calls.set(call, { span, began: performance.now() })
    })
    asyncEnd.subscribe((message) => {
      const call = message as CallContext
      const { span, began } = calls.get(call) ?? {}
      if (!span || began === undefined) return
      for (const request of call.requests ?? []) addRequest(span, call, request)
      const { error, outcome, instanceId } = call
      if (error) span.setAttribute('error.type', error.code).setStatus({ code: SpanStatusCode.ERROR, message: error.code })
      span.setAttributes({ 'computesdk.outcome': outcome, 'computesdk.instance.id': instanceId })
      span.end()
      const attributes = { 'computesdk.provider': call.provider, 'computesdk.operation': operation }
      duration.record((performance.now() - began) / 1000, error ? { ...attributes, 'error.type': error.code } : attributes)
    })
  }
  subscribe(CHANNELS.cleanup, (message) => {
    const { step, provider, errorCode } = message as CleanupEvent
    if (step === 'failed') failures.add(1, { 'computesdk.provider': provider, 'error.type': errorCode ?? 'unknown' })
  })

  function addRequest(parent: Span, call: CallContext, request: RequestRecord): void {
    const { method, urlTemplate, statusCode, startTime, resendCount, errorCode } = request
    const attributes: Attributes = { ...serverOf(call), 'http.request.method': method, 'url.template': urlTemplate }
    if (statusCode !== undefined) attributes['http.response.status_code'] = statusCode
    if (resendCount > 0) attributes['http.request.resend_count'] = resendCount
    if (errorCode !== undefined) attributes['error.type'] = errorCode
    const options = { kind: SpanKind.CLIENT, startTime, attributes }
    const span = tracer.startSpan(`${method} ${urlTemplate}`, options, trace.setSpan(context.active(), parent))
    if (errorCode !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(startTime + request.duration)
  }
}

const serverOf = ({ serverAddress, serverPort }: CallContext) => ({ 'server.address': serverAddress, 'server.port': serverPort })
const attributesOf = (call: CallContext) => ({ ...serverOf(call), 'computesdk.provider': call.provider, 'computesdk.call.id': call.callId })
