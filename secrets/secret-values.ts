/** Shorter values would match by chance all over the text. */
const minLength = 4;
/** A piece in base64 that is shorter than this says too little to be told from chance. */
const minBase64Length = 8;

/** A pattern for these secrets in every form in which texts carry them; undefined where there is none to look for. */
export function patternOf(secrets: readonly string[]): RegExp | undefined {
  const sought = [...new Set(secrets.filter((secret) => secret.length >= minLength))];
  // The longest first, so that a secret that contains another one goes as a whole.
  sort(sought);
  const encoded = [
    ...new Set(sought.flatMap((secret) => [...base64FormsOf(secret), ...byteFormsOf(secret)])),
  ];
  sort(encoded);
  const forms = [...sought.map(escapable), ...encoded];
  return forms.length > 0 ? new RegExp(forms.join('|'), 'g') : undefined;
}

/** A secret as long as this stands nowhere by chance. */
const longEnough = 12;
const digest = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;

/**
 * Whether what was found at this place is a part of a SHA-256 in hexadecimal: a short secret of such digits stands in one of some thousand of
 * them, and one that is masked in part proves nothing any more.
 */
export function isInDigest(text: string, found: string, at: number): boolean {
  if (found.length >= longEnough || !/^[0-9a-f]+$/.test(found)) return false;
  // So much on both sides that no longer row of digits looks like one, and no other digest is seen.
  return digest.test(text.slice(Math.max(0, at - 64), at + found.length + 64));
}

const sort = (texts: string[]) => texts.sort((one, other) => other.length - one.length);

/** The secret as it is, or with any of its special characters escaped as URLs, forms, JSON (also JSON within JSON) and HTML do. */
const escapable = (secret: string) =>
  (secret.toWellFormed().match(/\\+|[^\\]/gu) ?? []).map(charPattern).join('');

/** What JSON and HTML write for a character, besides its number. */
const named: Record<string, string> = {
  ' ': '\\+',
  '\n': '\\\\{1,7}n',
  '\r': '\\\\{1,7}r',
  '\t': '\\\\{1,7}t',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function charPattern(char: string): string {
  if (/[A-Za-z0-9]/.test(char)) return char;
  // A row of backslashes as one: each of them with a pattern of its own would match in too many ways.
  if (char[0] === '\\') return `(?:\\\\{${char.length},${8 * char.length}}|${bytesOf(char, '%(?:25)?')})`;
  const literal = `\\\\{0,7}${char.replace(/[$.*+?()[\]{}|^/]/, '\\$&')}`;
  const percent = bytesOf(char, '%(?:25)?');
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
  const unicode = units.map((unit) => `\\\\{1,7}u${eitherCase(unit.toString(16).padStart(4, '0'))}`).join('');
  const numbered = `&#(?:0{0,4}${char.codePointAt(0)}|x0{0,4}${eitherCase((char.codePointAt(0) ?? 0).toString(16))});`;
  const own = named[char];
  return `(?:${[literal, percent, unicode, numbered, ...(own ? [own] : [])].join('|')})`;
}

/** The bytes in hexadecimal: in one row, and as a URL of which nothing was left as it is. */
const byteFormsOf = (secret: string) => [bytesOf(secret, ''), bytesOf(secret, '%')];

const bytesOf = (text: string, before: string) =>
  Array.from(Buffer.from(text), (byte) => before + eitherCase(byte.toString(16).padStart(2, '0'))).join('');

const eitherCase = (hex: string) => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

/**
 * In base64 the characters depend on where the secret begins, as in `user:secret`. Each of the three offsets gives its own
 * ones; those at the ends mix with the neighbours, and are left out. The two alphabets differ in two characters.
 */
function base64FormsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const pieces = [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const partial = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    const start = [0, 2, 3][offset];
    return whole.slice(start, whole.length - partial);
  });
  return pieces
    .filter((piece) => piece.length >= minBase64Length)
    .map((piece) =>
      piece.replace(/[+/]/g, (char) => (char === '+' ? '(?:[+-]|%2[bB])' : '(?:\\\\?/|_|%2[fF])')),
    );
}
