'use client';

import { type ReactNode, useActionState } from 'react';
import { type FormState, UNTOUCHED } from '../forms/state.js';
import { Refusal } from './refusal.js';

interface Properties {
  readonly action: (last: FormState, form: FormData) => Promise<FormState>;
  readonly submit: string;
  readonly children: ReactNode;
}

/** A form that works without scripts too, and shows what was refused. */
export function ActionForm({ action, submit, children }: Properties) {
  const [state, send, pending] = useActionState(action, UNTOUCHED);
  return (
    <form action={send}>
      {children}
      <Refusal state={state} />
      <button type="submit" disabled={pending}>
        {submit}
      </button>
    </form>
  );
}
