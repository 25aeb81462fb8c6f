import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approvalBody, approvalSchema } from '../../../activities/slack/approval.ts';
import type { Body } from '../../../activities/slack/blocks.ts';
import { cardBody, cardSchema } from '../../../activities/slack/card.ts';
import { messageBody, messageContent } from '../../../activities/slack/message.ts';
import { questionBody, questionSchema } from '../../../activities/slack/question.ts';
import { checkBlocks } from '../../../simulator/slack/block-kit.ts';
import { fakingLines, hostile } from '../../fixtures/hostile-texts.ts';

const some = (most: number) => fc.array(hostile, { maxLength: most });
const link = fc.record({
  text: hostile.filter((text) => text !== ''),
  url: fc.webUrl({ withQueryParameters: true, withFragments: true }),
});
const words = hostile.filter((text) => text !== '');
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const card = fc
  .record({
    title: hostile.filter((text) => text !== ''),
    number: optional(fc.nat()),
    url: optional(fc.constant('https://acme.pagerduty.com/incidents/Q1ABC?a=1&b=2')),
    status: fc.constantFrom('triggered', 'acknowledged', 'resolved'),
    mergedInto: optional(hostile),
    urgency: optional(hostile),
    priority: optional(hostile),
    service: hostile,
    assignees: some(60),
    acknowledgedBy: optional(hostile),
    since: optional(fc.oneof(hostile, fc.constant('2026-11-26T09:12:00Z'))),
    responders: optional(some(60)),
    links: optional(fc.array(link, { maxLength: 20 })),
    lines: some(30),
    did: optional(some(30)),
    would: optional(some(30)),
    waitsFor: optional(some(30)),
    problems: optional(some(30)),
  })
  .map((fields) => cardSchema.parse(fields));

const shownApproval = fc
  .record({
    id: fc.constant('b4s9kq2m7'),
    state: fc.constantFrom('pending', 'approved', 'refused', 'expired', 'superseded', 'withdrawn'),
    summary: hostile.filter((text) => text !== ''),
    calls: fc.array(
      fc.record({
        summary: hostile,
        calls: some(30),
        targets: some(30),
        before: optional(hostile),
        after: optional(hostile),
        undo: hostile,
      }),
      { maxLength: 12 },
    ),
    askedBy: hostile,
    approvers: hostile,
    mention: fc.array(fc.stringMatching(/^[UW][A-Z0-9]{2,12}$/), { maxLength: 40 }),
    required: fc.integer({ min: 1, max: 9 }),
    reasonRequired: fc.boolean(),
    overridesGuards: fc.boolean(),
    answers: fc.array(
      fc.record({
        name: hostile,
        decision: fc.constantFrom('approved', 'refused'),
        via: fc.constant('slack'),
        at: fc.constant('2026-11-26T09:12:00Z'),
        reason: optional(hostile),
      }),
      { maxLength: 12 },
    ),
    expiresAt: fc.constant('2026-11-26T09:30:00Z'),
    closedBecause: optional(hostile),
  })
  .map((fields) => approvalSchema.parse(fields));

const message = fc
  .record({
    text: hostile.filter((text) => /\S/.test(text)),
    links: fc.array(link, { maxLength: 20 }),
    code: optional(hostile),
  })
  .map((fields) => z.object(messageContent).parse(fields));

const mark = optional(fc.constant('SIMULATED: Slack, Jira'));
/** The only brackets are those of links that were given as links, and each of them ends. */
const onlyLinks = /^(?:[^<>]|<https?:\/\/[^<>|\s]+\|[^<>]*>)*$/;
const wholeEntities = /^(?:[^&]|&(?:amp|lt|gt);)*$/;

/** Each text of a message, with whether Slack looks for markup in it. */
function textsOf(value: unknown): { text: string; type: string }[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as { type?: unknown; text?: unknown };
  const own = typeof type === 'string' && typeof text === 'string' ? [{ text, type }] : [];
  return [...own, ...Object.values(value).flatMap(textsOf)];
}

