/** The status card in each of its states, as the activity sends it: for the files in docs/cards, which Block Kit Builder takes. */

import type { Block, Body } from '../activities/slack/blocks.ts';
import { cardBody, cardSchema } from '../activities/slack/card.ts';
import { type StatusCard, statusCard } from '../workflows/kit/status-card.ts';
import { approvalStates } from './approval-states.ts';
import { questionStates } from './question-states.ts';

type Shown = Parameters<typeof statusCard>[0];

const ada = { id: 'PADALOP', name: 'Ada Lopez' };
const ben = { id: 'PBENOKA', name: 'Ben Okafor' };

const open: Shown = {
  id: 'PGR0VU2',
  number: 4211,
  title: 'p99 latency above 2 s',
  status: 'triggered',
  urgency: 'high',
  service: { id: 'PCHECKO', name: 'Checkout' },
  assignees: [ada],
  acknowledgers: [],
  teams: [],
  escalationPolicy: { id: 'PEPCHEC', name: 'Checkout on-call' },
  createdAt: '2026-11-26T09:12:00Z',
  url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
};
const priority = { id: 'PPRIO01', name: 'P1' };
const acknowledged: Shown = { ...open, priority, status: 'acknowledged', acknowledgers: [ben] };
const resolved: Shown = {
  ...open,
  priority,
  status: 'resolved',
  assignees: [],
  resolvedBy: { ...ben, kind: 'person' },
};

const lists: Partial<StatusCard> = {
  responders: [],
  links: [
    { text: 'Jira issue OPS-77', url: 'https://acme.atlassian.net/browse/OPS-77' },
    { text: 'Runbook', url: 'https://wiki.example/checkout' },
  ],
  did: ['Opened this room', 'Made the Jira issue OPS-77', 'Invited Ada Lopez'],
  would: [
    'Reminds you here when nobody has written for 1 hour',
    'When it is resolved: closes OPS-77, and archives this room 1 day later',
  ],
  waitsFor: [],
  problems: [],
};
const over = { would: ['Archives this room at 2026-11-27 10:02 UTC, unless the incident is opened again'] };
const hostile =
  '<!channel> <@U0ADA> <https://evil.example|https://ok.example> & *_~` "\\" \u202Etxet\0\uD83D';

interface State {
  about: string;
  incident: Shown;
  more?: Partial<StatusCard>;
  mark?: string;
}

/** Each state by the name of its file. */
const states: Record<string, State> = {
  triggered: { about: 'Nobody has acknowledged it, and it has no priority.', incident: open },
  'with-priority': { about: 'The same with a priority.', incident: { ...open, priority } },
  acknowledged: {
    about: 'Somebody works on it, and others were asked to help.',
    incident: acknowledged,
    more: { responders: ['Cem Yilmaz (pending)'] },
  },
  'approval-pending': {
    about: 'A run waits for an approval.',
    incident: acknowledged,
    more: { waitsFor: ['Approval: Reboot i-0abc12345def67890'] },
  },
  problems: {
    about: 'Something could not be done.',
    incident: open,
    more: {
      problems: ['Invitation of Ben Okafor: Slack has nobody with the e-mail address that PagerDuty has'],
    },
  },
  resolved: { about: 'It is over: there are no buttons.', incident: resolved, more: over },
  merged: {
    about: 'It was merged into another incident, which goes on.',
    incident: { ...resolved, mergedInto: { id: 'Q9TARGET000001', name: '[#4200] Checkout down' } },
    more: over,
  },
  'long-title': {
    about: 'A title of 1 024 characters.',
    incident: { ...open, title: 'Checkout answers slowly in eu-central-1; '.repeat(25).slice(0, 1024) },
  },
  'many-assignees': {
    about: 'Forty people are on it.',
    incident: {
      ...open,
      assignees: Array.from({ length: 40 }, (_, index) => ({
        id: `P${index}`,
        name: `Responder ${index + 1}`,
      })),
    },
  },
  'simulated-mark': {
    about: 'Something about it is simulated.',
    incident: open,
    mark: 'SIMULATED: Slack, Jira',
  },
  'hostile-texts': {
    about: 'Whoever wrote the alert wants to mention, link and break: it is shown letter by letter.',
    incident: {
      ...open,
      title: hostile,
      service: { id: 'PCHECKO', name: hostile },
      assignees: [{ id: 'PX', name: hostile }],
      priority: { id: 'PX', name: hostile },
    },
    more: {
      did: [hostile],
      would: [hostile],
      waitsFor: [hostile],
      problems: [hostile],
      responders: [hostile],
    },
  },
  'from-a-click': {
    about: 'Written by a click where no run keeps the lists.',
    incident: acknowledged,
    more: Object.fromEntries(Object.keys(lists).map((name) => [name, undefined])),
  },
};

