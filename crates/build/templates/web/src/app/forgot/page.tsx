import { redirect } from 'next/navigation';
import { forgotPasswordRequest } from '../../../../src/types/auth.js';
import { ActionForm } from '../../components/actionForm.js';
import { assertFits, type FormState } from '../../forms/state.js';
import { submit } from '../../forms/submit.js';
import { textOf } from '../../forms/values.js';

async function forgotPassword(_last: FormState, form: FormData): Promise<FormState> {
  'use server';
  return submit(async (client) => {
    const body: unknown = { email: textOf(form, 'email') };
    assertFits(forgotPasswordRequest.shape.body, body);
    await client.account.forgotPassword(body);
    redirect('/sent');
  });
}

export default function Forgot() {
  return (
    <>
      <h1>Forgot your password?</h1>
      <ActionForm action={forgotPassword} submit="Send a mail">
        <label>
          E-mail address
          <input name="email" type="email" autoComplete="username" required maxLength={254} />
        </label>
      </ActionForm>
    </>
  );
}
