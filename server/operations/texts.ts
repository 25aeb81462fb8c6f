import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { defineOperation } from './operation.ts';

/** A text that is too long for a run, without the text. */
export const textShape = z
  .object({
    digest: z
      .string()
      .describe('SHA-256 of the whole text as it was given: before secrets were masked and it was cut'),
    subject: z.string().describe('The incident that it is kept for, or the run where it is about none'),
    title: z.string(),
    bytes: z.int().describe('Of the whole text'),
    truncated: z.boolean().describe('What is kept is only a part of it'),
    keptAt: z.string(),
  })
  .meta({ id: 'KeptText' });

export const showText = defineOperation({
  name: 'texts.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /texts/{digest}',
  summary: 'A text that is too long for a run: a log, a transcript, a result',
  within: ['services'],
  input: z.strictObject({
    digest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex')
      .describe('As a note, a result or the record names it'),
  }),
  output: textShape.extend({ text: z.string() }),
  async run({ digest }, context) {
    const { store, principal } = context;
    const subjects = await store.subjectsOfText(digest);
    const services = principal.scope?.services;
    const mine = services === undefined ? subjects : await store.subjectsOf(services, subjects);
    const [subject] = subjects.filter((each) => mine.includes(each));
    const text = subject === undefined ? undefined : await store.readText(subject, digest);
    if (text) return text;
    throw new Refusal(
      404,
      'No such text',
      `No text ${digest} is kept. incidents.texts tells those of an incident; they go with the retention of runs.`,
    );
  },
});
