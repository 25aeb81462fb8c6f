import { z } from 'zod';
import type { Step } from '../../domain/story/step.ts';
import { shortened } from '../../domain/story/step.ts';

const shape = z.object({
  id: z.string(),
  type: z.string().transform((type) => type.replace(/_log_entry$/, '')),
  created_at: z.string(),
  summary: z.string().nullish().catch(null),
  html_url: z.string().nullish().catch(null),
  agent: z
    .object({ type: z.string().nullish().catch(null), summary: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  channel: z
    .object({ type: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
});

/** What events tell of by webhooks too, by the type of the entry. */
const toldByEvents: Readonly<Record<string, string>> = {
  trigger: 'pagerduty.incident.triggered',
  acknowledge: 'pagerduty.incident.acknowledged',
  unacknowledge: 'pagerduty.incident.unacknowledged',
  resolve: 'pagerduty.incident.resolved',
  reopen: 'pagerduty.incident.reopened',
  escalate: 'pagerduty.incident.escalated',
  delegate: 'pagerduty.incident.delegated',
  assign: 'pagerduty.incident.reassigned',
  reassign: 'pagerduty.incident.reassigned',
  annotate: 'pagerduty.incident.annotated',
  priority_change: 'pagerduty.incident.priority_updated',
};

/** Log entries are in whole seconds, and an event may come with a time of its own. */
const apartMilliseconds = 3_000;

/**
 * The entries of an incident's log at PagerDuty as steps of its story: what events have told already, at about the same time, is left out.
 */
export function stepsOfLog(
  entries: readonly unknown[],
  events: readonly { type: string; time: string }[],
): (Step & { id: string })[] {
  const left = [...events];
  return entries.flatMap((raw) => {
    const { data } = shape.safeParse(raw);
    if (!data || Number.isNaN(Date.parse(data.created_at))) return [];
    const at = new Date(data.created_at).toISOString();
    const same = left.findIndex(
      ({ type, time }) =>
        type === toldByEvents[data.type] && Math.abs(Date.parse(time) - Date.parse(at)) <= apartMilliseconds,
    );
    if (same >= 0) {
      left.splice(same, 1);
      return [];
    }
    const isPerson = data.agent?.type?.startsWith('user') ?? false;
    const who = data.agent?.summary ?? 'PagerDuty';
    const by = data.channel?.type ? ` (${data.channel.type})` : '';
    return [
      {
        id: `pagerduty:${data.id}`,
        at,
        actor: isPerson ? `person:${who}` : 'pagerduty',
        kind: 'log' as const,
        show: isPerson ? (['people'] as const) : [],
        text: `PagerDuty: ${shortened(data.summary ?? data.type)}${by}`,
        links: [],
      },
    ];
  });
}
