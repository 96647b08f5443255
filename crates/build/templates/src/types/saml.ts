import { z } from 'zod';

export const samlArrivalRequest = z.object({
  body: z.strictObject({ SAMLResponse: z.base64().min(1).max(200_000), RelayState: z.string().min(1).max(200) }),
});
