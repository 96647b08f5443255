import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface FieldKey {
  readonly version: string;
  readonly key: Buffer;
}

/**
 * Encrypts single fields with AES-256-GCM. The place (table, column, row) is authenticated with the text, so that a
 * cipher cannot be moved to another row. New texts use the first key; old keys still open what they have sealed.
 */
export class FieldCipher {
  readonly #current: FieldKey;
  readonly #keys: ReadonlyMap<string, Buffer>;

  constructor(keys: readonly FieldKey[]) {
    const [current] = keys;
    if (current === undefined) {
      throw new Error('there is no key to encrypt fields with');
    }
    this.#current = current;
    this.#keys = new Map(keys.map(({ version, key }) => [version, key]));
  }

  seal(text: string, place: string): string {
    const nonce = ⟦fresh-nonce│randomBytes(12)│Buffer.alloc(12)⟧;
    const cipher = createCipheriv('aes-256-gcm', this.#current.key, nonce, { authTagLength: 16 });
⟦cipher-place*│    cipher.setAAD(Buffer.from(place));
⟧    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [this.#current.version, ...[nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
  }

  open(sealed: string, place: string): string {
    const [version = '', nonce = '', text = '', tag = ''] = sealed.split('.');
    const key = this.#keys.get(version);
    if (key === undefined) {
      throw new Error(`there is no key of version ${version}`);
    }
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
⟦cipher-place*│    decipher.setAAD(Buffer.from(place));
⟧    decipher.setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
  }
}
