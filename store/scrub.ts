/** What stands where a secret was. */
const mask = '[secret]';
/** Shorter values would match by chance all over the text. */
const minLength = 4;
/** A piece of base64 that is shorter than this says too little to be told from chance. */
const minBase64Length = 8;

/** What may stand between a name and its value: in a header, a setting, JSON, and JSON within JSON. */
const equals = String.raw`[\\"']{0,4}\s{0,4}(?::|=>?)\s{0,4}[\\"']{0,4}`;
/** What a value is made of. A name with a word behind it is ordinary text: a value has 12 characters and a digit among them. */
const value = String.raw`(?=[\w.~+/=-]{0,80}\d)[\w.~+/=-]{12,}`;
const names =
  'routing[_-]?key|integration[_-]?key|service[_-]?key|api[_-]?key|api[_-]?token|access[_-]?token|auth[_-]?token|' +
  'secret[_-]?access[_-]?key|session[_-]?token|client[_-]?secret|signing[_-]?secret|private[_-]?token';

/**
 * Secrets that are known by their looks. None of these patterns looks for its end from each of many beginnings, so no long text can make
 * the search slow: what may be long either cannot fail, or has a bound.
 */
const shapes: [RegExp, string][] = [
  // A key whose end was cut away is masked as far as the text goes.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    mask,
  ],
  [/xox[a-z](?:\.xox[a-z])?-[\w-]{4,}/g, mask],
  [/xapp-[\w-]{4,}/g, mask],
  [/(?<=hooks\.slack\.com\/)(?:services|workflows|triggers)\/[\w/]{8,}/g, mask],
  [/(?:AKIA|ASIA)[0-9A-Z]{12,}/g, mask],
  [/gh[pousr]_\w{20,}|github_pat_\w{20,}|ATATT3[\w=-]{20,}/g, mask],
  // A JSON web token; without its dots, any JSON object in base64 that is long enough to hold one.
  [/eyJ[\w+/-]{17,}={0,2}(?:\.[\w-]*){0,2}|eyJ[\w-]{8,16}\.[\w-]+(?:\.[\w-]*)?/g, mask],
  [
    new RegExp(
      String.raw`(\b(?:proxy-)?authorization${equals}(?:(?:bearer|basic|digest|negotiate|token|genie\w{0,3}|apikey)\s+)(?:token=)?)[^\s"'\\,;]+`,
      'gi',
    ),
    `$1${mask}`,
  ],
  [new RegExp(String.raw`(\b(?:proxy-)?authorization${equals})${value}`, 'gi'), `$1${mask}`],
  [new RegExp(String.raw`(\b(?:bearer|token token=)\s{0,4})${value}`, 'gi'), `$1${mask}`],
  [new RegExp(`((?:${names})${equals})${value}`, 'gi'), `$1${mask}`],
  [/:\/\/[^\s/@"'\\?#<>]+@/g, `://${mask}@`],
];

/**
 * Gives a function that masks secrets in a text: by value (as they are, URL-encoded, in base64 at any offset, escaped in JSON) and
 * by shape (tokens of Slack, AWS and others, JWTs, private keys, what follows `Authorization` or the name of a key, credentials in a
 * URL). Scrub before cutting: half a secret is not recognised.
 */
export function makeScrubber(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= minLength).flatMap(formsOf))];
  // The longest first, so that a secret that contains another one goes as a whole.
  forms.sort((one, other) => other.length - one.length);
  const values = forms.length > 0 ? new RegExp(forms.map(literal).join('|'), 'g') : undefined;
  return (text) => {
    let scrubbed = values ? text.replace(values, mask) : text;
    for (const [shape, replacement] of shapes) scrubbed = scrubbed.replace(shape, replacement);
    return scrubbed;
  };
}

/** The same value with every text in it scrubbed, the names of fields too. Numbers and the like stay what they are. */
export function scrubValue(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, scrub));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [scrub(name), scrubValue(field, scrub)]),
  );
}

/** A pattern for exactly this text. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function formsOf(secret: string): string[] {
  const urlEncoded = encodeURIComponent(secret.toWellFormed());
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    urlEncoded,
    urlEncoded.replaceAll('%20', '+'),
    urlEncoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    ...base64FormsOf(secret),
  ];
}

/**
 * In base64 the characters depend on where the secret begins, as in `user:secret`. Each of the three offsets gives its own
 * ones; those at the ends mix with the neighbours, and are left out.
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
    .flatMap((piece) => [piece, piece.replaceAll('+', '-').replaceAll('/', '_')]);
}
