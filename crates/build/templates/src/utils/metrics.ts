import type { RequestListener } from 'node:http';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  readonly labels: string;
  readonly buckets: number[];
  count: number;
  sum: number;
}

/** Requests by method, route and status, in the text format of Prometheus. */
export class Metrics {
  readonly #series = new Map<string, Series>();

  /** `route` is a pattern of the router, never a path that a client has made up: each value is kept for good. */
  observe(method: string, route: string, status: number, seconds: number): void {
    const labels = `method="${method}",route="${route}",status="${status}"`;
    const series = this.#series.get(labels) ?? { labels, buckets: SECONDS.map(() => 0), count: 0, sum: 0 };
    this.#series.set(labels, series);
    SECONDS.forEach((most, at) => {
      if (seconds <= most) {
        series.buckets[at] = (series.buckets[at] ?? 0) + 1;
      }
    });
    series.count += 1;
    series.sum += seconds;
  }

  render(): string {
    const { rss, heapUsed } = process.memoryUsage();
    const lines = ['# TYPE http_request_duration_seconds histogram'];
    for (const { labels, buckets, count, sum } of this.#series.values()) {
      for (const [at, value] of buckets.entries()) {
        lines.push(`http_request_duration_seconds_bucket{${labels},le="${SECONDS[at]}"} ${value}`);
      }
      lines.push(`http_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`http_request_duration_seconds_sum{${labels}} ${sum}`);
      lines.push(`http_request_duration_seconds_count{${labels}} ${count}`);
    }
    lines.push('# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${rss}`);
    lines.push('# TYPE nodejs_heap_size_used_bytes gauge', `nodejs_heap_size_used_bytes ${heapUsed}`);
    return `${lines.join('\n')}\n`;
  }
}

/** For a port of its own, which no client of the API can reach. */
export function metricsListener(metrics: Metrics): RequestListener {
  return (req, res) => {
    if (req.method !== 'GET' || req.url !== '/metrics') {
      res.writeHead(404).end();
      return;
    }
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(metrics.render());
  };
}
