import { z } from 'zod';

/** What several operations answer with, each in one place. */

export const runShape = z
  .object({
    id: z.string(),
    trigger: z.string(),
    workflow: z.string(),
    subject: z.string().optional(),
    target: z.string(),
    eventSeq: z.int().describe('The number of the event that called for it; 0: somebody started it'),
    state: z.enum(['starting', 'running', 'completed', 'failed', 'timed out', 'cancelled']),
    outcome: z.string().optional(),
    failure: z.object({ class: z.string(), message: z.string(), activity: z.string().optional() }).optional(),
    stuck: z
      .object({
        reason: z.enum(['NonDeterminism', 'WorkflowTaskFailed', 'NoWorker']),
        message: z.string(),
        since: z.string(),
        over: z.boolean().optional(),
      })
      .optional(),
    createdAt: z.string(),
    endedAt: z.string().optional(),
  })
  .meta({ id: 'Run' });

export const eventShape = z
  .object({
    seq: z.int(),
    source: z.string(),
    eventId: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    time: z.string(),
    receivedAt: z.string(),
    disposition: z
      .enum(['dispatched', 'duplicate', 'ignored', 'stale', 'parked'])
      .optional()
      .describe('Missing: pending'),
    reason: z.string().optional(),
    event: z.unknown().optional(),
    pruned: z.literal(true).optional(),
  })
  .meta({ id: 'Event' });

const reference = z.object({ id: z.string(), name: z.string() });

export const incidentShape = z
  .object({
    id: z.string(),
    status: z.enum(['triggered', 'acknowledged', 'resolved']),
    seenAt: z.string().describe('When its newest state was told'),
    liveRuns: z.int(),
    incident: z
      .object({
        title: z.string().optional(),
        number: z.number().optional(),
        urgency: z.string().optional(),
        priority: reference.optional(),
        service: reference.optional(),
        assignees: z.array(reference).optional(),
        escalationPolicy: reference.optional(),
        createdAt: z.string().optional(),
        reopenedAt: z.string().optional(),
        url: z.string().optional(),
        mergedInto: reference.optional(),
      })
      .optional()
      .describe('As its newest event tells it'),
  })
  .meta({ id: 'Incident' });

export const lineShape = z
  .object({
    seq: z.int().optional().describe('Missing: not linked yet'),
    at: z.string(),
    actor: z.string(),
    via: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    previous: z.string().optional(),
    hash: z.string().optional(),
  })
  .meta({ id: 'Line' });

/** An id as it may stand in an address. */
export const idInput = z.string().min(1).max(1_000);
export const subjectInput = z.string().min(1).max(300).describe('The incident id, or what else it is about');
