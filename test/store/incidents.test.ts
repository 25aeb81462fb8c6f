import { describe, expect, it } from 'vitest';
import { migrate } from '../../store/migrations.ts';
import { backends } from './backends.ts';
import { delivery, fresh } from './world.ts';

const told = (subject: string, id: string, title: string, connection?: string) =>
  delivery({
    subject,
    event: {
      id: fresh('E'),
      ...(connection === undefined ? {} : { connection }),
      data: { id, title, status: 'triggered', service: { id: 'PPAY', name: 'Pay' } },
    },
  });

describe.each(await backends())('the incidents of a store of an earlier version, on $name', ({ world }) => {
  it('get title and service from their events, those of named accounts too', async () => {
    const store = world.newStore();
    const id = fresh('Q');
    const seenAt = '2026-03-01T10:00:00.000Z';
    for (const given of [
      told(id, id, 'ours'),
      told(`eu/${id}`, id, 'theirs', 'eu'),
      told('stray', id, 'of none'),
    ]) {
      const { seq } = await store.receive(given);
      const incident = { id: given.subject ?? '', status: 'triggered', seenAt };
      await store.decide({ seq, incident, runs: [], entries: [] });
    }
    // As it was before the step.
    for (const statement of [
      'drop table answers, connections, connections_version, routes, default_connections, approvals, pulls, twins, link_codes, notices, holds, transcripts, duties, watched, schedules, lowered_triggers, questions, takeovers, journal, kept_texts, heartbeats, subscriptions, deliveries, callbacks, set_up, removed_connections, repeats, sign_in_links, set_up_adopted, consents',
      'drop index record_action, inbox_pulled, runs_failed, runs_asking',
      'alter table incidents drop column place, drop column service, drop column data, drop column gathered_by, drop column urgent',
      'alter table inbox drop column storm, drop column urgent',
      'alter table budgets drop column urgent_until',
      'alter table runs drop column worker, drop column asked_by, drop column verified',
      'alter table tokens drop column owner',
      'alter table people drop column scope',
      'alter table sessions drop column local_name',
      `delete from migrations where name >= '0013'`,
    ])
      await world.run(statement);
    await migrate(world.db);

    const { items } = await store.pageOfIncidents({ q: id, limit: 10 });
    const shown = items.map((row) => [row.id, row.connection, row.service, row.incident?.title]);
    expect(shown.sort()).toEqual([
      [id, 'default', 'PPAY', 'ours'],
      [`eu/${id}`, 'eu', 'eu/PPAY', 'theirs'],
    ]);
    expect((await store.findIncident('stray'))?.incident).toBeUndefined();
  });

  it('are brought up to date by no step where all are done, and a step that nobody knows is refused', async () => {
    let asked = 0;
    const counted = world.db.withPlugin({
      transformQuery({ node }) {
        asked += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    await migrate(counted);
    expect(asked).toBe(1);
    await world.run(`insert into migrations values ('9999-later', '2027-01-01T00:00:00.000Z')`);
    await expect(migrate(world.db)).rejects.toThrow('9999-later');
    await world.run(`delete from migrations where name = '9999-later'`);
  });
});
