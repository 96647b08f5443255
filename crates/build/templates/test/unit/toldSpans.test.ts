import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { ListedOnly } from '../../src/utils/toldSpans.js';

describe('spans that leave', () => {
  it('have what is listed and nothing else', async () => {
    const memory = new InMemorySpanExporter();
    const refusals: string[] = [];
    const traces = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ListedOnly(memory, () => refusals.push('refused')))] });
    const span = traces.getTracer('test').startSpan('work', { attributes: { 'http.route': '/v1/things', 'user.email': 'somebody@mail.test' } });
    span.recordException(new Error('somebody@mail.test is not known'));
    span.setStatus({ code: 2, message: 'somebody@mail.test' });
    span.end();
    await traces.forceFlush();
    const [left] = memory.getFinishedSpans();
    expect(left?.name).toBe('work');
    expect(left?.attributes).toEqual({ 'http.route': '/v1/things' });
    expect(left?.events).toEqual([]);
    expect(left?.status).toEqual({ code: 2 });
    expect(refusals).toEqual([]);
  });
});
