import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED = 0x40;

/** What a page sends on: bytes as base64url, as `PublicKeyCredential.toJSON` writes them. */
export interface Answer<Parts> {
  id: string;
  type: 'public-key';
  response: Parts;
}

/** A device that keeps one passkey, and what may be wrong with it. */
export class Authenticator {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #id = randomBytes(32);
  #userHandle = '';
  counter = 0;
  /** Whether it has seen a finger, a face or a PIN. */
  verifies = true;

  constructor(
    public origin: string,
    public host = new URL(origin).hostname,
  ) {}

  create(options: { challenge: string; user: { id: string } }): Answer<{ clientDataJSON: string; attestationObject: string }> {
    this.#userHandle = options.user.id;
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const key = Buffer.concat([
      // A map of type EC2 for ES256 on P-256, with both coordinates.
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
    const data = Buffer.concat([this.#data(ATTESTED), Buffer.alloc(16), Buffer.from([0, this.#id.length]), this.#id, key]);
    // `{ fmt: 'none', attStmt: {}, authData }`
    const head = Buffer.from(`a363666d74646e6f6e656761747453746d74a068${Buffer.from('authData').toString('hex')}58`, 'hex');
    const attestation = Buffer.concat([head, Buffer.from([data.length]), data]);
    return this.#answer({ clientDataJSON: this.#clientData('webauthn.create', options.challenge), attestationObject: attestation.toString('base64url') });
  }

  get(options: { challenge: string }): Answer<{ clientDataJSON: string; authenticatorData: string; signature: string; userHandle: string }> {
    this.counter += 1;
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge);
    const data = this.#data(0);
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([data, hash]), this.#keys.privateKey);
    return this.#answer({
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: this.#userHandle,
    });
  }

  #answer<Parts>(response: Parts): Answer<Parts> {
    return { id: this.#id.toString('base64url'), type: 'public-key', response };
  }

  #clientData(type: string, challenge: string): string {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false })).toString('base64url');
  }

  #data(more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const flags = USER_PRESENT | (this.verifies ? USER_VERIFIED : 0) | more;
    return Buffer.concat([createHash('sha256').update(this.host).digest(), Buffer.from([flags]), counter]);
  }
}
