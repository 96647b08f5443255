import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';

export const SAML_ISSUER = 'https://idp.provider.test/metadata';
export const SAML_ENTRY_POINT = 'https://idp.provider.test/sso';

const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const NAME_ID = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** One value of ASN.1 in DER. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** A certificate that a key has signed for itself, in base64. */
export function certificateOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): string {
  const sequence = 0x30;
  const sha256WithRsa = der(sequence, Buffer.from('06092a864886f70d01010b0500', 'hex'));
  const nobody = der(sequence);
  const from = der(0x17, Buffer.from('250101000000Z'));
  const until = der(0x17, Buffer.from('450101000000Z'));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const content = der(sequence, der(0x02, Buffer.from([1])), sha256WithRsa, nobody, der(sequence, from, until), nobody, key);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  return der(sequence, content, sha256WithRsa, signature).toString('base64');
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const SAML_CERTIFICATE = certificateOf(keys);

/** What an assertion says, and what may be wrong with it. */
export interface Said {
  subject: string;
  format: string;
  issuer: string;
  audience: string;
  recipient: string;
  /** In the assertion, which is signed; the answer around it always names the request. */
  inResponseTo: string | undefined;
  issued: Date;
  until: Date;
  attributes: Readonly<Record<string, string>>;
}

/** An identity provider whose pages send browsers back with whatever a test wants. */
export class SamlIdentityProvider {
  key: KeyObject = keys.privateKey;
  signatureAlgorithm = RSA_SHA256;
  digestAlgorithm = SHA256;
  hash = 'sha256';

  /** The form that a browser brings back that was sent here. */
  answer(location: URL, change: Partial<Said> = {}, wrap: (xml: string) => string = (xml) => xml): { SAMLResponse: string; RelayState: string } {
    const request = inflateRawSync(Buffer.from(location.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(request)?.[1] ?? '';
    const id = attribute('ID');
    const said: Said = {
      subject: randomUUID(),
      format: NAME_ID,
      issuer: SAML_ISSUER,
      audience: /<saml:Issuer[^>]*>([^<]*)</.exec(request)?.[1] ?? '',
      recipient: attribute('AssertionConsumerServiceURL'),
      inResponseTo: id,
      issued: new Date(),
      until: new Date(Date.now() + 60_000),
      attributes: {},
      ...change,
    };
    const response = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_${randomUUID()}" InResponseTo="${id}" IssueInstant="${said.issued.toISOString()}" Version="2.0"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>${this.#signed(said)}</samlp:Response>`;
    return { SAMLResponse: Buffer.from(wrap(response)).toString('base64'), RelayState: location.searchParams.get('RelayState') ?? '' };
  }

  /** Written as canonical XML is, so that what is hashed is what stands here. */
  #signed(said: Said): string {
    const id = `_${randomUUID()}`;
    const request = said.inResponseTo === undefined ? '' : ` InResponseTo="${said.inResponseTo}"`;
    const until = said.until.toISOString();
    const attributes = Object.entries(said.attributes)
      .map(([name, value]) => `<Attribute Name="${name}"><AttributeValue>${value}</AttributeValue></Attribute>`)
      .join('');
    const head = `<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" IssueInstant="${said.issued.toISOString()}" Version="2.0"><Issuer>${said.issuer}</Issuer>`;
    const rest = `<Subject><NameID Format="${said.format}">${said.subject}</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData${request} NotOnOrAfter="${until}" Recipient="${said.recipient}"></SubjectConfirmationData></SubjectConfirmation></Subject><Conditions NotOnOrAfter="${until}"><AudienceRestriction><Audience>${said.audience}</Audience></AudienceRestriction></Conditions><AuthnStatement AuthnInstant="${said.issued.toISOString()}"></AuthnStatement><AttributeStatement>${attributes}</AttributeStatement></Assertion>`;
    const digest = createHash(this.hash).update(head + rest).digest('base64');
    const info = `<SignedInfo xmlns="${XMLDSIG}"><CanonicalizationMethod Algorithm="${EXCLUSIVE}"></CanonicalizationMethod><SignatureMethod Algorithm="${this.signatureAlgorithm}"></SignatureMethod><Reference URI="#${id}"><Transforms><Transform Algorithm="${XMLDSIG}enveloped-signature"></Transform><Transform Algorithm="${EXCLUSIVE}"></Transform></Transforms><DigestMethod Algorithm="${this.digestAlgorithm}"></DigestMethod><DigestValue>${digest}</DigestValue></Reference></SignedInfo>`;
    const value = sign(this.hash, Buffer.from(info), this.key).toString('base64');
    return `${head}<Signature xmlns="${XMLDSIG}">${info}<SignatureValue>${value}</SignatureValue></Signature>${rest}`;
  }
}
