import type { FormState } from '../forms/state.js';

/** Why a form was refused, if it was. */
export function Refusal({ state }: { readonly state: FormState }) {
  return (
    <>
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
    </>
  );
}
