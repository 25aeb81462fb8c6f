import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../simulator/pagerduty/world.ts';
import {
  acknowledgeAs,
  type PagerDutySimulator,
  pagerDutyEnvironment,
  raiseIncident,
  resolveAs,
  simulatedWebhookSecret,
  startPagerDuty,
} from '../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../simulator/pagerduty-webhooks.ts';
import { newSecret } from '../../simulator/secret.ts';
import { slackClick } from '../../simulator/slack.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import { addNamed } from '../named-connections.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** A second account with secrets of its own: whoever comes to it with the first one's is refused. */
const secret = newSecret();
let world: World;
let eu: PagerDutySimulator;
beforeAll(async () => {
  world = await startWorld();
  eu = await startPagerDuty();
  const [token, routingKey] = [newSecret(), newSecret()];
  eu.world.token = token;
  for (const service of eu.world.services) if (service.name === 'Checkout') service.routingKey = routingKey;
  eu.world.subscriptions.push({ url: `${world.server.url}/webhooks/pagerduty/eu`, secret });
  const values = {
    ...pagerDutyEnvironment(eu.url),
    PAGERDUTY_API_TOKEN: token,
    PAGERDUTY_ROUTING_KEY: routingKey,
    PAGERDUTY_WEBHOOK_SECRETS: `${newSecret()},${secret}`,
  };
  await addNamed(world.connections, 'eu', 'pagerduty', values);
});
afterAll(async () => {
  await world.close();
  await eu.close();
});

const accounts = () => [world.pagerDuty, eu];
/** The same incident in both accounts: its id, and the ids of its runs. */
function raiseInBoth(title: string, service = 'Search'): string {
  const id = newId();
  for (const account of accounts()) raiseIncident(account, { id, title, service });
  return id;
}
const withRun = (id: string) =>
  eventually(`the run ${id}`, async () => ((await world.run(id))?.state === 'running' ? id : undefined));
const ended = (id: string) =>
  eventually(`the end of ${id}`, async () => {
    const run = await world.run(id);
    return run?.endedAt ? run : undefined;
  });
const notesOn = ({ ledger }: PagerDutySimulator, id: string) =>
  ledger.filter(({ effect, target }) => effect === 'note added' && target === id);
const statusIn = ({ world: { incidents } }: PagerDutySimulator, id: string) =>
  incidents.find((incident) => incident.id === id)?.status;
const settled = (subject: string, type: string) =>
  eventually(`${type} of ${subject} to be settled`, async () => {
    const events = await world.store.listEvents({ subject, limit: 50 });
    return events.find((event) => event.type === `pagerduty.incident.${type}` && event.disposition);
  });
/** The buttons of the cards that show an incident, as Slack would send them. */
const cards = (id: string) =>
  world.slack.world.messages
    .filter(({ metadata }) => metadata?.event_type === 'baton_status_card')
    .filter(({ metadata }) => JSON.stringify(metadata?.event_payload).includes(id))
    .map(({ channelId, ts, metadata, blocks }) => ({
      channelId,
      ts,
      mark: String(metadata?.event_payload.incident),
      buttons: JSON.stringify(blocks),
    }));

async function press(mark: string, actionId: string): Promise<number> {
  const card = cards(mark).find((each) => each.mark === mark);
  const { headers, body } = slackClick({
    signingSecret: world.env.SLACK_SIGNING_SECRET ?? '',
    actionId,
    incidentId: mark,
    userId: 'U0ADA',
    channelId: card?.channelId ?? 'C0NONE',
    messageTs: card?.ts ?? '1',
  });
  return (await fetch(`${world.server.url}/slack/interactivity`, { method: 'POST', headers, body })).status;
}

