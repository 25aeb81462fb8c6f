import type { Entry } from '../../domain/record.ts';
import { canonicalJson, cleanText, keyText } from '../json.ts';
import type { LineColumns } from './record.ts';

/** In bytes, of the detail of one line. */
const maxDetailBytes = 32 * 1024;

/**
 * Gives the function that makes lines of the record from entries: secrets masked, then the text made clean, then cut, so that no
 * half of a secret stays behind. `scrub` masks the secrets in one text.
 */
export function lineMaker(scrub: (text: string) => string): (entry: Entry) => LineColumns {
  return ({ at, actor, via, action, subject, detail }) => ({
    at: new Date(at).toISOString(),
    actor: actorKey(actor, scrub),
    via: cleanText(via),
    action: cleanText(action),
    subject: keyText(scrub(subject)),
    detail: cut(canonicalJson(detail, scrub)),
  });
}

/** Who acted, as lines are looked up by it. The kind in front (`token:`) is ours: with it a name would look like a secret of that name. */
export function actorKey(actor: string, scrub: (text: string) => string): string {
  const [kind = ''] = /^[a-z]+:/.exec(actor) ?? [];
  return keyText(kind + scrub(actor.slice(kind.length)));
}

/** So long is a field, in its JSON, that a line keeps which is too long. */
const longestKept = 300;
const mostKept = 20;

/**
 * A detail that is too long becomes `{ …, bytes, start }`: its short fields (whose run it was), how long it was, and the beginning of its JSON.
 */
function cut(detail: string): string {
  const bytes = Buffer.byteLength(detail);
  if (bytes <= maxDetailBytes) return detail;
  const fields = Object.entries(JSON.parse(detail) as object).filter(
    ([, value]) => typeof value !== 'object' && JSON.stringify(value).length <= longestKept,
  );
  const kept = Object.fromEntries(fields.slice(0, mostKept));
  // As a string within JSON it grows by its quotes, so it is shortened until it fits.
  for (let length = maxDetailBytes; ; length = Math.floor(length * 0.8)) {
    const shorter = canonicalJson({ ...kept, bytes, start: detail.slice(0, length) });
    if (Buffer.byteLength(shorter) <= maxDetailBytes) return shorter;
  }
}
