import request, { type Response } from 'supertest';
import { z } from 'zod';
import type { TestService } from './service.js';

const session = z.object({ csrfToken: z.string() });

/** A browser: keeps cookies, sends the CSRF token. */
export class Client {
  readonly cookies = new Map<string, string>();
  csrfToken: string | undefined;

  constructor(private readonly service: TestService) {}

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('get', path, undefined, headers);
  }

  post(path: string, body: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('post', path, body, headers);
  }

  patch(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('patch', path, body, headers);
  }

  delete(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('delete', path, undefined, headers);
  }

  async send(
    method: 'get' | 'post' | 'patch' | 'delete',
    path: string,
    body: object | string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const call = request(this.service.app)[method](path);
    if (this.cookies.size > 0) {
      call.set('Cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    if (this.csrfToken !== undefined) {
      call.set('X-CSRF-Token', this.csrfToken);
    }
    call.set(headers);
    const response = body === undefined ? await call : await call.send(body);
    this.#keep(response);
    return response;
  }

  #keep(response: Response): void {
    const lines: unknown = response.headers['set-cookie'];
    for (const line of Array.isArray(lines) ? lines.map(String) : []) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (value === '') {
        this.cookies.delete(name);
      } else {
        this.cookies.set(name, value);
      }
    }
    const parsed = session.safeParse(response.body);
    if (parsed.success) {
      this.csrfToken = parsed.data.csrfToken;
    }
  }
}
