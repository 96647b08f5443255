/** The same for everybody: it does not tell who has an account. */
export default function Sent() {
  return (
    <>
      <h1>Look into your mailbox</h1>
      <p>If this address can be used, a mail is on its way that says how to go on.</p>
    </>
  );
}
