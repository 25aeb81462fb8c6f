/** What stands where a secret was. */
const mask = '[secret]';
/** Shorter values would match by chance all over the text. */
const minLength = 4;
/** A piece of base64 that is shorter than this says too little to be told from chance. */
const minBase64Length = 8;

/** Secrets that are known by their looks. The length of a JWT's head is bounded, so that no long text can make the search slow. */
const shapes: [RegExp, string][] = [
  [/xox[a-z]-[\w-]{4,}/g, mask],
  [/xapp-[\w-]{4,}/g, mask],
  [/(?:AKIA|ASIA)[0-9A-Z]{12,}/g, mask],
  [/eyJ[\w-]{8,1000}\.[\w-]+(?:\.[\w-]*)?/g, mask],
  [/:\/\/[^\s/@"'\\?#<>]+@/g, `://${mask}@`],
];

/**
 * Gives a function that masks secrets in a text: by value (as they are, URL-encoded, in base64 at any offset, escaped in JSON) and
 * by shape (tokens of Slack and AWS, JWTs, credentials in a URL). Scrub before cutting: half a secret is not recognised.
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
