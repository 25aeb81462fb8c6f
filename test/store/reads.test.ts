import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../domain/guard.ts';
import type { Store } from '../../store/store.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh, intent, outcome } from './world.ts';

const many = 3_000;
/** A plan is made for good after so many calls. */
const untilPlanned = 7;

/**
 * PGlite plans each statement when the process is young and its tables may be empty, and never again: a plan that reads a whole
 * index is then as good as another, and bad when the tables have grown. PostgreSQL plans anew when it has looked at the tables again.
 */
describe.each(await backends())('in a store on $name that has grown', ({ name, world }) => {
  let store: Store;

  const run = async (id: string, subject: string) => {
    const { seq } = await store.receive(delivery({ subject }));
    const given = {
      id,
      trigger: 't',
      workflow: 'w',
      subject,
      target: subject,
      eventSeq: seq,
      input: {},
      cause: {},
    };
    await store.decide({
      seq,
      incident: { id: subject, status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z' },
      entries: [entry()],
      runs: [given],
    });
    return seq;
  };
  const steps: Record<string, (id: string) => Promise<unknown>> = {
    'storing an event': (id) => store.receive(delivery({ eventId: id })),
    'the same event again': async (id) => {
      await store.receive(delivery({ eventId: id }));
      return store.receive(delivery({ eventId: id }));
    },
    'a decision': (id) => run(id, id),
    'the settling of an event': async (id) => {
      const seq = await run(id, id);
      return store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [id], entries: [entry()] });
    },
    'what is known of a subject': (id) => store.situation(id, 1),
    'a line of the record': () => store.append([entry()]),
    'a change and its outcome': async (id) => {
      await store.intend(intent({ key: id, runId: id, targets: [`target of ${id}`] }));
      return store.conclude(outcome(id));
    },
    'a destructive change': (id) =>
      store.intend(
        intent({
          key: id,
          runId: id,
          targets: [`target of ${id}`],
          guards: defaultLimits,
        }),
      ),
    'a change that is made once': (id) =>
      store.intend(intent({ key: id, runId: id, targets: [`target of ${id}`], once: true })),
    'whose event it is': (id) =>
      store.claimEcho({
        subject: id,
        type: 'pagerduty.incident.acknowledged',
        eventId: id,
        source: 'pagerduty',
        time: '2026-03-01T10:00:00.000Z',
        receivedAt: '2026-03-01T10:00:00.000Z',
      }),
    'the end of a run': async (id) => {
      await run(id, id);
      const { actor, via, ...event } = delivery({ eventId: `ended/${id}` });
      const ended = { ...event, event: {}, actor, via };
      return store.endRun({
        id,
        workflow: 'w',
        state: 'completed',
        outcome: 'x',
        entry: entry(),
        event: ended,
      });
    },
    'that a run is known': (id) => store.seeRuns([id]),
    'the claim of pending events': () => store.claim(10),
    'a page of incidents': () => store.pageOfIncidents({ limit: 20 }),
    'an incident': (id) => store.findIncident(id),
    'a page of events': () => store.pageOfEvents({ limit: 20 }),
    'the events of a subject': (id) => store.pageOfEvents({ subject: id, limit: 20 }),
    'a page of runs': () => store.pageOfRuns({ limit: 20 }),
    'the changes of an incident': (id) => store.changesOf(id, 20),
    'the lines about a subject': (id) => store.linesAbout({ subject: id, after: 0, skip: 0, limit: 20 }),
    'a run that is started by hand': (id) =>
      store.beginRun(
        { id, trigger: 'manual', workflow: 'w', subject: id, target: id, input: {}, cause: {} },
        entry({ action: 'run.started' }),
      ),
  };

  /** Entries of indexes, and rows of the tables that grow, that were read so far; where one is named, of this alone. */
  async function readSoFar(only?: string): Promise<number> {
    await sql`select pg_stat_force_next_flush()`.execute(world.db);
    const { rows } = await sql<{ count: number }>`
      select ((select sum(idx_tup_read) from pg_stat_user_indexes where relname = coalesce(${only ?? null}::text, relname))
        + (select sum(seq_tup_read) from pg_stat_user_tables where relname in ('inbox', 'runs', 'effects', 'effect_targets', 'record')
          and relname = coalesce(${only ?? null}::text, relname)))::float8
        as count`.execute(world.db);
    return rows[0]?.count ?? 0;
  }

  beforeAll(async () => {
    store = world.newStore();
    for (let count = 0; count < untilPlanned; count += 1)
      for (const step of Object.values(steps)) await step(fresh('t/P'));
    await store.claim(1_000);
    await world.run(`insert into inbox (source, event_id, type, subject, lane, time, body, event, disposition)
      select 's', 'many-' || n, 'x', 'S' || n, 'S' || n, 'x', '', '{}', case when n % 2 = 0 then 'ignored' end
      from generate_series(1, ${many}) as n`);
    await world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, ended_at, created_at)
      select 'many-' || n, 't', 'w', 'S' || n, 'x', -n, case when n % 2 = 0 then 'completed' else 'running' end,
        case when n % 2 = 0 then now() end, now() - make_interval(secs => n) from generate_series(1, ${many}) as n`);
    await world.run(`insert into effects (key, run_id, activity, subject, causes, actor, attempt, state)
      select 'many-' || n, 'many-' || n, 'a', 'S' || n, '[]', '{}', 1, 'done' from generate_series(1, ${many}) as n`);
    await world.run(
      `insert into effect_targets select 'many-' || n, 'T' || n, false from generate_series(1, ${many}) as n`,
    );
    await world.run(
      `insert into incidents select 'S' || n, 'triggered', now() from generate_series(1, ${many}) as n`,
    );
    // As PostgreSQL does by itself within a minute, and PGlite never.
    if (name === 'PostgreSQL') await world.run('analyze');
  });

  it.each(Object.entries(steps))('%s reads little of it', async (_, step) => {
    const before = await readSoFar();
    await step(fresh('t/P'));
    expect((await readSoFar()) - before).toBeLessThan(many / 3);
  });

  it('how many events it has, and how many come in a day, reads little of them', async () => {
    const before = await readSoFar('inbox');
    await store.size();
    expect((await readSoFar('inbox')) - before).toBeLessThan(many / 3);
  });
});
