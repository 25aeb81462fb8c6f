/** How monitors say that an alert is over: Alertmanager, Grafana, CloudWatch and others. */
const over = /^(?:resolved|recovered|ok|closed|cleared|normal|inactive)$/i;
const states = new Set(['status', 'state', 'newstatevalue', 'currentstate', 'alertstate', 'alertstatus']);
const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '');

/** Whether a part of an alert's details tells of an alert that is over. */
export const isOverAlert = (part: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(part).some(
    ([name, said]) => typeof said === 'string' && over.test(said.trim()) && states.has(plain(name)),
  );

/** Whether a field holds alerts that are over. */
export const isOverField = (name: string): boolean =>
  /^(?:num)?(?:resolved|recovered|cleared)(?:json|alerts?)?$/.test(plain(name));

/** `**Resolved**`, wherever it stands; `Alerts Firing:`, `[RESOLVED] …` and `Firing (2):`, where a line begins with it. */
const inStars = /\*{1,3}(?:firing|resolved)(?::? ?\(?\d{1,5}\)?)?:?\*{1,3}/gi;
const heading = /^(?:alerts?)?(firing|resolved)(?:alerts?)?$/;
const beginning = /^\W{0,5}(firing|resolved)(?:\W{1,3}\d{1,5})?\s{0,3}[\]:)]{1,3}/i;

/** A text as many notification templates have it: Firing, what fires, Resolved, what is over. */
export function partsOf(text: string): { firing: string; over: string } {
  const parts = { firing: [] as string[], resolved: [] as string[] };
  let part: keyof typeof parts = 'firing';
  for (const line of text.replace(inStars, '\n$&\n').split('\n')) {
    const whole = line.length < 40 ? heading.exec(plain(line)) : null;
    const [mark, begun] = whole ?? beginning.exec(line) ?? ['', undefined];
    const said = begun?.toLowerCase();
    if (said === 'firing' || said === 'resolved') part = said;
    if (!whole) parts[part].push(line.slice(mark.length));
  }
  return { firing: parts.firing.join('\n'), over: parts.resolved.join('\n') };
}

/** `[RESOLVED] …`, `Recovered: …`, `Alert resolved: …`, `[shop] [OK] …`: before all else, but for other words in brackets. */
const startsOver =
  /^(?:\[(?!resolved|recovered|closed|cleared|ok\b|firing)[^\][]{1,40}\]\s{0,3}){0,3}\W{0,3}(?:(?:re|fwd|alert|incident|problem|issue)\b\W{1,3}(?:(?:is|has|been|was)\s){0,2})?(?:resolved|recovered|closed|cleared|ok)\b\W/i;
/** `… is resolved`, `…: RESOLVED`, `… (resolved)`, and not `kube-system/systemd-resolved`. */
const endsOver =
  /(?:\b(?:is|has|was|been)\s{1,3}(?:now\s{1,3})?|[:([|]\s{0,3}|\s[–-]\s{1,3})(?:resolved|recovered|closed|cleared)\W{0,3}$/i;

/** Whether a title says of itself that all is over. */
export const saysOver = (title: string): boolean => startsOver.test(title) || endsOver.test(title);
