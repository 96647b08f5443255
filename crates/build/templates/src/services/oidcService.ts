import type { Config } from '../config/config.js';
import type { Database } from '../repositories/database.js';
import { SYSTEM } from '../types/actor.js';
import { AuthenticationError } from '../utils/errors.js';
import type { OidcProvider } from '../utils/oidcProvider.js';
import type { SignedIn } from './authService.js';
import type { IdentityService } from './identityService.js';
import type { TokenService } from './tokenService.js';

export type ProviderName = keyof Config['oidc'];

interface Dependencies {
  readonly database: Database;
  readonly identities: IdentityService;
  readonly tokens: TokenService;
  readonly providers: Readonly<Record<ProviderName, OidcProvider>>;
}

/** What a provider has sent a browser back with. */
export interface Arrival {
  readonly code: string;
  readonly state: string;
}

export class OidcService {
  constructor(private readonly use: Dependencies) {}

  /** A secret for the browser to keep, and where to send it. */
  async begin(provider: ProviderName): Promise<{ secret: string; location: URL }> {
    const { token: secret } = this.use.tokens.createOpaque();
    return { secret, location: await this.use.providers[provider].authorizationUrl(secret) };
  }

  /** A session for whoever the provider says has come back, in the browser that went out. */
  async finish(provider: ProviderName, secret: string, { code, state }: Arrival): Promise<SignedIn> {
    if (⟦oidc-state│!this.use.providers[provider].isStateOf(secret, state)│!this.use.providers[provider].isStateOf(secret, state) && state === ''⟧) {
      throw new AuthenticationError('This sign-in was not begun here.');
    }
    const identity = await this.use.providers[provider].identify(code, secret);
    return this.use.database.as(SYSTEM, (tx) => this.use.identities.enter(tx, provider, identity));
  }
}
