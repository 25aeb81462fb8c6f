import { z } from 'zod';
import { incidentOfSubject } from '../../domain/subject.ts';
import { tellIssue } from '../../workflows/tell-issue.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const tellIssueByHand = defineStartable({
  run: tellIssue,
  summary: 'Comments on the Jira issue of an incident',
  input: aboutIncident.input.extend({
    text: z.string().trim().min(1).max(5_000).describe('The comment'),
    // The record keeps what a run was given in a line of 32 KB.
    code: z.string().max(20_000).optional().describe('Lines below it that stay as they are'),
    issue: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,29}-\d{1,9}$/, "is not an issue's key, such as OPS-12")
      .optional()
      .describe('Another issue than the one that Baton has made for the incident: OPS-12'),
  }),
  subject: aboutIncident.subject,
  workflowInput: ({ incidentId, text, code, issue }) => ({
    incidentId: incidentOfSubject(incidentId)?.incidentId ?? incidentId,
    text,
    ...(code === undefined ? {} : { code }),
    ...(issue === undefined ? {} : { issue }),
  }),
  // It is told of when it is over, too.
  whenResolved: 'continue',
});
