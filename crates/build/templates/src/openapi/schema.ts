import { z } from 'zod';

export type Json = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly summary: string;
  /** Whether strangers may call it. */
  readonly open?: boolean;
  readonly request?: z.ZodObject;
  readonly response?: z.ZodType;
  readonly status: number;
}

/** Paths with their operations by method. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  return rest;
}

const PLACES = { params: 'path', query: 'query', headers: 'header' } as const;

function parametersOf(request: z.ZodObject | undefined): Json[] {
  return Object.entries(PLACES).flatMap(([part, place]) => {
    const schema = request?.shape[part];
    if (!(schema instanceof z.ZodObject)) {
      return [];
    }
    return Object.entries(schema.shape).map(([name, value]) => ({
      name,
      in: place,
      required: place === 'path' || !value.safeParse(undefined).success,
      schema: schemaOf(value, 'input'),
    }));
  });
}

/** One operation in the words of OpenAPI, from the schemas that the service itself checks with. */
export function describe(operation: Operation): Json {
  const body = operation.request?.shape['body'];
  const problems = [400, ...(operation.open === true ? [] : [401, 403]), 404, 409, 412, 413, 415, 429, 500, 503];
  return {
    summary: operation.summary,
    security: operation.open === true ? [] : [{ session: [] }],
    parameters: parametersOf(operation.request),
    ...(body instanceof z.ZodType && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: {
      [operation.status]: {
        description: 'Done.',
        ...(operation.response !== undefined && {
          content: { 'application/json': { schema: schemaOf(operation.response, 'output') } },
        }),
      },
      ...Object.fromEntries(problems.map((status) => [status, { $ref: '#/components/responses/Problem' }])),
    },
  };
}
