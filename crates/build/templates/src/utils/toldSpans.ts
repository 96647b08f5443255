import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** What may be told of a request or a part of it: values that nobody outside has chosen. */
const LISTED: ReadonlySet<string> = new Set([
  'db.system.name',
  'error.type',
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'server.address',
]);

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** Hands on what is listed and nothing else, whoever has added it: messages and values of persons stay here. */
export class ListedOnly implements SpanExporter {
  constructor(
    private readonly next: SpanExporter,
    private readonly refused: () => void,
  ) {}

  export(spans: ReadableSpan[], done: (result: Result) => void): void {
    this.next.export(spans⟦telemetry-list│.map(listed)⟧, (result) => {
      if (result.code !== 0) {
        this.refused();
      }
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.next.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.next.shutdown();
  }
}

/** A view of the span without events, links and the text of its status. */
export function listed(span: ReadableSpan): ReadableSpan {
  const attributes: Attributes = Object.fromEntries(Object.entries(span.attributes).filter(([name]) => LISTED.has(name)));
  return Object.create(span, {
    attributes: { value: attributes },
    events: { value: [] },
    links: { value: [] },
    status: { value: { code: span.status.code } },
  }) as ReadableSpan;
}
