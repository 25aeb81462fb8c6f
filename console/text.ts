/** Characters that show nothing, or turn the order of what follows them: somebody may have put them there to deceive. */
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\u115f\u2028\u2029]/gu;

/** Text from outside, with what cannot be seen made visible. */
export const visible = (text: string): string =>
  text.replaceAll(
    hidden,
    (character) => `⟨${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );

/** A link that somebody else has written: http and https alone lead somewhere. */
export function safeLink(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') ? parsed.href : undefined;
}

/** `3 runs`, `1 run`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** `trigger:ec2-unhealthy` → `ec2-unhealthy`. */
export const actorName = (actor: string): string => actor.replace(/^(trigger|person|token|baton):/, '');

/** `ec2:i-0abc` → `i-0abc`. */
export const targetName = (target: string): string => target.slice(target.indexOf(':') + 1);

/** The dispatcher has some sentences of its own; every other reason of a no is the name of a condition. */
const ownSentence =
  /^(was switched off|is about a run that|raised by Baton|has not run for it before|echo of|older than|the incident is)/;

/** Why a trigger said no. */
export function whyNo(reason: string): string {
  if (!ownSentence.test(reason)) return `"${reason}" does not hold`;
  const [, before] = /^has not run for it before \((.+)\)$/.exec(reason) ?? [];
  if (before !== undefined) return `it has run for it before (${before})`;
  return reason.startsWith('was switched off') ? `it ${reason}` : reason;
}

/** One word of a shell, whatever it says. */
export const inShell = (text: string): string =>
  /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** As it stands after a colon: `Reboots i-0abc` → `reboots i-0abc`. What is a name keeps its letters. */
export const afterColon = (text: string): string =>
  /^[A-Z][a-z]+\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

/** JSON as people read it. */
export function pretty(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '–');
}