function expectHarmless({ text, blocks }: Body): void {
  checkBlocks(blocks);
  expect(text.length).toBeLessThanOrEqual(4_000);
  expect(text.trim()).not.toBe('');
  for (const { type, text: said } of [...textsOf(blocks), { type: 'mrkdwn', text }]) {
    expect(said).toMatch(type === 'mrkdwn' ? onlyLinks : /^[^<>]*$/);
    expect(said).toMatch(wholeEntities);
    expect(said.isWellFormed()).toBe(true);
    expect(['\0', '\u001b', '\u202E', '\u2067'].filter((each) => said.includes(each))).toEqual([]);
    expect(said.trim()).not.toBe('');
  }
}

const option = fc.record({
  value: fc.stringMatching(/^[\w.-]{1,40}$/),
  label: words,
  description: optional(hostile),
});
const shownQuestion = fc
  .record({
    id: fc.constant('2k7f0w9q4x1n8c5b3m6v0z7t4'),
    state: fc.constantFrom('pending', 'answered', 'expired', 'withdrawn'),
    summary: words,
    options: fc.oneof(
      fc.array(option, { maxLength: 5 }),
      fc.uniqueArray(option, { minLength: 6, maxLength: 100, selector: ({ value }) => value }),
    ),
    askedBy: hostile,
    approvers: hostile,
    mention: fc.uniqueArray(fc.stringMatching(/^U[A-Z0-9]{5}$/), { maxLength: 25 }),
    answers: fc.array(
      fc.record({ name: hostile, via: hostile, at: hostile, said: some(20), reason: optional(hostile) }),
      { maxLength: 1 },
    ),
    expiresAt: hostile,
    closedBecause: optional(hostile),
  })
  .map((fields) => questionSchema.parse(fields));

