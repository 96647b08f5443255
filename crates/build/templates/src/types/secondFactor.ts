import { z } from 'zod';
import { factorCode } from './auth.js';

const password = z.string().min(1).max(128);

export const addFactorRequest = z.object({ body: z.strictObject({ password }) });

export const confirmFactorRequest = z.object({ body: z.strictObject({ code: factorCode }) });

export const removeFactorRequest = z.object({ body: z.strictObject({ password, code: factorCode }) });

/** For the authenticator app; shown once. */
export const factorView = z.object({ secret: z.string(), uri: z.string() });

export const recoveryCodesView = z.object({ recoveryCodes: z.array(z.string()) });
