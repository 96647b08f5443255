import type { z } from 'zod';
import {
  type addPasskeyRequest,
  type beginPasskeyRequest,
  type PasskeyCreation,
  passkeyCreationView,
  type PasskeyRequest,
  passkeyRequestView,
  type passkeySignInRequest,
  passkeysView,
  type PasskeyView,
  passkeyView,
} from '../src/types/passkey.js';
import { sessionView, type UserView } from '../src/types/auth.js';
import { type Http, idOf } from './http.js';

const PATH = '/v1/auth/passkeys';

/**
 * Passkeys. Browsers read what `begin` and `beginSignIn` give by `PublicKeyCredential.parseCreationOptionsFromJSON` and
 * `parseRequestOptionsFromJSON`; what they make of it goes back by `add` and `signIn`.
 */
export class PasskeysClient {
  constructor(private readonly http: Http) {}

  async begin(body: z.input<typeof beginPasskeyRequest.shape.body>): Promise<PasskeyCreation> {
    return (await this.http.send(passkeyCreationView, { method: 'POST', path: `${PATH}/options`, body })).options;
  }

  async add(body: z.input<typeof addPasskeyRequest.shape.body>): Promise<PasskeyView> {
    return this.http.send(passkeyView, { method: 'POST', path: PATH, body });
  }

  async list(): Promise<PasskeyView[]> {
    return (await this.http.send(passkeysView, { method: 'GET', path: PATH })).items;
  }

  async remove(id: string): Promise<void> {
    await this.http.run({ method: 'DELETE', path: `${PATH}/${idOf(id)}` });
  }

  async beginSignIn(): Promise<PasskeyRequest> {
    return (await this.http.send(passkeyRequestView, { method: 'POST', path: `${PATH}/sign-in/options`, open: true })).options;
  }

  async signIn(body: z.input<typeof passkeySignInRequest.shape.body>): Promise<UserView> {
    return (await this.http.send(sessionView, { method: 'POST', path: `${PATH}/sign-in`, body, open: true })).user;
  }
}
