import { z } from 'zod';
import { incidentStatuses } from '../../domain/incident.ts';
import { oneLine } from '../../domain/text.ts';
import { type Block, type Body, type Button, label, linkLine, marked, markup, plain } from './blocks.ts';
import { links, webUrl } from './input.ts';
import { cut, escapeSlack } from './text.ts';

const lines = z.array(z.string());

/**
 * What the status card of an incident shows: data, so that every workflow shows it in the same way. A list that is left out keeps
 * what the card shows of it already, so that a click need not know what a run has written there; an empty list takes it away.
 */
export const cardSchema = z.object({
  title: z.string().min(1),
  number: z.int().optional(),
  /** The incident at PagerDuty. */
  url: webUrl.optional(),
  status: z.enum(incidentStatuses),
  /** The incident that this one was merged into, which resolved it. */
  mergedInto: z.string().optional(),
  urgency: z.string().optional(),
  priority: z.string().optional(),
  service: z.string(),
  assignees: z.array(z.string()),
  acknowledgedBy: z.string().optional(),
  /** When it began, ISO 8601. What is no time is left out. */
  since: z.string().optional(),
  /** Who else was asked to help, by name. */
  responders: lines.optional(),
  links: links.optional(),
  /** The state in words. */
  lines: lines.default([]),
  /** What Baton did. */
  did: lines.optional(),
  /** What Baton would do next, and when. */
  would: lines.optional(),
  /** What it waits for, such as an approval. */
  waitsFor: lines.optional(),
  /** What could not be done. */
  problems: lines.optional(),
});
export type StatusCard = z.output<typeof cardSchema>;

/**
 * The most of each text, in characters. A card is read at a glance, and all of it together stays below what Slack takes in one message, also
 * where quotes double in its JSON.
 */
const max = { heading: 150, field: 150, people: 300, said: 600, list: 700, fallback: 1000 };

/** A state is told by its word; the colour is there for the eye. */
const states = {
  triggered: '🔴 Triggered',
  acknowledged: '🟡 Acknowledged',
  resolved: '🟢 Resolved',
  merged: '🟢 Merged',
};

/** The lists of the card, each a block with a name, by which it is found again in the message. */
const lists = [
  ['waitsFor', '⏳ Waits for'],
  ['did', '✅ Baton did'],
  ['would', '➡️ Baton would do next'],
  ['problems', '⚠️ Not done'],
] as const;

/** The names of the blocks that stay where a card leaves them out. */
export const cardLists = ['waitsFor', 'did', 'would', 'problems', 'links'] as const;

/**
 * The card's message. Its buttons carry the incident's mark and nothing else: who may press them is checked later. `shown` are the blocks
 * that the message has now: lists that the card leaves out are taken from there.
 */
export function cardBody(
  card: StatusCard,
  incidentId: string,
  mark: string | undefined,
  shown: readonly Block[] = [],
): Body {
  const { title, number, url, status, mergedInto } = card;
  const heading = number === undefined ? title.trim() || incidentId : `#${number} ${title}`;
  const state = states[status === 'resolved' && mergedInto ? 'merged' : status];
  const kept = (name: string) => shown.filter(({ block_id }) => block_id === name);
  const buttons = buttonsFor(card, incidentId);
  const blocks: Block[] = [
    { type: 'header', text: label(`${state}: ${heading}`, max.heading) },
    { type: 'section', fields: fieldsOf(card) },
    ...said(card.lines),
    ...lists.flatMap(([name, head]) => (card[name] ? listed(name, head, card[name]) : kept(name))),
    ...(card.links ? linkLine(card.links).map((line) => ({ ...line, block_id: 'links' })) : kept('links')),
    ...linkLine(url === undefined ? [] : [{ text: 'PagerDuty incident', url }]),
    ...(buttons.length > 0 ? [{ type: 'actions' as const, elements: buttons }] : []),
  ];
  return marked({ text: summaryOf(card, heading), blocks }, mark);
}

function fieldsOf(card: StatusCard) {
  const { status, service, urgency, priority, since, assignees, acknowledgedBy, responders = [] } = card;
  const values: [string, string | undefined, number?][] = [
    ['Status', status],
    ['Service', service],
    ['Since', since && timeIn(since)],
    ['Urgency', urgency],
    ['Priority', priority],
    ['Assigned to', assignees.join(', ') || 'nobody', max.people],
    ['Acknowledged by', acknowledgedBy, max.people],
    ['Asked to help', responders.join(', '), max.people],
  ];
  return values.flatMap(([name, value, most = max.field]) => {
    const shown = cut(escapeSlack(oneLine(value ?? '')), most);
    return shown.trim() === '' ? [] : [markup(`*${name}*\n${shown}`)];
  });
}

/** `2026-11-26 09:12 UTC`. */
function timeIn(iso: string): string | undefined {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return undefined;
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const bullets = (items: readonly string[], most: number) =>
  cut(
    items
      .map((item) => escapeSlack(oneLine(item)).trim())
      .filter((item) => item !== '')
      .map((item) => `• ${item}`)
      .join('\n'),
    most,
  );

function said(items: readonly string[]): Block[] {
  const text = bullets(items, max.said);
  return text === '' ? [] : [{ type: 'section', text: plain(text) }];
}

function listed(name: string, head: string, items: readonly string[]): Block[] {
  const text = bullets(items, max.list);
  return text === '' ? [] : [{ type: 'section', block_id: name, text: plain(`${head}\n${text}`) }];
}

function buttonsFor({ status }: StatusCard, incidentId: string): Button[] {
  if (status === 'resolved') return [];
  const button = (action_id: string, text: string): Button => ({
    type: 'button',
    action_id,
    value: incidentId,
    text: plain(text),
  });
  const acknowledge: Button = { ...button('acknowledge', 'Acknowledge'), style: 'primary' };
  return [
    ...(status === 'triggered' ? [acknowledge] : []),
    {
      ...button('resolve', 'Resolve'),
      style: 'danger',
      confirm: {
        title: plain('Resolve the incident?'),
        text: plain('PagerDuty stops paging, and automations working on it are told to stop.'),
        confirm: plain('Resolve'),
        deny: plain('Keep it open'),
      },
    },
    {
      ...button('escalate', 'Escalate'),
      confirm: {
        title: plain('Escalate the incident?'),
        text: plain('PagerDuty pages the next level of the escalation policy.'),
        confirm: plain('Escalate'),
        deny: plain('Leave it'),
      },
    },
    button('note', 'Add note'),
  ];
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
  return cut(escapeSlack(oneLine(`${heading} (${service}): ${state}`)), max.fallback);
}
