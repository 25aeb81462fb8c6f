/** How monitors say that an alert is over: Alertmanager, Grafana, CloudWatch, Nagios, Azure and others. */
const over =
  /^(?:resolved?|recover(?:ed|y)|ok|closed?|clear(?:ed)?|normal|inactive|passing|up|alert[ _]?(?:resolved|closed))$/i;
const states = new Set([
  ...['status', 'state', 'condition', 'transition', 'action'],
  ...['newstatevalue', 'newstate', 'currentstate', 'monitorcondition', 'notificationtype', 'servicestate'],
  ...['alert', 'alarm', 'incident', 'problem', 'issue', 'trigger', 'event'].flatMap((name) =>
    ['status', 'state', 'transition', 'action', 'type'].map((what) => name + what),
  ),
  'kibanaalertstatus',
]);
const headlines = new Set(['title', 'subject', 'headline']);
/** Around what a monitor says of an alert, beside nothing else that has a state of its own. */
const wrappers =
  /^(?:alert|alarm|incident|problem|issue|event|check|detail|data|essentials|message|payload|body|kibana|notification|customdetails)$/;
const deepestWrapper = 6;
const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON in a text is read as what it says. */
export function unfold(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Whether a part of an alert's details tells of an alert that is over. */
export const isOverAlert = (part: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(part).some(([name, value]) => {
    const said = isObject(value) ? value.value : value;
    if (plain(name) === 'numfiring') return String(said) === '0';
    if (typeof said !== 'string') return false;
    return headlines.has(plain(name))
      ? startsOver.test(said)
      : over.test(said.trim()) && states.has(plain(name));
  });

/** Whether all that the details tell is over: they say so themselves, within a wrapper, or of each alert of a group. */
export function isAllOver(details: unknown, depth = 0): boolean {
  const part = unfold(details);
  if (!isObject(part) || depth > deepestWrapper) return false;
  if (isOverAlert(part)) return true;
  return Object.entries(part).some(([name, value]) => {
    if (wrappers.test(plain(name))) return isAllOver(value, depth + 1);
    const group = plain(name) === 'alerts' ? unfold(value) : undefined;
    return (
      Array.isArray(group) && group.length > 0 && group.every((each) => isObject(each) && isOverAlert(each))
    );
  });
}

/** Whether a field holds alerts that are over. */
export const isOverField = (name: string): boolean =>
  /^(?:num)?(?:resolved|recovered|cleared)(?:json|alerts?)?$/.test(plain(name));

/** `**Resolved**`, wherever it stands; `Alerts Firing:`, `[RESOLVED] …` and `Firing (2):`, where a line begins with it. */
const inStars = /\*{1,3}(?:firing|resolved)(?::? ?\(?\d{1,5}\)?)?:?\*{1,3}/gi;
const heading = /^(?:alerts?)?(firing|resolved)(?:alerts?)?$/;
const beginning = /^\W{0,5}(firing|resolved)(?:\W{1,3}\d{1,5})?\s{0,3}[\]:)]{1,3}/i;

/** A text as many notification templates have it: Firing, what fires, Resolved, what is over. */
export function byState(text: string): { firing: string; over: string } {
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

/** `[RESOLVED] …`, `Recovered: …`, `[shop] [OK] …`, `** RECOVERY Service Alert: …`, `Resolved in 5m: …`: before all else. */
const startsOver =
  /^(?:\[(?!resolved|recovered|closed|cleared|ok\b|firing)[^\][]{1,40}\]\s{0,3}){0,3}\W{0,3}(?:(?:re|fwd|alert|incident|problem|issue)\b\W{1,3}(?:(?:is|has|been|was)\s){0,2})?(?:(?:resolved|recovered|cleared)(?:[:\])|\s]|\W{2})|(?:recovery|closed|clear|ok|normal|up|ended|deactivated|back to normal)(?:[:\]]|\s{1,3}[–|-]\s|\s(?:service|host)\salert))/i;
/** Elsewhere in a title. */
const tellsOver = [
  // `… is resolved`, `…: RESOLVED`, `… (OK)`, `… - OK`, and not `kube-system/systemd-resolved`.
  /(?:(?<!\bnot\s{1,3})\b(?:is|has|was|been|are)\s{1,3}(?:now\s{1,3})?|[:([|]\s{0,3}|\s[–-]\s{1,3})(?:resolved|recovered|closed|cleared)\W{0,3}$/i,
  /(?:\b(?:is|are)\s{1,3}(?:now\s{1,3})?|[:([|]\s{0,3}|\s[–-]\s{1,3})(?:ok|normal)\W{0,3}$/i,
  /(?<!\b(?:not|never|be)\s{1,3}|[/-])\brecovered\W{0,3}$/i,
  /(?<!\b(?:not|was|previously|from|until|never)\s{1,3})(?<=\s)OK\W{0,3}$/,
  // `[Alerting → OK]`, `changed from ALARM to OK`, `back to normal`, `has been resolved by …`, `alert resolved for …`.
  /(?:→|[-=]>|\bto)\s{0,3}(?:OK|NORMAL)\b/,
  /(?<!\bnot\s{1,3})\bback\s{1,3}to\s{1,3}normal\b/i,
  /(?<!\bnot\s{1,3})\b(?:has|have|been|alert|alarm|incident|\w{0,30}failed)\s{1,3}(?:now\s{1,3})?(?:resolved|recovered|cleared)\b/i,
];
const cameBack = /\b(?:again|re-?opened|re-?triggered|but)\b/i;

/** Whether a title says of itself that all is over. */
export const saysOver = (title: string): boolean =>
  startsOver.test(title) || (tellsOver.some((pattern) => pattern.test(title)) && !cameBack.test(title));
