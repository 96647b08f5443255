'use client';

/** Shown in place of a page that has failed. */
export default function Failure({ reset }: { readonly reset: () => void }) {
  return (
    <section>
      <h1>This did not work</h1>
      <p>The service could not answer, or has refused to.</p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </section>
  );
}
