import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';
import type { Hold } from '../../domain/guard.ts';
import type { RunCause } from '../../domain/incident.ts';
import { maintain, pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { surroundingsFor } from '../clients.ts';
import { delivery, entry, fresh } from '../store/world.ts';
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
/** Says that all is well, which wants to be shown. */
const closeCase = defineActivity({
  name: 'closeCase',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Closes a case',
  permissions: [],
  unverified: ({ unverified }) => unverified,
  input: z.object({ unverified: z.string().optional() }),
  output: z.object({ changed: z.boolean() }),
  example: {},
  look: async () => ({ done: { changed: true } }),
  act: async () => ({ changed: true }),
});
/** Turns a door, and back. Not even its own run may do that twice in a short time. */
const turnDoor = defineActivity({
  name: 'turnDoor',
  kind: 'destructive',
  provider: 'doors',
  summary: 'Turns a door',
  permissions: [],
  targets: ({ door }) => [`door:${door}`],
  input: z.object({ door: z.string(), to: z.string() }),
  output: z.object({ changed: z.boolean() }),
  example: { door: 'north', to: 'open' },
  inverse: { activity: 'turnDoor' },
  look: async ({ door }) => ({
    plan: {
      summary: 'Turns',
      calls: ['turn'],
      values: {},
      inverse: { activity: 'turnDoor', input: { door, to: 'shut' } },
      output: { changed: true },
    },
  }),
  act: async (_, { door, to }) => {
    made.push(`${door} ${to}`);
    return { changed: true };
  },
});
const activities = [open('change'), open('destructive'), closeCase, turnDoor];

interface Calling {
  door?: string;
  attempt?: number;
  cause?: Partial<RunCause>;
  limits?: object;
  env?: Record<string, string>;
  /** Beside the door. */
  input?: object;
  /** What the run says with the call. */
  said?: Record<string, unknown>;
  runId?: string;
}

/** Calls an activity as a run does; gives what it gave, or its failure. */
async function call(
  activityType: string,
  {
    door = fresh('d'),
    attempt = 1,
    cause = {},
    limits,
    env,
    input = {},
    said = {},
    runId = fresh('door/'),
  }: Calling = {},
) {
  const interceptors = aroundCalls({
    activities,
    store,
    cause: { subject: runId, ...cause },
    ...(limits ? { beside: { limits } } : {}),
    ...(env ? { clients: surroundingsFor(env) } : {}),
  });
  const info = { activityType, activityId: '1', attempt, runId, workflowType: 'openTheDoor' };
  const given = await callActivity(info, interceptors, { door, ...input }, undefined, said).catch(
    (error: unknown) => error,
  );
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

describe('what says that all is well', () => {
  const refused = (why: string) => ({
    type: 'NotVerified',
    nonRetryable: true,
    details: [{ effect: 'none' }],
    message: expect.stringContaining(`closeCase is not made: ${why}.`),
  });
  const close = (batonProof: object, more: Calling = {}) =>
    call('closeCase', { said: { batonProof }, ...more });

  it.each([
    [{ since: [] }, 'nothing was verified in this run'],
    [{ verified: false, since: [] }, 'the last verification of this run did not pass'],
    [{ verified: true, since: ['openDoor'] }, 'nothing was verified after openDoor'],
    [{ verified: true, since: ['unknownHere', 'closeCase'] }, 'nothing was verified after unknownHere'],
  ])('is refused to a run that has %j', async (proof, why) => {
    expect(await close(proof)).toMatchObject({ given: refused(why), lines: ['activity.refused'] });
  });

  it('is made by one that has verified after its last change of what is not told to people', async () => {
    expect((await close({ verified: true, since: ['closeCase'] })).given).toEqual({ changed: true });
  });

  it('is made with a reason, for a run of an older version, and where a person asks for it', async () => {
    const reason = { input: { unverified: 'it is gone' } };
    expect((await close({ since: [] }, reason)).given).toEqual({ changed: true });
    expect((await call('closeCase')).given).toEqual({ changed: true });
    const by = { kind: 'person', id: 'U0ADA', name: 'Ada Lopez' } as const;
    expect((await close({ since: [] }, { cause: { by } })).given).not.toMatchObject({ type: 'NotVerified' });
  });
});

describe('the way back of a change', () => {
  /** Turns a door, and gives the key of that. */
  async function turned(runId: string, door: string): Promise<string> {
    expect((await call('turnDoor', { runId, door, input: { to: 'open' } })).given).toEqual({ changed: true });
    return `${runId}#turnDoor#id 1`;
  }
  const back = (runId: string, door: string, key: string, to = 'shut') =>
    call('turnDoor', { runId, door, input: { to }, said: { batonTakesBack: key, batonCall: 2 } });

  it('is not held by what its own run has done', async () => {
    const [runId, door] = [fresh('door/'), fresh('d')];
    const key = await turned(runId, door);
    const again = { runId, door, input: { to: 'shut' }, said: { batonCall: 3 } };
    expect((await call('turnDoor', again)).given).toMatchObject(held({ guard: 'cool-down' }));
    expect((await back(runId, door, key)).given).toEqual({ changed: true });
    expect(made).toEqual([`${door} open`, `${door} shut`]);
  });

  it('is a change as any other where the store knows it not as just that', async () => {
    const [runId, door] = [fresh('door/'), fresh('d')];
    const key = await turned(runId, door);
    const isHeld = { given: held({ guard: 'cool-down' }) };
    expect(await back(runId, door, key, 'elsewhere')).toMatchObject(isHeld);
    expect(await back(fresh('door/'), door, key)).toMatchObject(isHeld);
    expect(await back(runId, door, `${key}0`)).toMatchObject(isHeld);
  });

  it('is held by a freeze', async () => {
    const [runId, door] = [fresh('door/'), fresh('d')];
    const key = await turned(runId, door);
    await during({ kind: 'freeze' }, async () => {
      expect(await back(runId, door, key)).toMatchObject({ given: held({ guard: 'freeze' }) });
    });
  });
});

describe('a person who has the incident in hand', () => {
  /** An incident that somebody has acknowledged. */
  async function taken(): Promise<string> {
    const incident = fresh('P');
    const at = '2026-03-01T03:12:00.000Z';
    const { seq } = await store.receive(delivery({ subject: incident }));
    const takenOver = { incident, eventId: fresh('E'), how: 'acknowledged', by: 'Ada Lopez', at } as const;
    await store.decide({ seq, takenOver, runs: [], entries: [] });
    return incident;
  }
  const says = 'Ada Lopez acknowledged the incident at 2026-03-01T03:12:00.000Z';

  it('holds what is destructive, for good, where the trigger asks for it', async () => {
    const subject = await taken();
    expect((await call('breakDoor', { cause: { subject } })).given).toEqual({ changed: true });
    const pausing = { cause: { subject, whenAcknowledged: 'pause' } } as const;
    const { given } = await call('breakDoor', pausing);
    expect(given).toMatchObject(held({ guard: 'person' }));
    expect(String(given)).toContain(says);
    expect((await call('openDoor', pausing)).given).toEqual({ changed: true });
  });

  it('is told with the plan of a run that only looks', async () => {
    const subject = await taken();
    const runId = fresh('plan/');
    await call('breakDoor', { runId, cause: { subject, whenAcknowledged: 'pause', mode: 'plan' } });
    const lines = await store.linesAbout({ subject, after: 0, skip: 0, limit: 5 });
    expect(lines.find(({ action }) => action === 'activity.planned')).toMatchObject({
      detail: { held: { guard: 'person', reason: expect.stringContaining(says) } },
    });
  });

  it('is known by the run that has asked PagerDuty, where no event has told it', async () => {
    const acknowledged = [{ how: 'acknowledged', by: 'Ada Lopez', at: '2026-03-01T03:12:00.000Z' }];
    const subject = fresh('P');
    const interceptors = aroundCalls({
      activities,
      store,
      cause: { subject, whenAcknowledged: 'pause' },
      beside: { acknowledged },
    });
    const info = { activityType: 'breakDoor', activityId: '1', runId: fresh('door/'), workflowType: 'w' };
    const given = callActivity(info, interceptors, { door: fresh('d') });
    await expect(given).rejects.toMatchObject(held({ guard: 'person' }));
  });
});
