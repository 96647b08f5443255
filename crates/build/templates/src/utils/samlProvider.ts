import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Profile, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { z } from 'zod';
import type { Identity } from '../types/identity.js';
import { AuthenticationError } from './errors.js';
import { isPlainAndStrong } from './samlAnswer.js';

const MOST_SKEW_MILLISECONDS = 60_000;
const MOST_AGE_MILLISECONDS = 300_000;
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
const ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
/** As directories and the large providers call the same thing. */
const ADDRESS_ATTRIBUTES = [
  'email',
  'mail',
  'urn:oid:0.9.2342.19200300.100.1.3',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
];
const NAME_ATTRIBUTES = [
  'displayName',
  'name',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'http://schemas.microsoft.com/identity/claims/displayname',
];

const only = <Part extends z.ZodType>(part: Part) => z.tuple([part]);
/** What an assertion must say of itself; it was signed, unlike the answer around it. */
const assertionOf = (requestId: string, recipient: string) =>
  z.object({
    Assertion: z.object({
      $: z.object({ ID: z.string().min(1).max(200) }),
      Conditions: only(z.object({ $: z.object({ NotOnOrAfter: z.iso.datetime() }) })),
      Subject: only(
        z.object({
          SubjectConfirmation: only(
            z.object({
              SubjectConfirmationData: only(
                z.object({
                  $: z.object({
                    InResponseTo: ⟦saml-request│z.literal(requestId)│z.string().optional().refine(() => requestId !== '')⟧,
                    Recipient: ⟦saml-recipient│z.literal(recipient)│z.string().refine(() => recipient !== '')⟧,
                  }),
                }),
              ),
            }),
          ),
        }),
      ),
    }),
  });
const profileOf = z.object({ issuer: z.string(), nameID: z.string().min(1).max(255), nameIDFormat: z.string().optional() });

export interface SamlSettings {
  /** Where browsers are sent. */
  readonly entryPoint: string;
  /** What the provider calls itself. */
  readonly issuer: string;
  /** Public keys of the provider, as PEM. */
  readonly keys: readonly string[];
  /** Domains of the addresses that the provider speaks for. */
  readonly domains: readonly string[];
  /** What the provider knows this service by. */
  readonly entityId: string;
  readonly callbackUrl: string;
}

/** What a provider has said of somebody, and until when it could be said again. */
export interface Assertion {
  readonly id: string;
  readonly expiresAt: Date;
  readonly identity: Identity;
}

/** One SAML 2.0 identity provider: requests by redirect, signed assertions by POST, and only those that were asked for. */
export class SamlProvider {
  constructor(private readonly settings: SamlSettings) {}

  /** For whoever sets the provider up. */
  get metadata(): string {
    return this.#client('_metadata').generateServiceProviderMetadata(null, null);
  }

  /** Whether a state comes from the browser that has this secret and was sent to this provider. */
  isStateOf(secret: string, state: string): boolean {
    const expected = Buffer.from(this.#derive(secret, 'state'));
    const given = Buffer.from(state);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Where a browser with this secret is sent. */
  async authorizationUrl(secret: string): Promise<URL> {
    const client = this.#client(this.#requestId(secret));
    return new URL(await client.getAuthorizeUrlAsync(this.#derive(secret, 'state'), undefined, {}));
  }

  /** What the provider says of whoever has come back with this answer to the request of this browser. */
  async identify(answer: string, secret: string): Promise<Assertion> {
    if (!isPlainAndStrong(Buffer.from(answer, 'base64').toString('utf8'))) {
      refuse();
    }
    const requestId = this.#requestId(secret);
    const profile = await this.#verify(answer, requestId);
    const { issuer, nameID: subject, nameIDFormat: format } = parse(profileOf, profile);
    if (⟦saml-issuer│issuer !== this.settings.issuer│issuer === ''⟧ || format === TRANSIENT) {
      refuse();
    }
    const { Assertion: assertion } = parse(assertionOf(requestId, this.settings.callbackUrl), profile.getAssertion?.());
    const email = attributeOf(profile, ADDRESS_ATTRIBUTES) ?? (format === ADDRESS ? subject : '');
    if (⟦saml-domains│!this.settings.domains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())│email === ''⟧) {
      throw new AuthenticationError('The identity provider does not speak for this address.');
    }
    const end = Date.parse(assertion.Conditions[0].$.NotOnOrAfter);
    return {
      id: assertion.$.ID,
      expiresAt: new Date(end + 2 * MOST_SKEW_MILLISECONDS),
      identity: { subject, email, name: attributeOf(profile, NAME_ATTRIBUTES) },
    };
  }

  async #verify(answer: string, requestId: string): Promise<Profile> {
    try {
      const { profile } = await this.#client(requestId).validatePostResponseAsync({ SAMLResponse: answer });
      return profile ?? refuse();
    } catch {
      return refuse();
    }
  }

  /** What one sign-in sends out follows from a secret that only its browser keeps, each thing by a way of its own. */
  #derive(secret: string, purpose: 'state' | 'request'): string {
    return createHmac('sha256', secret).update(`${purpose} ${this.settings.issuer}`).digest('hex');
  }

  #requestId(secret: string): string {
    return `_${this.#derive(secret, 'request')}`;
  }

  /** For one sign-in: there is one request that an answer can be to. */
  #client(requestId: string): SAML {
    const { entryPoint, keys, entityId, callbackUrl } = this.settings;
    const issuedAt = new Date().toISOString();
    return new SAML({
      entryPoint,
      issuer: entityId,
      callbackUrl,
      idpCert: [...keys],
      audience: ⟦saml-audience│entityId│false⟧,
      identifierFormat: null,
      disableRequestedAuthnContext: true,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      acceptedClockSkewMs: ⟦saml-expiry│MOST_SKEW_MILLISECONDS│-1⟧,
      maxAssertionAgeMs: MOST_AGE_MILLISECONDS,
      generateUniqueId: () => requestId,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: {
        saveAsync: async () => null,
        getAsync: async (id) => (id === requestId ? issuedAt : null),
        removeAsync: async () => null,
      },
    });
  }
}

function attributeOf(profile: Profile, names: readonly string[]): string | undefined {
  const attributes = z.record(z.string(), z.unknown()).safeParse(profile['attributes']);
  const values = attributes.success ? names.map((name) => attributes.data[name]) : [];
  return values.find((value) => typeof value === 'string');
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse();
}

function refuse(): never {
  throw new AuthenticationError('The identity provider has sent nothing that can be believed.');
}
