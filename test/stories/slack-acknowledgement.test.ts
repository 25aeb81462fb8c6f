import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { signSlack, slackClick } from '../../simulator/slack.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  world.slack.world.users.push({
    id: 'U0GUEST',
    name: 'gus',
    realName: 'Gus Guest',
    email: 'gus@elsewhere.example',
    deleted: false,
    guest: false,
    bot: false,
  });
});
afterAll(() => world.close());

/** A high-urgency incident whose card is there. */
async function withCard(): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title: 'Search p99 latency above 2 s', service: 'Search' });
  await eventually('the status card', () => cardOf(world.slack, id));
  await eventually('the note of the policy', () =>
    world.pagerDuty.ledger.some(({ effect, target }) => effect === 'note added' && target === id),
  );
  return id;
}

const clicks = async (incidentId: string) =>
  (await world.runs(incidentId)).filter(({ trigger }) => trigger === 'slack-action');
const clicksEnded = (incidentId: string, count: number) =>
  eventually(`${count} clicks to be carried out`, async () => {
    const ended = (await clicks(incidentId)).filter(({ endedAt }) => endedAt);
    return ended.length === count ? ended : undefined;
  });
const effects = (incidentId: string, effect: string) =>
  world.pagerDuty.ledger.filter((each) => each.target === incidentId && each.effect === effect);
const incident = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id);
const answersTo = (userId: string) =>
  world.slack.world.ephemerals.filter((each) => each.userId === userId).map(({ text }) => text);
const press = (incidentId: string, userId = 'U0ADA', actionId = 'acknowledge') =>
  world.click({ actionId, incidentId, userId });

describe('the Acknowledge button', () => {
  it('acknowledges as the person who pressed it, answers them, and shows it on the card', async () => {
    const id = await withCard();
    expect(await press(id)).toBe(200);
    const [run] = await clicksEnded(id, 1);
    expect(run?.outcome).toBe('acknowledged');
    expect(effects(id, 'incident acknowledged').map(({ by }) => by)).toEqual(['ada@example.com']);
    expect(answersTo('U0ADA').some((text) => text.includes('You acknowledged'))).toBe(true);
    await eventually('the card to say so', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).toLowerCase().includes('acknowledged'),
    );
    const record = await world.record(id);
    expect(
      record.some(
        ({ actor, action }) => actor === 'person:ada@example.com' && action === 'activity.completed',
      ),
    ).toBe(true);
  });

  it('acts once when it is pressed twice, and when two people press it at once', async () => {
    const id = await withCard();
    await Promise.all([press(id), press(id), press(id, 'U0BEN')]);
    const ended = await clicksEnded(id, 3);
    expect(effects(id, 'incident acknowledged')).toHaveLength(1);
    expect(ended.map(({ outcome }) => outcome).sort()).toEqual([
      'acknowledged',
      'acknowledged before',
      'acknowledged before',
    ]);
    expect(
      [...answersTo('U0ADA'), ...answersTo('U0BEN')].some((text) => text.includes('was acknowledged by')),
    ).toBe(true);
  });

  it('refuses somebody whom PagerDuty does not know, in private, and calls nothing', async () => {
    const id = await withCard();
    await press(id, 'U0GUEST');
    const [run] = await clicksEnded(id, 1);
    expect(run?.outcome).toBe('refused');
    expect(incident(id)?.status).toBe('triggered');
    const told = [...answersTo('U0GUEST'), ...world.slack.world.messages.map(({ text }) => text)];
    expect(told.some((text) => text.includes('no user with your e-mail address'))).toBe(true);
    const record = await world.record(id);
    expect(
      record.some(({ action, detail }) => action === 'run.said' && String(detail.text).startsWith('Refused')),
    ).toBe(true);
  });

  it('never opens a resolved incident again', async () => {
    const id = await withCard();
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await press(id);
    const [run] = await clicksEnded(id, 1);
    expect(run?.outcome).toBe('resolved before');
    expect(incident(id)?.status).toBe('resolved');
    expect(effects(id, 'incident acknowledged')).toEqual([]);
  });
});

describe('the Resolve button', () => {
  it('resolves as the person', async () => {
    const id = await withCard();
    await press(id, 'U0BEN', 'resolve');
    const [run] = await clicksEnded(id, 1);
    expect(run?.outcome).toBe('resolved');
    expect(effects(id, 'incident resolved').map(({ by }) => by)).toEqual(['ben@example.com']);
  });
});

describe('a request that is not Slack’s, or not now', () => {
  const post = async (headers: Record<string, string>, body: string) => {
    const answer = await fetch(`${world.server.url}/slack/interactivity`, { method: 'POST', headers, body });
    await answer.body?.cancel();
    return answer.status;
  };
  const request = (now = new Date()) =>
    slackClick({
      signingSecret: simulatedSigningSecret,
      actionId: 'acknowledge',
      incidentId: 'QUNKNOWN000001',
      userId: 'U0ADA',
      channelId: 'C1',
      messageTs: '1.000001',
      now,
    });

  it.each([
    [
      'a signature of another secret',
      () => {
        const { headers, body } = request();
        return {
          headers: {
            ...headers,
            'x-slack-signature': signSlack('another', headers['x-slack-request-timestamp'] ?? '', body),
          },
          body,
        };
      },
    ],
    [
      'no signature',
      () => {
        const { headers, body } = request();
        const { 'x-slack-signature': _, ...rest } = headers;
        return { headers: rest, body };
      },
    ],
    ['a time more than five minutes ago', () => request(new Date(Date.now() - 301_000))],
    ['a time more than five minutes ahead', () => request(new Date(Date.now() + 302_000))],
    [
      'a changed body',
      () => {
        const { headers, body } = request();
        return { headers, body: `${body}x` };
      },
    ],
  ])('is refused with 401 and stored nowhere: %s', async (_, make) => {
    const before = await world.store.listEvents({ limit: 1 });
    const { headers, body } = make();
    expect(await post(headers, body)).toBe(401);
    expect((await world.store.listEvents({ limit: 1 }))[0]?.seq).toBe(before[0]?.seq);
  });

  it('has no second effect when it is replayed', async () => {
    const id = await withCard();
    const card = cardOf(world.slack, id);
    const { headers, body } = slackClick({
      signingSecret: simulatedSigningSecret,
      actionId: 'acknowledge',
      incidentId: id,
      userId: 'U0ADA',
      channelId: card?.channelId ?? '',
      messageTs: card?.ts ?? '',
    });
    expect([await post(headers, body), await post(headers, body)]).toEqual([200, 200]);
    await clicksEnded(id, 1);
    const events = (await world.store.listEvents({ subject: id, limit: 50 })).filter(
      ({ type }) => type === 'slack.action',
    );
    expect(events.map(({ disposition }) => disposition).sort()).toEqual(['dispatched', 'duplicate']);
    expect(effects(id, 'incident acknowledged')).toHaveLength(1);
  });
});
