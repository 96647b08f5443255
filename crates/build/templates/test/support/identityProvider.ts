import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { OutboundAnswer, OutboundRequest } from '../../src/utils/exchange.js';
import type { Network } from '../../src/utils/outboundClient.js';

export const ISSUER = 'https://id.provider.test';

interface Granted {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly claims: JWTPayload;
}

/** An OpenID provider that lives in the test: it answers what a real one would, or what a bad one might. */
export class IdentityProvider implements Network {
  readonly requests: OutboundRequest[] = [];
  metadata: Record<string, unknown> = {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    token_endpoint: 'https://token.provider.test/token',
    jwks_uri: `${ISSUER}/keys`,
  };
  /** Of the next tokens. */
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt;
  lifetime: string | undefined = '5m';
  /** Names the key that has signed, if not the true one. */
  keyId: string | undefined;
  keys = generateKeyPair('ES256', { extractable: true });
  #version = 1;
  #clock = 0;
  readonly #codes = new Map<string, Granted>();

  resolve = async (): Promise<readonly string[]> => ['1.1.1.1'];
  now = (): number => Date.now() + this.#clock;

  /** Keys change now and then; the clock moves on so that they are asked for. */
  rotate(): void {
    this.keys = generateKeyPair('ES256', { extractable: true });
    this.#version += 1;
    this.#clock += 120_000;
  }

  /** What a browser brings back that was sent here, as this person. */
  authorize(location: URL, person: JWTPayload): { code: string; state: string } {
    const parameter = (name: string) => location.searchParams.get(name) ?? '';
    const code = `code-${this.#codes.size}`;
    const claims = { nonce: parameter('nonce'), email_verified: true, ...person };
    this.#codes.set(code, { challenge: parameter('code_challenge'), redirectUri: parameter('redirect_uri'), claims });
    return { code, state: parameter('state') };
  }

  send = async (request: OutboundRequest): Promise<OutboundAnswer> => {
    this.requests.push(request);
    switch (request.url.pathname) {
      case '/.well-known/openid-configuration':
        return json(200, this.metadata);
      case '/keys': {
        const { publicKey } = await this.keys;
        return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid: String(this.#version), alg: 'ES256', use: 'sig' }] });
      }
      case '/token':
        return this.#token(new URLSearchParams(String(request.body)));
      default:
        return json(404, {});
    }
  };

  async #token(form: URLSearchParams): Promise<OutboundAnswer> {
    const granted = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (granted === undefined || granted.challenge !== challenge || granted.redirectUri !== form.get('redirect_uri')) {
      return json(400, { error: 'invalid_grant' });
    }
    const { privateKey } = await this.keys;
    const jwt = new SignJWT(granted.claims)
      .setProtectedHeader({ alg: 'ES256', kid: this.keyId ?? String(this.#version) })
      .setIssuer(ISSUER)
      .setAudience('the-client')
      .setIssuedAt();
    if (this.lifetime !== undefined) {
      jwt.setExpirationTime(this.lifetime);
    }
    return json(200, { id_token: await this.change(jwt).sign(privateKey), token_type: 'Bearer' });
  }
}

function json(status: number, body: unknown): OutboundAnswer {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}
