import { z } from 'zod';

/** What can be told by the first bytes of a file, and nothing that a browser would run. */
export const FILE_TYPES = ['image/gif', 'image/jpeg', 'application/pdf', 'image/png', 'image/webp'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** What files a resource takes. */
export interface UploadSettings {
  /** The resource, as the audit trail names it. */
  readonly resource: string;
  readonly path: string;
  readonly types: readonly FileType[];
  readonly maxBytes: number;
  /** The most files of one row. */
  readonly most: number;
}

const row = z.strictObject({ id: z.uuid() });
const file = z.strictObject({ id: z.uuid(), fileId: z.uuid() });

export const listFilesRequest = z.object({ params: row });

export const addFileRequest = z.object({
  params: row,
  query: z.strictObject({
    name: z.string().trim().min(1).max(120)⟦file-name│.regex(/^[^\p{Cc}\p{Cf}/\\]*$/u, 'is no name of a file')⟧,
  }),
});

export const getFileRequest = z.object({ params: file });

export const removeFileRequest = z.object({ params: file });

export const fileView = z.object({
  id: z.uuid(),
  name: z.string(),
  type: z.enum(FILE_TYPES),
  size: z.int(),
  createdAt: z.iso.datetime(),
});

export const filesView = z.object({ items: z.array(fileView) });

export type FileView = z.infer<typeof fileView>;