export interface CardState {
  name: string;
  about: string;
  body: Body;
}

export const cardStates: CardState[] = Object.entries(states).map(
  ([name, { about, incident, more, mark }]) => ({
    name,
    about,
    body: cardBody(cardSchema.parse({ ...statusCard(incident), ...lists, ...more }), incident.id, mark),
  }),
);

/** What is pasted into Block Kit Builder: https://app.slack.com/block-kit-builder */
export const cardFile = ({ body: { blocks } }: CardState) => `${JSON.stringify({ blocks }, undefined, 2)}\n`;

/** Each card as text, for people who read this page and have no Slack at hand. */
export function cardsPage(): string {
  return [
    intro,
    ...cardStates.map(chapter),
    introOfApprovals,
    ...approvalStates.map(chapter),
    introOfQuestions,
    ...questionStates.map(chapter),
  ].join('\n');
}

const chapter = (state: CardState) =>
  `## ${state.name}\n\n${state.about} [\`cards/${state.name}.json\`](cards/${state.name}.json)\n\n\`\`\`text\n${cardText(state)}\n\`\`\`\n`;

const intro = `# The status card

One message in the war room of an incident, pinned and edited in place, shows how it stands: what, since when, who is on it, what Baton did
and would do next, and what it waits for. A state is told by its word; the colour beside it is for the eye.

| state | heading | buttons |
| --- | --- | --- |
| triggered | 🔴 Triggered | Acknowledge, Resolve, Escalate, Add note |
| acknowledged | 🟡 Acknowledged | Resolve, Escalate, Add note |
| resolved, merged | 🟢 Resolved, 🟢 Merged | none |

Below is each state, made from the sources by \`npm run docs\`; a test compares the two and checks them against Slack's limits. To see one as
Slack shows it, paste its file into Block Kit Builder (https://app.slack.com/block-kit-builder).
`;

const introOfApprovals = `# Approvals

What a run asks people for ([Asking people](asking-people.md)) is one message, edited in place, with the exact calls. It has buttons while it waits, and then says who
answered, when and where, or why nobody is asked any more.

| state | heading | buttons |
| --- | --- | --- |
| waits | 🟡 Waiting for approval | Approve, Refuse |
| approved | 🟢 Approved | none |
| refused | 🔴 Refused | none |
| expired | ⚪ Expired, and not done | none |
| superseded | ⚪ Replaced: what would be done has changed, and it is asked anew | none |
| the incident is resolved, or the run has ended | ⚪ No longer needed | none |
`;

const introOfQuestions = `# Questions

What a run asks people to choose or to fill in ([Asking people](asking-people.md#questions)) is one message, edited in place. It has buttons while it waits, and then says
what was answered, by whom, when and where, or why nobody is asked any more.

| state | heading | buttons |
| --- | --- | --- |
| waits | 🟡 Waiting for an answer | one for each option, or a list of more than five; or Answer, which opens a form |
| a run is [parked](asking-people.md#parked-runs) | 🟡 Waiting for a decision; 🟢 Decided | Retry, Retry with other input, Skip, Abort |
| answered | 🟢 Answered | none |
| expired | ⚪ Expired, and not answered | none |
| the incident is resolved, or the run has ended | ⚪ No longer needed | none |
`;

function cardText({ body }: CardState): string {
  return body.blocks
    .map((block) => {
      if (block.type === 'actions') return block.elements.map(elementText).join(' ');
      if (block.type === 'context') return block.elements.map(({ text }) => text).join('  ');
      if ('fields' in block) return block.fields.map(({ text }) => text.replace('\n', ' ')).join('\n');
      return block.text.text;
    })
    .map(asSlackShowsIt)
    .join('\n\n');
}

const elementText = (element: Extract<Block, { type: 'actions' }>['elements'][number]) =>
  element.type === 'button'
    ? `[ ${element.text.text} ]`
    : `[ ${element.placeholder.text} ▾ ${element.options.map(({ text }) => text.text).join(' | ')} ]`;

const asSlackShowsIt = (text: string) =>
  text
    .replace(/<(https?:[^|>]*)\|([^>]*)>/g, '$2 ($1)')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll('```', "'''");
