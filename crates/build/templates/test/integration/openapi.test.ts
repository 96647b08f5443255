import type { Router } from 'express';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/openapi/document.js';
import { paths } from '../../src/openapi/paths.js';
import { mounts } from '../../src/routes/index.js';
import { useService } from '../support/service.js';

function operationsOf(prefix: string, router: Router): string[] {
  return router.stack.flatMap(({ route }) => {
    if (route === undefined) {
      return [];
    }
    const path = `${prefix}${route.path === '/' ? '' : route.path}`.replaceAll(/:(\w+)/g, '{$1}');
    return [...new Set(route.stack.map(({ method }) => `${method} ${path}`))];
  });
}

describe('the OpenAPI document', () => {
  const service = useService();

  it('has every route and nothing else', () => {
    const real = mounts(service().container).flatMap(({ path, router }) => operationsOf(path, router));
    const told = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`));
    expect(told.sort()).toEqual(real.sort());
  });

  it('describes every body and parameter', () => {
    const text = JSON.stringify(openApiDocument);
    expect(text).toContain('"additionalProperties":false');
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const params = operation.request?.shape['params'];
        expect(names.length === 0 || params !== undefined, `${method} ${path}`).toBe(true);
      }
    }
  });
});
