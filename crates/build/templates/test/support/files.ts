import type { FileType } from '../../src/types/file.js';

/** The least of each type that its first bytes give away. */
export const SAMPLES: Readonly<Record<FileType, Buffer>> = {
  'image/gif': Buffer.from('GIF89a and so on', 'latin1'),
  'image/jpeg': Buffer.from('\xff\xd8\xff\xe0 and so on', 'latin1'),
  'application/pdf': Buffer.from('%PDF-1.7 and so on', 'latin1'),
  'image/png': Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1'),
  'image/webp': Buffer.from('RIFF\x10\x00\x00\x00WEBPVP8 and so on', 'latin1'),
};
