import { z } from 'zod';

/** Providers add parameters of their own to the way back; what is not needed is not looked at. */
export const oidcArrivalRequest = z.object({
  query: z.object({ code: z.string().min(1).max(4_000), state: z.string().min(1).max(200) }),
});
