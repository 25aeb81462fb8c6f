import { mask } from './secret-shapes.ts';

/** What a secret is called, with anything in front of it: `DB_PASSWORD`, `x-api-key`, `clientSecret`. */
const names =
  'pass(?:word|wd|phrase|code)s?|(?<=[a-z0-9][_-])pass|pwd|secrets?|tokens?|credentials?|\\b_auth|jsessionid|phpsessid|' +
  '(?:secret|access|api|account|private|signing|encryption|auth|master|shared|storage|webhook|hmac|ssh|(?<![a-z])app|application)' +
  '[ _-]?keys?';
const ending = '(?:[_-]?(?:hash|old|new|value|\\d{1,2}))?';

/** What stands between a name and its value, in a setting, JSON, YAML, a URL, XML, or a list of `name` and `value`. */
const between = [
  String.raw`[ \t]{0,4}:(?![:=]|\/\/)[ \t]{0,8}`,
  // Behind a space, what looks like another setting is one: this one is empty.
  String.raw`[ \t]{0,4}:?=(?![=~])>?(?:[ \t]{1,8}(?![\w.-]{1,40}=[^\s=]))?`,
  '%3[AD]',
  String.raw`,?(?:\s|\\{1,3}[nrt]){0,40}[\\"']{0,4}value[\\"']{0,4}[ \t]{0,4}:[ \t]{0,8}`,
  '>(?=[^\\s<])',
].join('|');

const assigned = new RegExp(
  String.raw`(${names})${ending}(?:([\\"'\`]{0,4}\]?)(?:${between})(?:\[\s{0,4}(?=[\\"']))?|(?<=(?<![\w-])--[\w-]{1,40})[ \t])`,
  'gi',
);
const isNamed = new RegExp(`(?:${names})${ending}$|^(?:proxy-)?authorization$|^(?:set-)?cookie$`, 'i');

/** Whether a field of this name holds a secret. */
export const isSecretName = (name: string): boolean =>
  // Names of fields are short, and the search for one ends at the end of the text.
  name.length <= 100 && isNamed.test(name);

/** Words that stand where a value would and say that there is none, or what is the matter with it. */
const words =
  'null|nil|none|undefined|unset|empty|missing|absent|required|optional|redacted|masked|hidden|removed|true|false|yes|no|not|' +
  'is|was|are|has|had|must|may|can|cannot|could|should|will|expired|invalid|valid|unknown|unexpected|wrong|incorrect|denied|' +
  'unauthorized|forbidden|revoked|rejected|refused|failed|failure|mismatch|ok|eof|timeout';
const nothing = new RegExp(
  String.raw`^(?:${words}|<[\w -]{0,40}>?|\[[\w -]{1,20}\]?|[*•]{3,}|x{3,}|\$[{(].*|\$[A-Z_]{3,40}|\{\{.*|%[sdvq])?$`,
  'i',
);

/** Whether a text in the place of a secret says that there is none: `null`, `expired`, `<redacted>`, `${PASSWORD}`. */
export const tellsNothing = (text: string): boolean => text.length <= 100 && nothing.test(text);

/** The field whose value this is: in a list of names and values, as of a container's environment, the name beside it. */
export const nameOf = (field: string, { name }: { name?: unknown }): string =>
  field === 'value' && typeof name === 'string' ? name : field;

/** The ways in which a value is written. In quotes, in quotes within JSON, and plain: there a comma may be a part of it. */
const quoted = /(")((?:[^"\\\r\n]|\\.)*)"?/y;
const quotedInJson = /(\\")((?:[^"\\\r\n]|\\\\(?:\\.|[^"\\]))*)/y;
const quotedInJsonOfJson = /(\\{3}")((?:[^"\\\r\n]|\\{4,}"?|\\{1,2}(?![\\"]))*)/y;
const singleQuoted = /(')((?:[^'"\\\r\n]|["'](?=\w)|\\.)*)/y;
const backQuoted = /(`)((?:[^`"\\\r\n]|"(?=\w)|\\.)*)/y;
const plain =
  /(?:[^\s"'`\\,;&<]|[,;&](?![\s"'`\\]|$|[\w.-]{1,40}[=:])|["'`](?=\w)|\\\\|\\(?![nrt"'`\\])|<(?![/a-z]))+/iy;

