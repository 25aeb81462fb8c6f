import { z } from 'zod';

export const severity = z.enum(['critical', 'error', 'warning', 'info'], {
  error: 'is none of critical, error, warning, info',
});

/** What a summary may name: of a page, the workflow that failed, what it was about, and how. */
const places = ['workflow', 'target', 'class'] as const;
const placeholder = /\{([^{}]*)\}/g;

const isKnown = (name = ''): name is (typeof places)[number] => (places as readonly string[]).includes(name);
const hasOnlyPlaces = (text: string) =>
  [...text.matchAll(placeholder)].every(([, name]) => isKnown(name)) &&
  !/[{}]/.test(text.replaceAll(placeholder, ''));

/**
 * How a connection words the alerts whose caller leaves it to the connection, as pages do. Several connections may hold one routing key
 * and differ in these.
 */
export const alertSettings = {
  PAGERDUTY_SEVERITY: severity.optional().describe('severity of pages (unset: by what has failed)'),
  PAGERDUTY_SUMMARY: z
    .string()
    .max(500, 'has more than 500 characters')
    .refine(hasOnlyPlaces, 'has other braces than {workflow}, {target} and {class}')
    .optional()
    .describe('summary of pages, with {workflow}, {target} and {class} (unset: what has failed, and why)'),
};
export type AlertSettings = z.output<z.ZodObject<typeof alertSettings>>;

/** What an alert says; `component`, `group` and `class` are the workflow, the target and the class of a page. */
interface Alert {
  summary: string;
  severity: z.output<typeof severity>;
  component?: string | undefined;
  group?: string | undefined;
  class?: string | undefined;
}

/** Severity and summary of an alert, as its connection words them. The alert's own are for what the connection leaves open. */
export function worded(alert: Alert, settings: AlertSettings): Pick<Alert, 'summary' | 'severity'> {
  const { PAGERDUTY_SUMMARY: text, PAGERDUTY_SEVERITY } = settings;
  const named = { workflow: alert.component, target: alert.group, class: alert.class };
  const summary = text?.replaceAll(placeholder, (whole, name) =>
    isKnown(name) ? (named[name] ?? '') : whole,
  );
  return { summary: summary?.trim() || alert.summary, severity: PAGERDUTY_SEVERITY ?? alert.severity };
}