describe('two PagerDuty accounts with one incident id', () => {
  it('have a run, a room, an issue and a note each, and what one does stays in its account', async () => {
    const id = raiseInBoth('Search p99 latency above 2 s');
    await withRun(`production-incident/${id}`);
    await withRun(`production-incident/eu/${id}`);
    for (const account of accounts()) await eventually('its note', () => notesOn(account, id).length === 1);
    for (const subject of [id, `eu/${id}`])
      expect((await world.runs(subject)).map(({ id: run }) => run).sort()).toEqual([
        `production-incident/${subject}`,
        `triggered-and-unacked/${subject}`,
      ]);

    await eventually('both cards', () => cards(id).length === 2);
    expect(
      cards(id)
        .map(({ mark }) => mark)
        .sort(),
    ).toEqual([id, `eu-${id}`].sort());
    expect(new Set(cards(id).map(({ channelId }) => channelId)).size).toBe(2);
    const issues = world.jira.world.issues.filter((issue) => JSON.stringify(issue).includes(id));
    expect(issues).toHaveLength(2);
    const [inDefault, inEu] = accounts().map((account) => notesOn(account, id).map(({ detail }) => detail));
    expect(inDefault).not.toEqual(inEu);
    const warned = world.log.filter((line) => line.includes('eu of pagerduty is unverified'));
    expect(warned.some((line) => line.includes(`production-incident/eu/${id}`))).toBe(true);

    const began = await eventually('the first line of the run', async () =>
      (await world.record(`eu/${id}`)).find(({ action }) => action === 'run.started'),
    );
    const doubt = { provider: 'pagerduty', connection: 'eu', state: 'unverified' };
    expect(began.detail.doubts).toEqual([doubt]);
    const read = (await world.record(`eu/${id}`)).find(({ action }) => action === 'activity.completed');
    expect(read?.detail).toMatchObject({ doubt: 'unverified' });

    expect(await press(`eu-${id}`, 'acknowledge')).toBe(200);
    await eventually('the click', () => statusIn(eu, id) === 'acknowledged');
    expect(statusIn(world.pagerDuty, id)).toBe('triggered');
    await settled(`eu/${id}`, 'acknowledged');

    const told = {
      type: 'pagerduty.incident.acknowledged',
      eventId: `probe${id}`,
      source: '/pagerduty/default',
    };
    const now = new Date().toISOString();
    expect(await world.store.claimEcho({ ...told, subject: id, time: now, receivedAt: now })).toBeUndefined();
    // The effect on one account is no reason to take the same event of the other for its echo.
    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    const event = await settled(id, 'acknowledged');
    expect(event).toMatchObject({ disposition: 'dispatched' });
    expect(await world.run(`quiet-incident/${id}`)).toBeDefined();

    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await settled(id, 'resolved');
    expect((await world.store.situation(id)).incident?.status).toBe('resolved');
    expect((await world.store.situation(`eu/${id}`)).incident?.status).toBe('acknowledged');
    expect(statusIn(eu, id)).toBe('acknowledged');
    for (const { calls, world: account } of accounts()) {
      const tokens = calls.flatMap(({ headers: { authorization } }) => authorization ?? []);
      expect(new Set(tokens)).toEqual(new Set([`Token token=${account.token}`]));
    }
  });

  it('read a number that is typed in a room as one of the account of the room', async () => {
    const id = raiseInBoth('Search is slow');
    for (const { world: account } of accounts())
      for (const incident of account.incidents) if (incident.id === id) incident.number = 70_042;
    const room = await eventually('the room of the second account', () =>
      cards(id).find(({ mark }) => mark === `eu-${id}`),
    );
    const place = { userId: 'U0ADA', channelId: room.channelId, batonUrl: world.server.url };
    await typeCommand(world.slack, place, 'ack #70042');
    await eventually('the command', () =>
      accounts().some((account) => statusIn(account, id) === 'acknowledged'),
    );
    expect(accounts().map((account) => statusIn(account, id))).toEqual(['triggered', 'acknowledged']);
  });

  it('are named by #42 and by id with the account before it, and a change told in a room is one of its account', async () => {
    const id = raiseInBoth('Search is slower');
    for (const { world: account } of accounts())
      for (const incident of account.incidents) if (incident.id === id) incident.number = 70_043;
    const room = await eventually('the room of the second account', () =>
      cards(id).find(({ mark }) => mark === `eu-${id}`),
    );
    const place = { userId: 'U0ADA', channelId: 'C0GENERAL', batonUrl: world.server.url };
    await typeCommand(world.slack, place, 'ack eu#70043');
    await eventually('the command', () => statusIn(eu, id) === 'acknowledged');
    await typeCommand(world.slack, place, `resolve eu/${id}`);
    await eventually('the command', () => statusIn(eu, id) === 'resolved');
    expect(statusIn(world.pagerDuty, id)).toBe('triggered');

    await typeCommand(world.slack, { ...place, channelId: room.channelId }, 'change Checkout new index');
    await eventually('the change', () =>
      eu.world.changeEvents.some(({ summary }) => summary === 'new index'),
    );
    expect(world.pagerDuty.world.changeEvents.some(({ summary }) => summary === 'new index')).toBe(false);
  });

  it('are listed for whoever asks outside of a room how things stand, also where one account does not answer', async () => {
    const ids = accounts().map((account) =>
      raiseIncident(account, { title: 'Asked about', service: 'Search' }),
    );
    const numbers = accounts().map(
      (account, place) => account.world.incidents.find(({ id }) => id === ids[place])?.number,
    );
    const place = { userId: 'U0ADA', channelId: 'C0GENERAL', batonUrl: world.server.url };
    const answerTo = async (text: string) => {
      const told = () =>
        world.slack.world.ephemerals.filter((each) => /own|open incidents|assigned to you/.test(each.text));
      const before = told().length;
      await typeCommand(world.slack, place, text);
      return (await eventually('the answer', () => told()[before])).text;
    };
    const both = await answerTo('status');
    expect(both).toContain(` #${numbers[0]} Asked about: triggered`);
    expect(both).toContain(` eu#${numbers[1]} Asked about: triggered`);
    expect(both).toMatch(/More of one: \/baton status (eu)?#\d+$/);

    eu.fail({ kind: 'status', status: 403, match: '/users', times: 50 });
    const one = await answerTo('oncall');
    await fetch(`${eu.url}/_simulator/faults`, { method: 'DELETE' });
    expect(one).toContain(` #${numbers[0]} Asked about: triggered`);
    expect(one).toMatch(/Those of the account eu could not be read: .*403/);
  });

  it('whose events have one id too are told apart, and each is a duplicate of its own only', async () => {
    const id = newId();
    const [path, inEu] = ['/webhooks/pagerduty', '/webhooks/pagerduty/eu'];
    const deliver = async (to: string, by: string) => {
      const { headers, body } = pagerDutyWebhook(by, {
        id: `ping${id}`,
        event_type: 'incident.annotated',
        occurred_at: new Date().toISOString(),
        agent: null,
        data: { incident: { id, type: 'incident_reference' }, id: 'N1', content: 'x', trimmed: false },
      });
      const answer = await fetch(world.server.url + to, { method: 'POST', headers, body });
      return { status: answer.status, ...((await answer.json()) as { duplicate?: boolean }) };
    };
    expect(await deliver(path, simulatedWebhookSecret)).toMatchObject({ status: 202, duplicate: false });
    expect(await deliver(inEu, secret)).toMatchObject({ status: 202, duplicate: false });
    expect(await deliver(inEu, secret)).toMatchObject({ status: 202, duplicate: true });
    expect(await deliver(inEu, simulatedWebhookSecret)).toMatchObject({ status: 403 });
    expect(await deliver(path, secret)).toMatchObject({ status: 403 });
    expect(await deliver('/webhooks/pagerduty/us', secret)).toMatchObject({ status: 404 });
    expect((await world.store.listEvents({ subject: id, limit: 9 })).map(({ source }) => source)).toEqual([
      '/pagerduty/default',
    ]);
    expect(
      (await world.store.listEvents({ subject: `eu/${id}`, limit: 9 })).map(({ source }) => source),
    ).toEqual(['/pagerduty/eu', '/pagerduty/eu']);
  });

  it('page in their own account for a run that failed, and take back only that page', async () => {
    const instance = 'i-0abc12345def67890';
    const raise = (account: PagerDutySimulator) =>
      raiseIncident(account, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Search' });
    const pages = ({ world: { alerts } }: PagerDutySimulator) =>
      alerts.filter(({ key }) => key.startsWith('baton/ec2UnhealthyRestart/'));
    world.ec2.world.denied.push('ec2:DescribeInstances');
    const [first, second] = accounts().map(raise);
    for (const id of [`ec2-unhealthy/${first}`, `ec2-unhealthy/eu/${second}`])
      expect((await ended(id)).state).toBe('failed');
    for (const account of accounts())
      await eventually('its page', () => pages(account).some(({ status }) => status === 'triggered'));
    expect(pages(world.pagerDuty).map(({ key }) => key)).toEqual([
      `baton/ec2UnhealthyRestart/ProviderRefused/${instance}`,
    ]);
    expect(pages(eu).map(({ key }) => key)).toEqual([
      `baton/ec2UnhealthyRestart/ProviderRefused/eu%2F${instance}`,
    ]);
    expect(JSON.stringify(pages(eu)[0]?.details)).toContain(`eu/${second}`);

    world.ec2.world.denied.length = 0;
    expect((await ended(`ec2-unhealthy/eu/${raise(eu)}`)).outcome).toBe('healthy again');
    expect(pages(world.pagerDuty).some(({ status }) => status === 'triggered')).toBe(true);
  });

  it('do not see the other one’s secrets in record and log', async () => {
    const all = JSON.stringify([await world.store.readRecord({ limit: 10_000 }), world.log]);
    expect(all).toContain('production-incident/eu/');
    expect(all).not.toContain(eu.world.token);
    expect(all).not.toContain(secret);
  });
});
