import { describe, expect, it } from 'vitest';
import { triggers } from '../../triggers/index.ts';
import * as workflows from '../../workflows/index.ts';

describe('the list of triggers', () => {
  it('holds each of those that ship, under its own name', () => {
    expect(triggers.map(({ name }) => name)).toEqual([
      'production-incident',
      'ec2-unhealthy',
      'kubernetes-crash-loop',
      'scale-out',
      'triggered-and-unacked',
      'quiet-incident',
      'severity-raised',
      'jira-resolved',
      'shift-handoff',
      'deployment-finished',
      'monitor-alert',
      'run-failed',
      'run-overdue',
      'slack-action',
      'slack-request',
      'link-code',
      'approval-message',
    ]);
  });

  it('tells those whose runs are for people from those that act', () => {
    const acting = triggers.filter(({ forPeople }) => !forPeople).map(({ name }) => name);
    expect(acting).toEqual([
      'ec2-unhealthy',
      'kubernetes-crash-loop',
      'scale-out',
      'severity-raised',
      'slack-action',
      'slack-request',
    ]);
  });

  it('gives the remedies the time that people and verification may take, and no end to what follows an incident', () => {
    const hours = triggers.flatMap(({ name, finish }) =>
      finish ? [[name, finish.withinSeconds / 3_600]] : [],
    );
    expect(Object.fromEntries(hours)).toEqual({
      'ec2-unhealthy': 9,
      'kubernetes-crash-loop': 4,
      'scale-out': 30,
      'severity-raised': 4,
    });
    for (const { finish } of triggers) expect(finish?.whenOverdue ?? 'page').toBe('page');
  });

  it.each(triggers.map((trigger) => [trigger.name, trigger.workflow]))(
    'lets %s start %s, a workflow that a worker can run',
    (_, workflow) => {
      expect(Object.keys(workflows)).toContain(workflow);
    },
  );
});