interface Span {
  from: number;
  to: number;
}

/** What stands at this place: in quotes, or plain without the punctuation behind it. */
function valueAt(text: string, at: number): (Span & { isQuoted: boolean }) | undefined {
  for (const pattern of [quoted, quotedInJson, quotedInJsonOfJson, singleQuoted, backQuoted]) {
    pattern.lastIndex = at;
    const [, quote = '', content = ''] = pattern.exec(text) ?? [];
    const from = at + quote.length;
    // A quote that ends the text around the name is no beginning.
    if (quote)
      return /^[,}\]]/.test(content) ? undefined : { from, to: from + content.length, isQuoted: true };
  }
  plain.lastIndex = at;
  let to = at + (plain.exec(text)?.[0].length ?? 0);
  while (to > at && ')]},.;:!?'.includes(text[to - 1] ?? '')) to -= 1;
  return { from: at, to, isQuoted: false };
}

/** Where the last one of a list of quoted values ends, of which the first one ends here. */
function endOfList(text: string, first: number): number {
  const next = /[\\"'`]{1,4}\s{0,4},\s{0,4}(?=[\\"'`])/y;
  let end = first;
  for (next.lastIndex = end; next.test(text); next.lastIndex = end) {
    const value = valueAt(text, next.lastIndex);
    if (!value?.isQuoted) break;
    end = value.to;
  }
  return end;
}

/** A word such as a sentence has, or a number such as a status. */
const word = /^(?:[A-Za-z]?[a-z]+(?:[-'’/.][a-z]+)*|[A-Z]{1,12}|\d{1,4})$/;
const longestWord = 40;

/** Whether a sentence goes on here: `token: the one of yesterday`. A value at the end of its line is none, whatever it looks like. */
function isProse(text: string, { from, to }: Span): boolean {
  const isWord = to - from <= longestWord && word.test(text.slice(from, to));
  return isWord && /^[,.:;!?)]{0,2} ["'`(\w]/.test(text.slice(to, to + 4));
}

/** Names of resources have parts of their own: `arn:…:secret:prod/db`, `registry.example/secret:1.2`. */
function isPartOfName(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && at - start < 60 && /[\w.-]/.test(text[start - 1] ?? '')) start -= 1;
  return /[:/@]/.test(text[start - 1] ?? '');
}

/**
 * Masks what stands behind the name of a secret: `password=…`, `"token": "…"`, `api_key: …`, `--secret …`. Behind a colon or a flag a
 * sentence can stand as well, which stays.
 */
export function maskNamed(text: string): string {
  let masked = '';
  let done = 0;
  assigned.lastIndex = 0;
  for (let found = assigned.exec(text); found; found = assigned.exec(text)) {
    const [whole, name = '', closing] = found;
    const at = assigned.lastIndex;
    const value = valueAt(text, at);
    if (!value || value.to === value.from) continue;
    const { from, isQuoted } = value;
    const to = /\[\s{0,4}$/.test(whole) ? endOfList(text, value.to) : value.to;
    const content = text.slice(from, to);
    // A value that JSON writes without quotes, such as a number, becomes a text.
    const quote = !isQuoted && closing?.endsWith('"') ? closing : '';
    if (tellsNothing(content) || isNoSecret(name, content) || (quote && /^[{[]/.test(content))) continue;
    const isLoose = closing === undefined || (closing === '' && /(?<!value):$/.test(whole.trimEnd()));
    const isOther = isProse(text, value) || (whole.endsWith(':') && isPartOfName(text, found.index));
    if (isLoose && !isQuoted && isOther) continue;
    masked += `${text.slice(done, from)}${quote}${mask}${quote}`;
    done = to;
    assigned.lastIndex = Math.max(to, at);
  }
  return done === 0 ? text : masked + text.slice(done);
}

/** Counts of tokens, the shell's folder, and structures that have names of their own. */
const isNoSecret = (name: string, content: string) =>
  (/^tokens$/i.test(name) && /^\d+$/.test(content)) ||
  (/^pwd$/i.test(name) && content.startsWith('/')) ||
  /^[{[(]$/.test(content);
