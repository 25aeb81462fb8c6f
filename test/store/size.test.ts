import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';

const daysKept = 30;
/** How many come in a day. */
const pace = { inbox: 40, record: 200, runs: 20, effects: 30 } as const;

/** For each row of a kind: its number, and its time, evenly over the days up to now. */
const rowsOf = (kind: keyof typeof pace) =>
  `(select n, now() - make_interval(secs => (${pace[kind] * daysKept} - n) * 86400.0 / ${pace[kind]}) as at
    from generate_series(1, ${pace[kind] * daysKept}) as n) as row`;

describe.each(await backends())('the size of the store, on $name', ({ world }) => {
  const store = world.newStore();

  it('is that of an empty one, before anything has come in', async () => {
    const { kinds, bytes } = await store.size();
    expect(kinds.map(({ rows, rowsPerDay }) => [rows, rowsPerDay])).toEqual(kinds.map(() => [0, 0]));
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  it('tells how much there is of each kind, and how much of it comes in a day', async () => {
    await world.run(`insert into inbox (source, event_id, type, lane, time, body, received_at)
      select 's', 'e' || n, 't', 'l' || n, 'x', repeat('x', 500)::bytea, at from ${rowsOf('inbox')}`);
    await world.run(`insert into record (seq, at, actor, via, action, subject, detail, previous, hash)
      select n, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'a', 'v', 'x', 's', '{}', 'p', 'h' || n
      from ${rowsOf('record')}`);
    await world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, created_at)
      select 'r' || n, 't', 'w', 's', 'x', n, 'running', at from ${rowsOf('runs')}`);
    await world.run(`insert into effects (key, run_id, activity, digest, actor, causes, attempt, state, created_at)
      select 'k' || n, 'r', 'a', 'd', '{}', '{}', 1, 'done', at from ${rowsOf('effects')}`);
    const { kinds, days } = await store.size();
    expect(days).toBeCloseTo(7, 5);
    for (const { kind, rows, rowsPerDay, bytes } of kinds) {
      expect([kind, rows]).toEqual([kind, pace[kind] * daysKept]);
      expect(rowsPerDay / pace[kind]).toBeCloseTo(1, 1);
      expect(bytes / rows).toBeGreaterThan(50);
    }
  });

  it('asks a bounded number of questions, however many rows there are', async () => {
    // All within an hour, and more of them than are counted.
    for (let from = 1; from <= 25_000; from += 5_000)
      await world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, created_at)
        select 'more' || n, 't', 'w', 's', 'x', n, 'completed', now() - make_interval(secs => n * 3600.0 / 25000)
        from generate_series(${from}, ${from + 4_999}) as n`);
    await world.run('analyze runs');
    const { kinds } = await store.size();
    const { rows = 0, rowsPerDay = 0 } = kinds.find(({ kind }) => kind === 'runs') ?? {};
    expect(rows / (25_000 + pace.runs * daysKept)).toBeCloseTo(1, 1);
    expect(rowsPerDay / (25_000 * 24)).toBeCloseTo(1, 1);
  });
});
