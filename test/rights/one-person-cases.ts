import type { Case } from './approval-cases.ts';
import { ada, ci, cleo, fay, ida, idaSignedIn, jon, jonSignedIn, tokenOf } from './approval-people.ts';

type Before = NonNullable<Case['before']>;

/** Who answers what they have asked for themselves, or for a second time, by whichever account. */
export function onePersonCases(said: (decision: 'approved', by?: string) => Before): Case[] {
  const no = { answers: 0, status: 403 };
  return [
    {
      name: 'who has asked, where that is allowed',
      who: ada,
      asks: { requestedBy: ['person:ada@example.com'], requesterMayApprove: true },
    },
    {
      name: 'the same person again, of two',
      who: cleo,
      asks: { required: 2 },
      before: said('approved'),
      state: { approve: 'pending', refuse: 'refused' },
      answers: { approve: 1, refuse: 2 },
    },

    {
      name: 'the same person again by a token, of two',
      who: tokenOf('cleo@example.com'),
      asks: { required: 2 },
      before: said('approved'),
      state: { approve: 'pending', refuse: 'refused' },
      answers: { approve: 1, refuse: 2 },
      doors: ['api', 'cli'],
    },
    {
      name: 'the same person again by another address, of two',
      who: ida,
      asks: { required: 2 },
      before: said('approved', 'person:ida@example.com'),
      state: { approve: 'pending', refuse: 'refused' },
      answers: { approve: 1, refuse: 2 },
      doors: ['slack'],
    },
    {
      name: 'the same person again by an address that an administrator has set, of two',
      who: jon,
      asks: { required: 2 },
      before: said('approved', 'person:jon@example.com'),
      state: { approve: 'pending', refuse: 'refused' },
      answers: { approve: 1, refuse: 2 },
      doors: ['slack'],
    },
    {
      name: 'a token of nobody who is known, as the second of two',
      who: ci,
      asks: { required: 2 },
      before: said('approved'),
      answers: 2,
      doors: ['api', 'cli'],
    },

    {
      name: 'whose token has asked',
      who: ada,
      asks: { requestedBy: ['token:deploys', 'person:ada@example.com'] },
      refused: /asked for this yourself/,
      ...no,
    },
    {
      name: 'a token of who has asked',
      who: tokenOf('ada@example.com'),
      asks: { requestedBy: ['person:ada@example.com'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'a token of who has asked in Slack',
      who: tokenOf('ada@example.com'),
      asks: { requestedBy: ['slack:U0ADA'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'another token of who has asked',
      who: tokenOf('ada@example.com'),
      asks: { requestedBy: ['token:deploys', 'person:ada@example.com'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'a token of another than has asked',
      who: tokenOf('ben@example.com'),
      asks: { requestedBy: ['token:deploys', 'person:ada@example.com'] },
      doors: ['api', 'cli'],
    },
    {
      name: 'who has asked by the address that Slack knows',
      who: ida,
      asks: { requestedBy: ['person:ida@example.com'] },
      refused: /asked for this yourself/,
      doors: ['slack'],
      ...no,
    },
    {
      name: 'who has asked in Slack, and signs in by the address that Slack knows',
      who: idaSignedIn,
      asks: { requestedBy: ['slack:U0IDA'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'who has asked in Slack, and signs in by the address that an administrator has set',
      who: { email: 'jon@pd.example', role: 'approver' },
      asks: { requestedBy: ['slack:U0JON'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'who has asked in Slack by such a link, and signs in by the address that Slack knows',
      who: jonSignedIn,
      asks: { requestedBy: ['slack:U0JON'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'who has asked',
      who: ada,
      asks: { requestedBy: ['person:Ada@example.com'] },
      refused: /^You have asked for this yourself, so somebody else has to answer: whoever is approver/,
      ...no,
    },
    {
      name: 'who has asked in Slack',
      who: ada,
      asks: { requestedBy: ['slack:U0ADA'] },
      refused: /asked for this yourself/,
      ...no,
    },
    {
      name: 'who has asked in Slack, by a link',
      who: fay,
      asks: { requestedBy: ['slack:U0FAY'] },
      refused: /asked for this yourself/,
      ...no,
    },
    {
      name: 'the token that has asked',
      who: ci,
      asks: { requestedBy: ['token:ci'] },
      refused: /asked for this yourself/,
      doors: ['api', 'cli'],
      ...no,
    },
  ];
}
