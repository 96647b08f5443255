/** What passwords that are tried first are made of: usual words, names, and rows of keys. */
const WORDS: readonly string[] = [
  'password',
  'passwort',
  'passwd',
  'qwertyuiop',
  'qwerty',
  'qwertz',
  'azerty',
  'asdfghjkl',
  'zxcvbnm',
  'abcdefgh',
  'letmein',
  'welcome',
  'iloveyou',
  'trustno',
  'changeme',
  'default',
  'administrator',
  'admin',
  'login',
  'master',
  'secret',
  'sunshine',
  'princess',
  'football',
  'baseball',
  'basketball',
  'superman',
  'batman',
  'dragon',
  'monkey',
  'shadow',
  'michael',
  'jennifer',
  'liverpool',
  'chelsea',
  'pokemon',
  'starwars',
  'internet',
  'computer',
  'samsung',
  'google',
  'summer',
  'winter',
  'spring',
  'autumn',
];

const SPELLED: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'i'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
  ['@', 'a'],
  ['$', 's'],
  ['!', 'i'],
]);

/** Whether a password is little more than a usual word with digits and signs, or a few characters over and over. */
export function isCommonPassword(password: string): boolean {
  const typed = password.toLowerCase();
  const spelled = [...typed].map((character) => SPELLED.get(character) ?? character).join('');
  return new Set(typed).size < 5 || [typed, spelled].some(isUsualWord);
}

function isUsualWord(text: string): boolean {
  const letters = text.replaceAll(/[^\p{L}]/gu, '');
  const rest = WORDS.reduce((left, word) => left.replaceAll(word, ''), letters);
  return letters.length > 0 && rest.length < 4;
}