describe('a text from an incident', () => {
  it('can mention nobody, link nowhere, break no block and exceed no limit on the status card', () => {
    fc.assert(
      fc.property(card, mark, (fields, simulated) => {
        const body = cardBody(fields, 'Q1ABC', simulated);
        expectHarmless(body);
        // A click's card keeps the lists that a run has written.
        const { did, would, waitsFor, problems, links, ...rest } = fields;
        expectHarmless(cardBody(rest, 'Q1ABC', simulated, body.blocks));
        const values = body.blocks.flatMap((block) =>
          'elements' in block
            ? block.elements.flatMap((each) => (each.type === 'button' ? [each.value] : []))
            : [],
        );
        expect(values.every((value) => value === 'Q1ABC')).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('cannot do so in a message either', () => {
    fc.assert(
      fc.property(message, mark, (fields, simulated) => expectHarmless(messageBody(fields, simulated))),
      { numRuns: 400 },
    );
  });

  it('mentions nobody in an approval but who is asked, and its buttons say nothing but which one it is', () => {
    fc.assert(
      fc.property(shownApproval, mark, (approval, simulated) => {
        const body = approvalBody(approval, simulated);
        const called = body.blocks.flatMap((block) =>
          'text' in block && block.text.type === 'mrkdwn' ? [block.text.text] : [],
        );
        const isCalling = approval.state === 'pending' && approval.mention.length > 0;
        expect(called).toHaveLength(isCalling ? 1 : 0);
        const mentions = called.join(' ').match(/<[^>]*>/g) ?? [];
        expect(mentions.filter((each) => !approval.mention.includes(each.slice(2, -1)))).toEqual([]);
        expect(body.blocks.length).toBeLessThanOrEqual(50);
        expectHarmless({
          ...body,
          blocks: body.blocks.filter((block) => !('text' in block && block.text.text === called[0])),
        });
        checkBlocks(body.blocks);
        const buttons = body.blocks.flatMap((block) =>
          block.type === 'actions'
            ? block.elements.map((element) => 'value' in element && element.value)
            : [],
        );
        expect(buttons).toEqual(approval.state === 'pending' ? [approval.id, approval.id] : []);
      }),
      { numRuns: 400 },
    );
  });

  it('mentions nobody in a question but who is asked, and an option says nothing but which one it is', () => {
    fc.assert(
      fc.property(shownQuestion, mark, (question, simulated) => {
        const { state, mention, options, id } = question;
        const body = questionBody(question, simulated);
        const isCall = (text: { type: string; text: string }) =>
          text.type === 'mrkdwn' && mention.length > 0 && text.text.startsWith(`<@${mention[0]}>`);
        const others = body.blocks.filter((block) => !('text' in block && isCall(block.text)));
        expect(body.blocks.length - others.length).toBe(state === 'pending' && mention.length > 0 ? 1 : 0);
        expectHarmless({ ...body, blocks: others });
        checkBlocks(body.blocks);
        const values = body.blocks.flatMap((block) =>
          block.type === 'actions'
            ? block.elements.flatMap((each) => ('options' in each ? each.options : [each]))
            : [],
        );
        const wanted = options.length === 0 ? [id] : options.map(({ value }) => `${id}/${value}`);
        expect(values.map(({ value }) => value)).toEqual(state === 'pending' ? wanted : []);
      }),
      { numRuns: 400 },
    );
  });

  it('has no line of its own in an approval, and looks like no other one', () => {
    const lineOf = fc.tuple(fc.constantFrom('x', 'i-0abc'), fakingLines).map((parts) => parts.join(''));
    const asked = fc.record({
      summary: lineOf,
      call: lineOf,
      targets: fc.array(lineOf, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(asked, lineOf, lineOf, ({ summary, call, targets }, reason, name) => {
        const answer = { name, decision: 'approved', via: 'slack', at: '2026-11-26T09:12:00Z', reason };
        const { blocks } = approvalBody(
          approvalSchema.parse({
            id: 'b4s9kq2m7',
            state: 'pending',
            summary,
            calls: [{ summary, calls: [call, call], targets, before: call, after: call, undo: summary }],
            askedBy: name,
            approvers: name,
            required: 2,
            reasonRequired: false,
            overridesGuards: false,
            answers: [answer],
            expiresAt: '2026-11-26T09:30:00Z',
          }),
          undefined,
        );
        const lines = textsOf(blocks).map(
          ({ text }) => text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).length,
        );
        // Heading, the call (what, two calls, targets, now, then, way back), how it stands, buttons with the question that one asks.
        expect(lines).toEqual([1, 7, 5, 1, 1, 1, 1, 1, 1]);
        expect(JSON.stringify(blocks)).not.toMatch(/[\u200E\u200F\u202A-\u202E\u2066-\u2069]/);
      }),
      { numRuns: 400 },
    );
  });

  it('of an approval that does not fit is cut part by part, and whoever reads it is told so', () => {
    const quotes = '"'.repeat(9_000);
    const call = {
      summary: quotes,
      calls: [quotes, quotes],
      targets: [quotes],
      before: quotes,
      after: quotes,
    };
    const approval = approvalSchema.parse({
      id: 'b4s9kq2m7',
      state: 'pending',
      summary: quotes,
      calls: Array.from({ length: 5 }, () => ({ ...call, undo: 'It cannot be taken back: it is open.' })),
      askedBy: quotes,
      approvers: quotes,
      mention: Array.from({ length: 30 }, (_, index) => `U0${index}PERSON`),
      required: 1,
      reasonRequired: false,
      overridesGuards: false,
      answers: [],
      expiresAt: '2026-11-26T09:30:00Z',
    });
    const body = approvalBody(approval, 'SIMULATED: Slack, Jira');
    checkBlocks(body.blocks);
    const shown = JSON.stringify(body.blocks);
    expect(shown.match(/It cannot be taken back: it is open\./g)).toHaveLength(5);
    expect(shown).toContain('Some of it is too long for Slack: npx baton approvals show b4s9kq2m7');
  });

  it('fits into a message also where it is all quotes, which take twice their place', () => {
    const quotes = '"'.repeat(80);
    const links = Array.from({ length: 10 }, () => ({ text: quotes, url: 'https://ok.example/' }));
    const many = Array.from({ length: 30 }, () => quotes);
    const lists = { lines: many, did: many, would: many, waitsFor: many, problems: many, links };
    const full = { title: quotes, status: 'triggered', service: quotes, assignees: many, responders: many };
    expectHarmless(
      messageBody({ text: quotes.repeat(60), code: `${quotes}\n`.repeat(60), links }, 'SIMULATED'),
    );
    expectHarmless(cardBody(cardSchema.parse({ ...full, ...lists }), 'Q1ABC', 'SIMULATED'));
  });
});
