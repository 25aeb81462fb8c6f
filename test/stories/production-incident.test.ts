import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { startTimeSkipping } from '../temporal.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

const outcome = (world: World, id: string) => world.run(`production-incident/${id}`);
const noteOf = (world: World, id: string) =>
  eventually('the note with the links', () =>
    world.pagerDuty.world.notes.find(
      ({ incidentId, content }) => incidentId === id && content.includes('OPS-'),
    ),
  );
const roomOf = (world: World, id: string) =>
  world.slack.world.channels.find(({ purpose }) => purpose.includes(id));

describe('a production incident', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ triggers: [productionIncident], temporal: await startTimeSkipping() });
  });
  afterAll(async () => {
    await world.close();
    await world.temporal.teardown();
  });

  it('gets a room, an issue, a card and a note, follows its incident, and closes the room after the grace time', async () => {
    const latency = { title: 'Checkout p99 latency above 2 s', service: 'Checkout' } as const;
    // Nothing runs for it.
    const before = raiseIncident(world.pagerDuty, { ...latency, urgency: 'low' });
    const id = raiseIncident(world.pagerDuty, latency);
    const note = await noteOf(world, id);
    const room = roomOf(world, id);
    expect(room?.name).toMatch(/^inc-\d+-[a-z0-9-]{1,70}$/);
    expect(room?.memberIds).toContain('U0ADA');
    expect(room?.topic).toContain('Checkout p99 latency');
    const [issue] = world.jira.world.issues.filter(({ fields }) => fields.labels.includes(`baton-${id}`));
    expect(issue?.fields.assignee?.accountId).toBe('acc-ada');
    expect(issue?.links).toHaveLength(1);
    expect(note.content).toContain(issue?.key);
    expect(note.content).toContain('https://acme.slack.com/archives/');
    expect(world.pagerDuty.ledger.filter(({ effect }) => effect === 'change event added')).toHaveLength(1);
    expect(world.slack.world.pins).toHaveLength(1);

    const details = await eventually('the details in the thread of the card', () =>
      world.slack.world.messages.find(({ threadTs, text }) => threadTs && text.includes('Has happened')),
    );
    expect(details.text).toContain('Has happened once before');
    expect(details.text).toContain(`/incidents/${before}`);

    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the card to name who acknowledged', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).includes('Ben Okafor'),
    );
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the issue to be done', () => issue?.status === 'Done');
    await eventually('the card to say so', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).toLowerCase().includes('resolved'),
    );
    const posted = world.slack.world.messages.filter(
      ({ channelId, subtype, threadTs }) => channelId === room?.id && !subtype && !threadTs,
    );
    expect(posted).toHaveLength(1);
    expect(room?.archived).toBe(false);
    await world.temporal.sleep('2 days');
    await eventually('the run to end', async () => (await outcome(world, id))?.endedAt);
    expect(roomOf(world, id)?.archived).toBe(true);
  });
});

describe('a production incident that cannot be met in full', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ triggers: [productionIncident], env: { SLACK_BOT_TOKEN: undefined } });
  });
  afterAll(() => world.close());

  it('has its issue and its note without Slack, and the note lists what is missing', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Checkout down', service: 'Checkout' });
    const note = await noteOf(world, id);
    expect(note.content).toContain('SLACK_BOT_TOKEN');
    expect(world.jira.world.issues).toHaveLength(1);
  });

  it('starts nothing at low urgency, and the record says which condition said no', async () => {
    const id = raiseIncident(world.pagerDuty, {
      title: 'A disk fills slowly',
      service: 'Search',
      urgency: 'low',
    });
    const answered = await eventually('its answer', async () =>
      (await world.record(id)).find(({ action }) => action === 'event.answered'),
    );
    expect(answered.detail.answers).toEqual([
      { trigger: 'production-incident', answer: 'no', reason: 'urgency is high' },
    ]);
    expect(await world.runs(id)).toEqual([]);
    const [event] = await eventually('its disposition', async () => {
      const events = await world.store.listEvents({ subject: id, limit: 1 });
      return events[0]?.disposition ? events : undefined;
    });
    expect(event).toMatchObject({ disposition: 'ignored', reason: 'no trigger matched' });
  });
});

describe('a hostile title', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ triggers: [productionIncident] });
  });
  afterAll(() => world.close());

  it('is shown as text, and mentions nobody', async () => {
    const title = '<!channel> <@U0BEN> <https://evil.example|https://ok.example> *_~` \u202E\u001b[31m\n> x';
    const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
    await noteOf(world, id);
    const sent = world.slack.calls
      .filter(({ path }) => !path.includes('conversations.list'))
      .map(({ body }) => decodeURIComponent(body.replaceAll('+', ' ')));
    expect(sent.length).toBeGreaterThan(0);
    for (const text of sent) expect(text).not.toMatch(/<!channel>|<@U0BEN>|<https:\/\/evil/);
    expect(world.jira.world.issues[0]?.fields.summary).not.toContain('\n');
  });
});
