import type { FileType } from '../types/file.js';

const startsWith = (text: string) => (content: Buffer) => content.subarray(0, text.length).equals(Buffer.from(text, 'latin1'));

const SIGNATURES: readonly (readonly [type: FileType, matches: (content: Buffer) => boolean])[] = [
  ['image/gif', (content) => startsWith('GIF87a')(content) || startsWith('GIF89a')(content)],
  ['image/jpeg', startsWith('\xff\xd8\xff')],
  ['application/pdf', startsWith('%PDF-')],
  ['image/png', startsWith('\x89PNG\r\n\x1a\n')],
  ['image/webp', (content) => startsWith('RIFF')(content) && startsWith('WEBP')(content.subarray(8))],
];

const EXTENSIONS: Readonly<Record<FileType, readonly [usual: string, ...others: string[]]>> = {
  'image/gif': ['.gif'],
  'image/jpeg': ['.jpg', '.jpeg'],
  'application/pdf': ['.pdf'],
  'image/png': ['.png'],
  'image/webp': ['.webp'],
};

/** What a file is, by its own bytes: what a client says of it proves nothing. */
export function fileTypeOf(content: Buffer): FileType | undefined {
  return SIGNATURES.find(([, matches]) => matches(content))?.[0];
}

/** The name with an extension of this type at its end, whatever stood there: programs go by it when a file is opened. */
export function withExtension(name: string, type: FileType): string {
  const [usual, ...others] = EXTENSIONS[type];
  const named = [usual, ...others].some((extension) => name.toLowerCase().endsWith(extension));
  return named ? name : `${name}${usual}`;
}
