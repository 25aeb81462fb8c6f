import { z } from 'zod';
import { dispositions } from '../../domain/disposition.ts';
import { incidentStatuses } from '../../domain/incident.ts';
import { runModes } from '../../domain/mode.ts';
import { runStates, stuckReasons } from '../../domain/run.ts';
import { canShape } from './can.ts';
import { lineDetails } from './line-details.ts';
import { parkedShape } from './question-shapes.ts';

/** What several operations answer with, each in one place. */

export const runShape = z
  .object({
    id: z.string(),
    trigger: z.string(),
    workflow: z.string(),
    subject: z.string().exactOptional(),
    target: z.string(),
    eventSeq: z.int().describe('The number of the event that called for it; 0: somebody started it'),
    state: z.enum(runStates),
    outcome: z.string().exactOptional(),
    failure: z
      .object({ class: z.string(), message: z.string(), activity: z.string().exactOptional() })
      .optional(),
    stuck: z
      .object({
        reason: z.enum(stuckReasons),
        message: z.string(),
        since: z.string(),
        over: z.boolean().exactOptional(),
      })
      .exactOptional(),
    parked: z
      .array(
        parkedShape.extend({
          question: z.string().describe('By which it is decided'),
          whoMay: z.string().describe('Who may decide, in words'),
          askedAt: z.string(),
          expiresAt: z.string(),
          can: canShape.exactOptional(),
        }),
      )
      .exactOptional()
      .describe('The steps that have failed for good and wait for a decision: runs.unpark'),
    waitsFor: z
      .array(
        z.object({
          kind: z.enum(['approval', 'answer', 'parked']),
          id: z.string().describe('By which it is answered'),
          summary: z.string(),
          whoMay: z.string().describe('Who may answer, in words'),
          since: z.string(),
          until: z.string(),
        }),
      )
      .exactOptional()
      .describe('What it waits for people to do'),
    doing: z
      .array(
        z.object({
          activity: z.string(),
          attempt: z.int(),
          since: z.string().exactOptional(),
          retryAt: z.string().exactOptional().describe('It has failed, and is tried again then'),
          failure: z.string().exactOptional().describe('Of the attempt before'),
        }),
      )
      .exactOptional()
      .describe('What it does now, as Temporal says. Missing: Temporal was not asked, or did not answer'),
    waiting: z
      .object({ for: z.string(), until: z.string().exactOptional() })
      .exactOptional()
      .describe('For what it waits by itself, as it says. Missing: it was not asked, or says nothing'),
    can: canShape.exactOptional(),
    event: z
      .object({ id: z.string(), type: z.string() })
      .exactOptional()
      .describe('The event that called for it'),
    operation: z.string().exactOptional().describe('The operation by which somebody started it'),
    actor: z
      .string()
      .exactOptional()
      .describe('On whose behalf: `trigger:ec2-unhealthy`, `person:Ada Lopez`, `token:ci`'),
    worker: z
      .object({
        build: z.string().describe('Of the workflows: the same sources have the same one'),
        commit: z.string().exactOptional().describe('Of the sources, where it is known'),
      })
      .exactOptional()
      .describe('The code that carries it out, or that ended it. Missing: no worker has said so yet'),
    mode: z
      .enum(runModes)
      .exactOptional()
      .describe('How far it may go. Missing: a person or a program has started it'),
    connections: z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('By which connections its calls go, by provider; by `default` where none is named'),
    createdAt: z.string(),
    endedAt: z.string().exactOptional(),
  })
  .meta({ id: 'Run' });
export type ShownRun = z.output<typeof runShape>;

export const eventShape = z
  .object({
    seq: z.int(),
    source: z.string(),
    eventId: z.string(),
    type: z.string(),
    subject: z.string().exactOptional(),
    time: z.string(),
    receivedAt: z.string(),
    disposition: z.enum(dispositions).exactOptional().describe('Missing: pending'),
    reason: z.string().exactOptional(),
    event: z.unknown().exactOptional(),
    pruned: z.literal(true).exactOptional(),
  })
  .meta({ id: 'Event' });

const reference = z.object({ id: z.string(), name: z.string() });

export const incidentShape = z
  .object({
    id: z.string().describe('Of another account than that of default, `<connection>/<id>`'),
    connection: z.string().describe('The account that it is of'),
    status: z.enum(incidentStatuses),
    seenAt: z.string().describe('When its newest state was told'),
    service: z
      .string()
      .exactOptional()
      .describe('Its id; of another account than that of default, `<connection>/<id>`'),
    liveRuns: z.int(),
    gatheredBy: z
      .array(z.string())
      .exactOptional()
      .describe('The runs of other incidents that it has joined in a storm'),
    incident: z
      .object({
        title: z.string().exactOptional(),
        number: z.number().exactOptional(),
        urgency: z.string().exactOptional(),
        priority: reference.exactOptional(),
        service: reference.exactOptional(),
        assignees: z.array(reference).exactOptional(),
        escalationPolicy: reference.exactOptional(),
        createdAt: z.string().exactOptional(),
        reopenedAt: z.string().exactOptional(),
        url: z.string().exactOptional(),
        mergedInto: reference.exactOptional(),
      })
      .exactOptional()
      .describe('As its newest event tells it'),
  })
  .meta({ id: 'Incident' });

export const lineShape = z
  .object({
    seq: z.int().exactOptional().describe('Missing: not linked yet'),
    at: z.string(),
    actor: z.string(),
    via: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    previous: z.string().exactOptional(),
    hash: z.string().exactOptional(),
  })
  // What is answered is not held to the words of this version: a line may be older, or newer, or too long to be kept.
  .meta({
    id: 'Line',
    override: ({ jsonSchema }) => {
      const other = { ...jsonSchema, title: 'OtherLine' };
      for (const name of Object.keys(jsonSchema)) delete jsonSchema[name as keyof typeof jsonSchema];
      const known = Object.keys(lineSchemas).map((name) => ({ $ref: `#/components/schemas/${name}` }));
      jsonSchema.anyOf = [...known, other];
    },
  });
export type ShownLine = z.output<typeof lineShape>;

/** `RunTimedOutLine` of `run.timed_out`. */
const schemaName = (action: string) =>
  `${action.replaceAll(/(?:^|[._-])([a-z])/g, (_, letter: string) => letter.toUpperCase())}Line`;

/** A line of each action that this version writes, by the name of its schema in the API's document. */
export const lineSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(lineDetails).map(([action, detail]) => [
    schemaName(action),
    lineShape.extend({ action: z.literal(action), detail }),
  ]),
);

/** An id as it may stand in an address. */
export const idInput = z.string().min(1).max(1_000);
export const idOfRun = { id: idInput.describe('`<trigger>/<incident>`, as it stands in lists') };
export const reasonInput = z.string().trim().min(1).max(500).describe('Why, for those who read the record');
export const subjectInput = z.string().min(1).max(300).describe('The incident id, or what else it is about');

/** An address, in small letters. */
export const emailInput = z
  .email()
  .max(254)
  // RFC 5321, 4.5.3.1.1.
  .refine((address) => address.lastIndexOf('@') <= 64, 'has more than 64 characters before the @')
  .toLowerCase()
  .describe('as the identity provider has it');
