/** How monitors say that an alert is over: Alertmanager, Grafana, CloudWatch and others. */
const over = /^(?:resolved|ok|closed|normal|inactive)$/i;

/** Whether a part of an alert's details tells of an alert that is over. */
export const isOverAlert = (part: Readonly<Record<string, unknown>>): boolean =>
  [part.status, part.state, part.NewStateValue].some((said) => typeof said === 'string' && over.test(said));

/** Whether a field holds alerts that are over. */
export const isOverField = (name: string): boolean =>
  /^(?:num)?resolved(?:json|alerts)?$/.test(name.toLowerCase().replace(/[^a-z]/g, ''));

/** A text as many notification templates have it: a line that says Firing, what fires, a line that says Resolved, what is over. */
export function partsOf(text: string): { firing: string; over: string } {
  const lines = { firing: [] as string[], over: [] as string[] };
  let part: keyof typeof lines = 'firing';
  for (const line of text.split('\n')) {
    const heading = line.length < 40 ? line.replace(/[^A-Za-z]/g, '').toLowerCase() : '';
    if (heading === 'resolved') part = 'over';
    else if (heading === 'firing') part = 'firing';
    else lines[part].push(line);
  }
  return { firing: lines.firing.join('\n'), over: lines.over.join('\n') };
}

/** `[RESOLVED] …`, `Recovered: …`, `[shop] [OK] …`: before all else, but for other words in brackets. */
const startsOver =
  /^(?:\[(?!resolved|recovered|ok\b|firing)[^\][]{1,40}\]\s{0,3}){0,3}\W{0,3}(?:resolved|recovered|ok)\b\W/i;
const endsOver =
  /\b(?:is|has|was|been)\s{1,3}(?:now\s{1,3})?(?:resolved|recovered)\W{0,3}$|\[(?:resolved|recovered|ok)\]$/i;

/** Whether a title says of itself that all is over. */
export const saysOver = (title: string): boolean => startsOver.test(title) || endsOver.test(title);
