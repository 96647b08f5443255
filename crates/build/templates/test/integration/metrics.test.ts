import { createServer } from 'node:http';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { metricsListener } from '../../src/utils/metrics.js';
import { useService } from '../support/service.js';

describe('metrics', () => {
  const service = useService();

  it('count requests by route, not by what clients make up', async () => {
    await request(service().app).get('/v1/auth/me');
    await request(service().app).get('/no/such/route');
    await request(service().app).get('/v1/users/made%22up%0A');
    const text = service().container.metrics.render();
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/v1/auth/me",status="401"} 1\n');
    expect(text).toContain('http_request_duration_seconds_bucket{method="GET",route="/v1/auth/me",status="401",le="+Inf"} 1\n');
    expect(text).not.toMatch(/no\/such|made/);
  });

  it('are shown on a port of their own', async () => {
    expect((await request(service().app).get('/metrics')).status).toBe(404);
    const server = createServer(metricsListener(service().container.metrics));
    const answer = await request(server).get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('process_resident_memory_bytes ');
    expect((await request(server).get('/')).status).toBe(404);
  });
});
