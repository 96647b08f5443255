import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Identity } from '../types/identity.js';
import { AuthenticationError } from './errors.js';
import type { OutboundAnswer, OutboundRequest } from './exchange.js';
import { INTERNET, type Network, OutboundClient } from './outboundClient.js';

const BOUNDS = { timeoutMilliseconds: 5_000, maxBytes: 200_000 };
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** So long the provider's addresses and keys are kept; keys that are not known are asked for again after a minute. */
const KEPT_MILLISECONDS = 600_000;
const FRESH_MILLISECONDS = 60_000;

const secure = z.url({ protocol: /^https$/ });
const metadata = z.object({ issuer: z.string(), authorization_endpoint: secure, token_endpoint: secure, jwks_uri: secure });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1).max(100) });
const tokenAnswer = z.object({ id_token: z.string().max(20_000) });
const claims = z.object({
  sub: z.string().min(1).max(255),
  nonce: z.string(),
  email: z.string(),
  email_verified: ⟦oidc-verified-address│z.literal(true)│z.boolean().optional()⟧,
  name: z.string().optional(),
});

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

interface Known {
  readonly metadata: z.infer<typeof metadata>;
  readonly keys: JSONWebKeySet;
  readonly client: OutboundClient;
  readonly since: number;
}

/** One OpenID provider: authorization code with PKCE, state and nonce. */
export class OidcProvider {
  #known: Known | undefined;

  constructor(
    private readonly settings: OidcSettings,
    private readonly network: Network = INTERNET,
  ) {}

  /** Whether a state comes from the browser that has this secret and was sent to this provider. */
  isStateOf(secret: string, state: string): boolean {
    const expected = Buffer.from(this.#derive(secret, 'state'));
    const given = Buffer.from(state);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Where a browser with this secret is sent. */
  async authorizationUrl(secret: string): Promise<URL> {
    const known = await this.#load(KEPT_MILLISECONDS);
    const url = new URL(known.metadata.authorization_endpoint);
    const parameters = {
      response_type: 'code',
      client_id: this.settings.clientId,
      redirect_uri: this.settings.redirectUri,
      scope: 'openid email profile',
      state: this.#derive(secret, 'state'),
      nonce: this.#derive(secret, 'nonce'),
      ⟦oidc-pkce│code_challenge: createHash('sha256').update(this.#derive(secret, 'verifier')).digest('base64url'),
      code_challenge_method: 'S256',⟧
    };
    for (const [name, value] of Object.entries(parameters)) {
      url.searchParams.set(name, value);
    }
    return url;
  }

  /** Who has come back with this code. */
  async identify(code: string, secret: string): Promise<Identity> {
    const known = await this.#load(KEPT_MILLISECONDS);
    const answer = await known.client.call(this.#exchangeOf(known, code, secret));
    if (answer.status !== 200) {
      throw new AuthenticationError('The identity provider has refused the sign-in.');
    }
    const { id_token: token } = parse(tokenAnswer, answer);
    return (
      (await this.#verify(token, secret, known.keys)) ??
      (await this.#verify(token, secret, (await this.#load(FRESH_MILLISECONDS)).keys)) ??
      this.#refuse()
    );
  }

  /** Nothing if the provider has signed with a key that is not among these. */
  async #verify(token: string, secret: string, keys: JSONWebKeySet): Promise<Identity | undefined> {
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
        algorithms: ALGORITHMS,
⟦oidc-issuer│        issuer: this.settings.issuer,
⟧⟦oidc-audience│        audience: this.settings.clientId,
⟧⟦oidc-expiry│        requiredClaims: ['exp', 'iat', 'sub'],
⟧      });
      const { sub, nonce, email, name } = claims.parse(payload);
      if (⟦oidc-nonce│nonce !== this.#derive(secret, 'nonce')│nonce === ''⟧) {
        this.#refuse();
      }
      return { subject: sub, email, name };
    } catch (error) {
      return error instanceof errors.JWKSNoMatchingKey ? undefined : this.#refuse();
    }
  }

  /** What one sign-in sends out follows from a secret that only its browser keeps, each thing by a way of its own. */
  #derive(secret: string, purpose: 'state' | 'nonce' | 'verifier'): string {
    return createHmac('sha256', secret).update(`${purpose} ${this.settings.issuer}`).digest('base64url');
  }

  #refuse(): never {
    throw new AuthenticationError('The identity provider has sent nothing that can be believed.');
  }

  #exchangeOf(known: Known, code: string, secret: string): OutboundRequest {
    const { clientId, clientSecret, redirectUri } = this.settings;
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: this.#derive(secret, 'verifier') };
    return {
      method: 'POST',
      url: new URL(known.metadata.token_endpoint),
      headers: {
        Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'Content-Type': 'application/x-www-form-urlencoded',
        Accept: 'application/json',
      },
      body: new URLSearchParams(form).toString(),
    };
  }

  /** The provider's own description of itself, and its keys. */
  async #load(oldest: number): Promise<Known> {
    if (this.#known !== undefined && this.network.now() - this.#known.since < oldest) {
      return this.#known;
    }
    const { issuer } = this.settings;
    const discovery = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const described = parse(metadata, await this.#clientOf([discovery.hostname]).call({ method: 'GET', url: discovery }));
    if (⟦oidc-own-metadata│described.issuer !== issuer│described.issuer === ''⟧) {
      throw new AuthenticationError('The identity provider calls itself by another name.');
    }
    const hosts = [described.token_endpoint, described.jwks_uri].map((url) => new URL(url).hostname);
    const client = this.#clientOf(hosts);
    const { keys } = parse(keySet, await client.call({ method: 'GET', url: new URL(described.jwks_uri) }));
    this.#known = { metadata: described, keys: { keys }, client, since: this.network.now() };
    return this.#known;
  }

  #clientOf(hosts: readonly string[]): OutboundClient {
    return new OutboundClient({ hosts, ...BOUNDS }, this.network);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: OutboundAnswer): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(answer.body.toString('utf8')));
  } catch {
    throw new AuthenticationError('The identity provider has sent nothing that can be read.');
  }
}
