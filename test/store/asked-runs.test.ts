import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { isAsking } from '../../store/runs/cause.ts';
import { backends } from './backends.ts';
import { entry, fresh } from './world.ts';

describe.each(await backends())('runs that watch, propose or ask, on $name', ({ world }) => {
  const store = world.newStore();
  const since = new Date(Date.now() - 60_000).toISOString();
  async function begin(trigger: string, subject: string, cause: object): Promise<string> {
    const id = fresh(`${trigger}/`);
    const run = { id, trigger, workflow: 'reboot', subject, target: 'i', input: {}, cause };
    const detail = { run: id, workflow: 'reboot', input: {} };
    await store.beginRun(run, { ...entry({ subject }), action: 'run.started', detail } as never);
    return id;
  }

  it('are told of an incident, with their modes; rehearsals are not', async () => {
    const subject = fresh('Q');
    await begin('one', subject, { mode: 'observe' });
    await begin('two', subject, { mode: 'propose' });
    await begin('three', subject, {});
    await begin('four', fresh('Q'), { mode: 'observe' });
    await begin('five', subject, { mode: 'plan' });
    expect(await store.modesOn(subject)).toEqual([
      { trigger: 'one', mode: 'observe' },
      { trigger: 'two', mode: 'propose' },
      { trigger: 'three', mode: 'auto' },
    ]);
  });

  it('have their lines, with what else was done in their incidents', async () => {
    const [trigger, subject] = [fresh('restart-'), fresh('Q')];
    const watched = await begin(trigger, subject, { mode: 'observe' });
    const byHand = await begin('manual', subject, {});
    await begin(trigger, fresh('Q'), {});
    await store.seal();
    const runsIn = async (filter: object) => {
      const lines = await store.linesOfAskedRuns({ triggers: [trigger], since, limit: 10, ...filter });
      return lines.map(({ detail }) => detail.run);
    };
    expect(await runsIn({})).toEqual([watched, byHand]);
    expect(await runsIn({ triggers: ['another'] })).toEqual([]);
    expect(await runsIn({ since: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
  });

  it('are found by an index of their own, which reads no other run', async () => {
    const plan = await world.db.transaction().execute(async (transaction) => {
      await sql`set local enable_seqscan = off`.execute(transaction);
      const asked = sql<Record<'QUERY PLAN', string>>`
        explain select id from runs where trigger = 'one' and created_at >= ${since}::timestamptz and ${isAsking}`;
      return (await asked.execute(transaction)).rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain('runs_asking');
  });
});
