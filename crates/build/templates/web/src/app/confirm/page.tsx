import { redirect } from 'next/navigation';
import { confirmRequest } from '../../../../src/types/auth.js';
import { ActionForm } from '../../components/actionForm.js';
import { FragmentField } from '../../components/fragmentField.js';
import { assertFits, type FormState } from '../../forms/state.js';
import { submit } from '../../forms/submit.js';
import { textOf } from '../../forms/values.js';

async function confirm(_last: FormState, form: FormData): Promise<FormState> {
  'use server';
  return submit(async (client) => {
    const body: unknown = { token: textOf(form, 'token'), password: textOf(form, 'password') };
    assertFits(confirmRequest.shape.body, body);
    await client.account.confirm(body);
    redirect('/');
  });
}

/** Where the mail after opening an account leads. */
export default function Confirm() {
  return (
    <>
      <h1>Confirm your address</h1>
      <ActionForm action={confirm} submit="Confirm">
        <FragmentField name="token" />
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required maxLength={128} />
        </label>
      </ActionForm>
    </>
  );
}
