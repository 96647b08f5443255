import type { Config } from '../config/config.js';
import type { Database } from '../repositories/database.js';
import type { SamlAssertionRepository } from '../repositories/samlAssertionRepository.js';
import { SYSTEM } from '../types/actor.js';
import { AuthenticationError } from '../utils/errors.js';
import type { SamlProvider } from '../utils/samlProvider.js';
import type { SignedIn } from './authService.js';
import type { IdentityService } from './identityService.js';
import type { TokenService } from './tokenService.js';

export type SamlProviderName = keyof Config['saml'];

interface Dependencies {
  readonly database: Database;
  readonly identities: IdentityService;
  readonly assertions: SamlAssertionRepository;
  readonly tokens: TokenService;
  readonly providers: Readonly<Record<SamlProviderName, SamlProvider>>;
}

/** What a provider makes a browser send. */
export interface SamlArrival {
  readonly SAMLResponse: string;
  readonly RelayState: string;
}

export class SamlService {
  constructor(private readonly use: Dependencies) {}

  metadata(provider: SamlProviderName): string {
    return this.use.providers[provider].metadata;
  }

  /** A secret for the browser to keep, and where to send it. */
  async begin(provider: SamlProviderName): Promise<{ secret: string; location: URL }> {
    const { token: secret } = this.use.tokens.createOpaque();
    return { secret, location: await this.use.providers[provider].authorizationUrl(secret) };
  }

  /** A session for whoever the provider says has come back, in the browser that went out; each answer counts once. */
  async finish(provider: SamlProviderName, secret: string, { SAMLResponse, RelayState }: SamlArrival): Promise<SignedIn> {
    if (⟦saml-state│!this.use.providers[provider].isStateOf(secret, RelayState)│!this.use.providers[provider].isStateOf(secret, RelayState) && RelayState === ''⟧) {
      throw new AuthenticationError('This sign-in was not begun here.');
    }
    const { id, expiresAt, identity } = await this.use.providers[provider].identify(SAMLResponse, secret);
    return this.use.database.as(SYSTEM, async (tx) => {
      const first = await this.use.assertions.isFirst(tx, provider, id, expiresAt);
      if (⟦saml-once│!first│!first && id === ''⟧) {
        throw new AuthenticationError('Somebody has signed in with this answer already.');
      }
      return this.use.identities.enter(tx, provider, identity);
    });
  }
}
