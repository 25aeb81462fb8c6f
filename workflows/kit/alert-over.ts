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
export const isOverField = (name: string): boolean => /^(?:num)?resolved(?:json|alerts)?$/.test(plain(name));

const heading = /^(?:alerts?)?(firing|resolved)(?:alerts?)?$/;

/** A text as many notification templates have it: Firing, what fires, Resolved, what is over. A heading has a line or stars to itself. */
export function partsOf(text: string): { firing: string; over: string } {
  const parts = { firing: [] as string[], resolved: [] as string[] };
  let part: keyof typeof parts = 'firing';
  for (const line of text
    .replace(/\*{1,3}(?:firing|resolved)(?::? ?\(?\d{1,5}\)?)?:?\*{1,3}/gi, '\n$&\n')
    .split('\n')) {
    const said = line.length < 40 ? heading.exec(plain(line))?.[1] : undefined;
    if (said === 'firing' || said === 'resolved') part = said;
    else parts[part].push(line);
  }
  return { firing: parts.firing.join('\n'), over: parts.resolved.join('\n') };
}

/** `[RESOLVED] …`, `Recovered: …`, `[shop] [OK] …`: before all else, but for other words in brackets. */
const startsOver =
  /^(?:\[(?!resolved|recovered|ok\b|firing)[^\][]{1,40}\]\s{0,3}){0,3}\W{0,3}(?:resolved|recovered|ok)\b\W/i;
const endsOver =
  /\b(?:is|has|was|been)\s{1,3}(?:now\s{1,3})?(?:resolved|recovered)\W{0,3}$|\[(?:resolved|recovered|ok)\]$/i;

/** Whether a title says of itself that all is over. */
export const saysOver = (title: string): boolean => startsOver.test(title) || endsOver.test(title);
