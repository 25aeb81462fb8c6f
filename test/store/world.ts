import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import type { Delivery } from '../../domain/delivery.ts';
import type { Entry, RecordRow } from '../../domain/record.ts';
import type { EffectIntent, EffectOutcome } from '../../store/changes/effects.ts';
import { openPostgres } from '../../store/database.ts';
import { openEmbedded } from '../../store/embedded/embedded.ts';
import { makeStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import type { Tables } from '../../store/tables.ts';
import { seedStore } from '../seed.ts';

/** A database, and as many stores on it as a test needs: each acts as a process of its own. */
export interface World {
  db: Kysely<Tables>;
  newStore(options?: { secrets?: string[]; onPending?: () => void }): Store;
  /** As the superuser that no rule of ours binds. */
  run(statement: string): Promise<void>;
  close(): Promise<void>;
}

export async function embeddedWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-store-'));
  seedStore(folder);
  const { db, release } = await openEmbedded(folder);
  return worldOn(db, async () => {
    await db.destroy();
    release();
    rmSync(folder, { recursive: true, force: true });
  });
}

export async function postgresWorld(url: string): Promise<World> {
  const db = await openPostgres(url);
  return worldOn(db, () => db.destroy());
}

function worldOn(db: Kysely<Tables>, close: () => Promise<void>): World {
  return {
    db,
    newStore: (options = {}) => makeStore(db, options),
    async run(statement) {
      await sql.raw(statement).execute(db);
    },
    close,
  };
}

let count = 0;
/** An id that no other test uses. */
export function fresh(prefix: string): string {
  count += 1;
  return `${prefix}${count}`;
}

export function delivery(changes: Partial<Delivery> = {}): Delivery {
  const eventId = changes.eventId ?? fresh('event-');
  return {
    source: 'pagerduty',
    eventId,
    type: 'pagerduty.incident.triggered',
    subject: fresh('P'),
    time: '2026-03-01T10:00:00.000Z',
    body: Buffer.from(`{"id":"${eventId}"}`),
    event: { id: eventId, data: { title: 'p99 latency' } },
    actor: 'pagerduty',
    via: 'webhook',
    ...changes,
  };
}

/** Of any words: the store keeps also those that it does not know. */
export function entry(changes: Partial<RecordRow> = {}): Entry {
  return {
    at: '2026-03-01T10:00:00.000Z',
    actor: 'baton',
    via: 'dispatch',
    action: 'trigger.answered',
    subject: fresh('P'),
    detail: { answer: 'no' },
    ...changes,
  } as RecordRow as Entry;
}

export function intent(changes: Partial<EffectIntent> = {}): EffectIntent {
  return {
    key: fresh('run/activity-'),
    runId: 'ec2-unhealthy/P1',
    activity: 'rebootEc2Instances',
    provider: 'ec2',
    workflow: 'ec2UnhealthyRestart',
    digest: 'one',
    targets: [],
    causes: [],
    actor: { kind: 'trigger', name: 'ec2-unhealthy' },
    entry: entry({ action: 'activity.intended' }),
    ...changes,
  };
}

export function outcome(key: string, changes: Partial<EffectOutcome> = {}): EffectOutcome {
  return {
    key,
    attempt: 1,
    state: 'done',
    changed: true,
    entry: entry({ action: 'activity.completed' }),
    ...changes,
  };
}
