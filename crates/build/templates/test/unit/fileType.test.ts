import { describe, expect, it } from 'vitest';
import { FILE_TYPES } from '../../src/types/file.js';
import { fileTypeOf, withExtension } from '../../src/utils/fileType.js';
import { SAMPLES } from '../support/files.js';

describe('the type of a file', () => {
  it.each(FILE_TYPES)('is told by its first bytes: %s', (type) => {
    expect(fileTypeOf(SAMPLES[type])).toBe(type);
    expect(fileTypeOf(Buffer.concat([Buffer.from(' '), SAMPLES[type]]))).toBeUndefined();
    expect(fileTypeOf(SAMPLES[type].subarray(0, 2))).toBeUndefined();
  });

  it.each(['', '<html>', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'MZ', '#!/bin/sh', 'RIFF1234WAVE', 'GIF88a'])('is unknown for %j', (text) => {
    expect(fileTypeOf(Buffer.from(text))).toBeUndefined();
  });
});

describe('the name of a file', () => {
  it.each([
    ['photo.png', 'image/png', 'photo.png'],
    ['PHOTO.PNG', 'image/png', 'PHOTO.PNG'],
    ['photo.jpeg', 'image/jpeg', 'photo.jpeg'],
    ['page.html', 'image/png', 'page.html.png'],
    ['run.exe', 'application/pdf', 'run.exe.pdf'],
    ['nothing', 'image/gif', 'nothing.gif'],
  ] as const)('ends as its type does: %s as %s is %s', (name, type, expected) => {
    expect(withExtension(name, type)).toBe(expected);
  });
});
