import { z } from 'zod';

const plainText = z.string().regex(/^\P{Cc}*$/u, 'contains control characters');
const bytes = (most: number) => z.base64url().min(1).max(most);
const credentialId = bytes(1_400);

/** Browsers add parts of their own; what is not needed is not looked at. */
export const createdPasskey = z.object({
  id: credentialId,
  response: z.object({ clientDataJSON: bytes(4_000), attestationObject: bytes(20_000) }),
});

export const signedByPasskey = z.object({
  id: credentialId,
  response: z.object({ clientDataJSON: bytes(4_000), authenticatorData: bytes(4_000), signature: bytes(4_000), userHandle: bytes(200) }),
});

export const beginPasskeyRequest = z.object({ body: z.strictObject({ password: z.string().min(1).max(128) }) });

export const addPasskeyRequest = z.object({
  body: z.strictObject({ name: plainText.trim().min(1).max(60), credential: createdPasskey }),
});

export const removePasskeyRequest = z.object({ params: z.strictObject({ id: z.uuid() }) });

export const passkeySignInRequest = z.object({ body: z.strictObject({ credential: signedByPasskey }) });

/** For `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` of browsers. */
export const passkeyOptionsView = z.object({ options: z.record(z.string(), z.unknown()) });

export const passkeyView = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});

export const passkeysView = z.object({ items: z.array(passkeyView) });

export type PasskeyView = z.infer<typeof passkeyView>;
