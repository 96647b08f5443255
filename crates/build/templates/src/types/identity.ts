/** Somebody whom an identity provider knows; `subject` stays the same when the address changes. */
export interface Identity {
  readonly subject: string;
  readonly email: string;
  readonly name: string | undefined;
}
