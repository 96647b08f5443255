const KNOWN_WEAK = /change.?me|example|default|password|secret|placeholder|qwerty|123456|abcdef/i;

/** Why a value cannot be a secret, or `undefined` if nothing speaks against it. */
export function weakness(value: string): string | undefined {
  if (value.length < 32) {
    return 'is shorter than 32 characters';
  }
  if (new Set(value).size < 12) {
    return 'has fewer than 12 different characters';
  }
  if (KNOWN_WEAK.test(value)) {
    return 'contains a word that everybody tries first';
  }
  return undefined;
}
