import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';
import type { Hold } from '../../domain/guard.ts';
import type { RunCause } from '../../domain/incident.ts';
import { maintain, pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { surroundingsFor } from '../clients.ts';
import { entry, fresh } from '../store/world.ts';
import { aroundCalls, callActivity, openStore } from './attempt.ts';

const store = await openStore();
const pagerDuty = await startPagerDuty();
afterAll(() => pagerDuty.close());

/** What was changed. */
const made: string[] = [];
beforeEach(() => void made.splice(0));

const open = (kind: 'change' | 'destructive') =>
  defineActivity({
    name: kind === 'change' ? 'openDoor' : 'breakDoor',
    kind,
    provider: 'doors',
    summary: 'Opens a door',
    permissions: [],
    targets: ({ door }) => [`door:${door}`],
    input: z.object({ door: z.string() }),
    output: z.object({ changed: z.boolean() }),
    example: { door: 'north' },
    async look() {
      const output = { changed: true };
      return {
        plan: { summary: 'Opens', calls: ['open'], values: {}, inverse: { none: 'it is open' }, output },
      };
    },
    async act(_, { door }) {
      made.push(door);
      return { changed: true };
    },
  });
const activities = [open('change'), open('destructive')];

interface Calling {
  door?: string;
  attempt?: number;
  cause?: Partial<RunCause>;
  limits?: object;
  env?: Record<string, string>;
}

/** Calls an activity as a run does; gives what it gave, or its failure. */
async function call(
  activityType: string,
  { door = fresh('d'), attempt = 1, cause = {}, limits, env }: Calling = {},
) {
  const runId = fresh('door/');
  const interceptors = aroundCalls({
    activities,
    store,
    cause: { subject: runId, ...cause },
    ...(limits ? { beside: { limits } } : {}),
    ...(env ? { clients: surroundingsFor(env) } : {}),
  });
  const info = { activityType, activityId: '1', attempt, runId, workflowType: 'openTheDoor' };
  const given = await callActivity(info, interceptors, { door }).catch((error: unknown) => error);
  const lines = await store.linesAbout({ subject: cause.subject ?? runId, after: 0, skip: 0, limit: 20 });
  return { given, lines: lines.map(({ action }) => action) };
}

const held = (detail: object) => ({
  type: 'Held',
  nonRetryable: true,
  details: [{ effect: 'none', held: detail }],
});

async function during(hold: Partial<Hold> & Pick<Hold, 'kind'>, act: () => Promise<void>): Promise<void> {
  const { kind, ...scope } = hold;
  const { id } = await store.setHold(
    { kind: kind as 'freeze', reason: 'a drill', by: 'person:ada@example.com', ...scope },
    () => entry(),
  );
  await act();
  await store.liftHold(id, 'person:ada@example.com', 'over', entry());
}

describe('a guard', () => {
  it('lets a harmless change wait while the kill switch is on, which is written down once', async () => {
    await during({ kind: 'kill-switch' }, async () => {
      const first = await call('openDoor');
      expect(first).toMatchObject({
        given: { type: 'Held', nonRetryable: false, nextRetryDelay: 3_000 },
        lines: ['activity.refused'],
      });
      expect(String(first.given)).toMatch(
        /the kill switch is on since person:ada@example\.com engaged it \(a drill\)\. An operator can lift it: baton changes allow \d+/,
      );
      expect((await call('openDoor', { attempt: 2 })).lines).toEqual([]);
    });
    expect(made).toEqual([]);
    expect((await call('openDoor')).given).toEqual({ changed: true });
  });

  it('lets pass what a person asks for while the kill switch is on', async () => {
    await during({ kind: 'kill-switch' }, async () => {
      const by = { kind: 'person', id: 'U0ADA', name: 'Ada Lopez' } as const;
      const { given } = await call('openDoor', { cause: { by } });
      // Who it is cannot be told here: that is past the guards' own word.
      expect(given).not.toMatchObject({ type: 'Held' });
    });
  });

  it.each(['kill-switch', 'freeze'] as const)(
    'refuses a destructive change for good during a %s',
    async (kind) => {
      await during({ kind }, async () => {
        expect(await call('breakDoor')).toMatchObject({
          given: held({ guard: kind }),
          lines: ['activity.refused'],
        });
      });
      expect(made).toEqual([]);
    },
  );

  it('refuses the same target again, and says when it may be tried', async () => {
    const door = fresh('d');
    expect((await call('breakDoor', { door })).given).toEqual({ changed: true });
    const { given } = await call('breakDoor', { door });
    expect(given).toMatchObject(held({ guard: 'cool-down', retryAt: expect.stringMatching(/Z$/) }));
    expect(made).toEqual([door]);
  });

  it('keeps to the limits that the run has given for the target', async () => {
    const [one, two] = [fresh('d'), fresh('d')];
    const group = { targets: [`door:${one}`, `door:${two}`], most: 1 };
    const limits = { [`door:${one}`]: { group }, [`door:${two}`]: { group } };
    expect((await call('breakDoor', { door: one, limits })).given).toEqual({ changed: true });
    expect((await call('breakDoor', { door: two, limits })).given).toMatchObject(
      held({ guard: 'blast-radius' }),
    );
    expect((await call('breakDoor', { door: two })).given).toEqual({ changed: true });
  });

  describe('on maintenance', () => {
    const env = pagerDutyEnvironment(pagerDuty.url);
    const cause = (service: string): Partial<RunCause> => ({
      subject: fresh('P'),
      incident: {
        id: 'P1',
        title: 'x',
        status: 'triggered',
        urgency: 'high',
        service: { id: service, name: service },
        assignees: [],
        teams: [],
      },
    });

    it('holds what is destructive while the service of the incident is in a window', async () => {
      const end = maintain(pagerDuty, 'PSEARCH', 30);
      const { given } = await call('breakDoor', { env, cause: cause('PSEARCH') });
      expect(given).toMatchObject(held({ guard: 'maintenance', retryAt: end }));
      expect(String(given)).toContain('in the maintenance window Database upgrade until');
      expect((await call('openDoor', { env, cause: cause('PSEARCH') })).given).toEqual({ changed: true });
      expect((await call('breakDoor', { env, cause: cause('PCHECKO') })).given).toEqual({ changed: true });
    });

    it('holds nothing where PagerDuty is not connected, or may not be asked', async () => {
      expect((await call('breakDoor', { cause: cause('PSEARCH') })).given).toEqual({ changed: true });
      pagerDuty.world.scopes = ['incidents.read'];
      expect((await call('breakDoor', { env, cause: cause('PSEARCH') })).given).toEqual({ changed: true });
      delete pagerDuty.world.scopes;
    });

    it('waits where PagerDuty does not answer', async () => {
      pagerDuty.fail({ kind: 'status', match: 'GET /maintenance_windows', status: 503, times: 1 });
      const { given } = await call('breakDoor', { env, cause: cause('PSEARCH') });
      expect(given).toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
      expect(made).toEqual([]);
    });
  });
});
