import { redirect } from 'next/navigation';
import { resetPasswordRequest } from '../../../../src/types/auth.js';
import { ActionForm } from '../../components/actionForm.js';
import { FragmentField } from '../../components/fragmentField.js';
import { assertFits, type FormState } from '../../forms/state.js';
import { submit } from '../../forms/submit.js';
import { textOf } from '../../forms/values.js';

async function resetPassword(_last: FormState, form: FormData): Promise<FormState> {
  'use server';
  return submit(async (client) => {
    const body: unknown = { token: textOf(form, 'token'), newPassword: textOf(form, 'newPassword') };
    assertFits(resetPasswordRequest.shape.body, body);
    await client.account.resetPassword(body);
    redirect('/sign-in');
  });
}

/** Where the mail about a forgotten password leads. */
export default function Reset() {
  return (
    <>
      <h1>Set a new password</h1>
      <ActionForm action={resetPassword} submit="Set">
        <FragmentField name="token" />
        <label>
          New password, at least twelve characters
          <input name="newPassword" type="password" autoComplete="new-password" required minLength={12} maxLength={128} />
        </label>
      </ActionForm>
    </>
  );
}
