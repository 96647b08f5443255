import { z } from 'zod';

const QUERY_LENGTH = 5_000;

/** One operation: a list of them would pass limits that count requests. */
export const graphqlRequest = z.object({
  body: z.strictObject({
    query: z.string().min(1).max(QUERY_LENGTH),
    variables: z.record(z.string().max(100), z.unknown()).default({}),
    operationName: z.string().max(100).optional(),
  }),
});

export const graphqlView = z.object({
  data: z.record(z.string(), z.unknown()).nullable(),
  errors: z.array(z.object({ message: z.string(), path: z.array(z.union([z.string(), z.int()])), extensions: z.object({ code: z.string() }) })).optional(),
});

export type GraphqlError = NonNullable<z.infer<typeof graphqlView>['errors']>[number];
