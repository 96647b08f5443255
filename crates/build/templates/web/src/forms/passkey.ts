import type { PasskeyCreation, PasskeyRequest } from '../../../src/types/passkey.js';
import type { FormState } from './state.js';
import { textOf } from './values.js';

/** What a device is asked for, once the service has said it. */
export interface PasskeyQuestion extends FormState {
  readonly creation?: PasskeyCreation;
  readonly request?: PasskeyRequest;
  /** What a new passkey will be called. */
  readonly name?: string | undefined;
}

/** What the device answers, as JSON; nothing where no device answers, or nobody opens it. */
export async function askDevice({ creation, request }: PasskeyQuestion): Promise<string | undefined> {
  try {
    const credential =
      creation === undefined
        ? request && (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request) }))
        : await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(creation) });
    return credential instanceof PublicKeyCredential ? JSON.stringify(credential) : undefined;
  } catch {
    return undefined;
  }
}

/** What a device has answered, as a form brings it. */
export function credentialOf(form: FormData): unknown {
  try {
    return JSON.parse(textOf(form, 'credential') ?? '');
  } catch {
    return undefined;
  }
}
