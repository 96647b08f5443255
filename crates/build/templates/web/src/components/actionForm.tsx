'use client';

import { type ReactNode, useActionState } from 'react';
import { type FormState, UNTOUCHED } from '../forms/state.js';

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
      {state.message !== undefined && <p role="alert">{state.message}</p>}
      {state.issues.length > 0 && (
        <ul>
          {state.issues.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              {path}: {message}
            </li>
          ))}
        </ul>
      )}
      <button type="submit" disabled={pending}>
        {submit}
      </button>
    </form>
  );
}
