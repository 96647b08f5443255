'use client';

import { type ReactNode, useActionState, useEffect, useRef, useState } from 'react';
import { askDevice, type PasskeyQuestion } from '../forms/passkey.js';
import { type FormState, UNTOUCHED } from '../forms/state.js';
import { Refusal } from './refusal.js';

interface Properties {
  readonly ask: (last: PasskeyQuestion, form: FormData) => Promise<PasskeyQuestion>;
  readonly answer: (last: FormState, form: FormData) => Promise<FormState>;
  readonly submit: string;
  readonly children?: ReactNode;
}

/** Asks the service what a device has to sign, then the device, and sends on its answer by a form that nobody sees. */
export function PasskeyForm({ ask, answer, submit, children }: Properties) {
  const [question, askService, asking] = useActionState<PasskeyQuestion, FormData>(ask, UNTOUCHED);
  const [outcome, sendAnswer, sending] = useActionState(answer, UNTOUCHED);
  const [unanswered, setUnanswered] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (question.creation === undefined && question.request === undefined) {
      return;
    }
    void askDevice(question).then((credential) => {
      setUnanswered(credential === undefined);
      if (credential !== undefined && field.current !== null) {
        field.current.value = credential;
        field.current.form?.requestSubmit();
      }
    });
  }, [question]);
  return (
    <>
      <form action={askService}>
        {children}
        <Refusal state={question} />
        <Refusal state={outcome} />
        {unanswered && <p role="alert">No device has answered.</p>}
        <button type="submit" disabled={asking || sending}>
          {submit}
        </button>
      </form>
      <form action={sendAnswer} hidden>
        <input type="hidden" name="name" defaultValue={question.name} />
        <input type="hidden" name="credential" ref={field} />
        <button type="submit">Send</button>
      </form>
    </>
  );
}
