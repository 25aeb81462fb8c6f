import { z } from 'zod';

/** Parts of questions, as operations answer with them and lines of the record hold them. */

export const questionStates = ['pending', 'answered', 'expired', 'withdrawn'] as const;

const texts = z.array(z.string()).readonly();

const fieldShape = z.object({
  name: z.string(),
  label: z.string().exactOptional().describe('As people read it; its name where left out'),
  type: z.enum(['text', 'longText', 'number', 'integer', 'boolean', 'choice']),
  required: z.boolean(),
  description: z.string().exactOptional(),
  choices: texts.exactOptional(),
  most: z.number().exactOptional().describe('So many characters at most'),
});

export const formShape = z.union([
  z.object({
    options: z
      .array(z.object({ value: z.string(), label: z.string(), description: z.string().exactOptional() }))
      .readonly()
      .describe('One of these is the answer: choice=<value>'),
  }),
  z.object({ fields: z.array(fieldShape).readonly().describe('All of them are the answer: name=value') }),
]);

export const valuesShape = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).readonly();

export const parkedShape = z.object({
  step: z.string().describe('The activity'),
  input: z.record(z.string(), z.unknown()).readonly().describe('What it was given, without secrets'),
  failure: z.object({ class: z.string(), message: z.string() }),
  effects: texts.describe('The keys of its effects'),
  uncertainSince: z
    .string()
    .exactOptional()
    .describe('An attempt that began then may have made it: a retry looks first, and other input is refused'),
});

export const questionAnswerShape = z.object({
  by: z.string(),
  name: z.string(),
  via: z.enum(['slack', 'cli', 'api', 'console']),
  at: z.string(),
  values: valuesShape,
  input: z
    .record(z.string(), z.unknown())
    .readonly()
    .exactOptional()
    .describe('With what a parked step is tried again, by field; null takes a field away'),
  reason: z.string().exactOptional(),
});
