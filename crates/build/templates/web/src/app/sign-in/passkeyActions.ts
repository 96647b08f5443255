'use server';

import { redirect } from 'next/navigation';
import { passkeySignInRequest } from '../../../../src/types/passkey.js';
import { credentialOf, type PasskeyQuestion } from '../../forms/passkey.js';
import { assertFits, type FormState, UNTOUCHED } from '../../forms/state.js';
import { submit } from '../../forms/submit.js';

export async function askForPasskey(): Promise<PasskeyQuestion> {
  let question: PasskeyQuestion = UNTOUCHED;
  const state = await submit(async (client) => {
    question = { ...UNTOUCHED, request: await client.passkeys.beginSignIn() };
  });
  return { ...question, ...state };
}

export async function signInWithPasskey(_last: FormState, form: FormData): Promise<FormState> {
  return submit(async (client) => {
    const body: unknown = { credential: credentialOf(form) };
    assertFits(passkeySignInRequest.shape.body, body);
    await client.passkeys.signIn(body);
    redirect('/');
  });
}
