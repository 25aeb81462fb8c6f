import { z } from 'zod';
import { type Block, type Body, type Button, label, linkLine, marked, markup, plain } from './blocks.ts';
import { links, webUrl } from './input.ts';
import { cut, escapeSlack, maxText, oneLine } from './text.ts';

/** What the status card of an incident shows: data, so that every workflow shows it in the same way. */
export const cardSchema = z.object({
  title: z.string().min(1),
  number: z.int().optional(),
  /** The incident at PagerDuty. */
  url: webUrl.optional(),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  urgency: z.string().optional(),
  priority: z.string().optional(),
  service: z.string(),
  assignees: z.array(z.string()),
  acknowledgedBy: z.string().optional(),
  links: links.default([]),
  /** What Baton does now, or has done. */
  lines: z.array(z.string()).default([]),
});
export type StatusCard = z.output<typeof cardSchema>;

/** A field takes 2 000 characters, but a card is read at a glance. */
const maxField = 300;

/** The card's message. Its buttons carry the incident id and nothing else: who may press them is checked later. */
export function cardBody(card: StatusCard, incidentId: string, mark: string | undefined): Body {
  const { title, number, url, lines } = card;
  const heading = number === undefined ? title.trim() || incidentId : `#${number} ${title}`;
  const allLinks = [...(url === undefined ? [] : [{ text: 'PagerDuty incident', url }]), ...card.links];
  const buttons = buttonsFor(card, incidentId);
  const said = cut(escapeSlack(lines.map((line) => `• ${oneLine(line)}`).join('\n')), maxText);
  const blocks: Block[] = [
    { type: 'header', text: label(heading, 150) },
    { type: 'section', fields: fieldsOf(card) },
    ...(said === '' ? [] : [{ type: 'section' as const, text: plain(said) }]),
    ...linkLine(allLinks),
    ...(buttons.length > 0 ? [{ type: 'actions' as const, elements: buttons }] : []),
  ];
  return marked({ text: summaryOf(card, heading), blocks }, mark);
}

function fieldsOf({ status, urgency, priority, service, assignees, acknowledgedBy }: StatusCard) {
  const values: [string, string | undefined][] = [
    ['Status', status],
    ['Service', service],
    ['Urgency', urgency],
    ['Priority', priority],
    ['Assigned to', assignees.join(', ') || 'nobody'],
    ['Acknowledged by', acknowledgedBy],
  ];
  return values.flatMap(([name, value]) => {
    const shown = cut(escapeSlack(oneLine(value ?? '')), maxField);
    return shown === '' ? [] : [markup(`*${name}*\n${shown}`)];
  });
}

function buttonsFor({ status }: StatusCard, incidentId: string): Button[] {
  if (status === 'resolved') return [];
  const resolve: Button = {
    type: 'button',
    action_id: 'resolve',
    value: incidentId,
    text: plain('Resolve'),
    style: 'danger',
    confirm: {
      title: plain('Resolve the incident?'),
      text: plain('PagerDuty stops paging, and automations working on it are told to stop.'),
      confirm: plain('Resolve'),
      deny: plain('Keep it open'),
    },
  };
  if (status === 'acknowledged') return [resolve];
  const acknowledge: Button = {
    type: 'button',
    action_id: 'acknowledge',
    value: incidentId,
    text: plain('Acknowledge'),
    style: 'primary',
  };
  return [acknowledge, resolve];
}

/** The card in one line. */
function summaryOf(card: StatusCard, heading: string): string {
  const { status, service, assignees, acknowledgedBy } = card;
  const who =
    status === 'acknowledged' && acknowledgedBy
      ? `by ${acknowledgedBy}`
      : assignees.length > 0 && status === 'triggered'
        ? `assigned to ${assignees.join(', ')}`
        : '';
  const state = [status, who].filter((part) => part !== '').join(' ');
  return cut(escapeSlack(oneLine(`${heading} (${service}): ${state}`)), 1000);
}
