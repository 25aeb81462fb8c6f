import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byId } from '../../simulator/pagerduty/world.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import { entry } from '../store/world.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
/** Of low urgency, so that nothing else happens to it. */
let incidentId: string;
beforeAll(async () => {
  world = await startWorld();
  incidentId = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search', urgency: 'low' });
});
afterAll(() => world.close());

let people = 0;
/** Somebody whom PagerDuty has under another address than Slack. */
function newPerson({ guest = false } = {}) {
  people += 1;
  const [slackUser, pagerDutyUser, name] = [`U0PER${people}`, `PPERSO${people}`, `person${people}`];
  const email = `${name}@pager.example.com`;
  const slackEmail = `${name}@example.com`;
  const { users } = world.slack.world;
  users.push({
    id: slackUser,
    name,
    realName: `Per ${people}`,
    email: slackEmail,
    deleted: false,
    guest,
    bot: false,
  });
  world.pagerDuty.world.users.push({ id: pagerDutyUser, name: `Per ${people}`, email, role: 'admin' });
  return { slackUser, pagerDutyUser, email };
}

const runsOf = async (trigger: string) =>
  (await world.store.listRuns({ limit: 500 })).filter((run) => run.trigger === trigger);

/** Does something that starts a run, and gives the run's outcome. */
async function outcomeOf(trigger: string, act: () => unknown): Promise<string | undefined> {
  const before = new Set((await runsOf(trigger)).map(({ id }) => id));
  await act();
  const run = await eventually(`a run of ${trigger} to end`, async () =>
    (await runsOf(trigger)).find(({ id, endedAt }) => endedAt && !before.has(id)),
  );
  return run.outcome;
}
const type = (text: string, userId: string) =>
  outcomeOf('slack-request', () =>
    typeCommand(world.slack, { userId, channelId: 'C0GENERAL', batonUrl: world.server.url }, text),
  );

const messagesTo = (userId: string) => {
  const { messages, channels } = world.slack.world;
  const own = channels.filter(({ kind, memberIds }) => kind === 'im' && memberIds.includes(userId));
  return messages.filter(({ channelId }) => own.some(({ id }) => id === channelId));
};
const lastTo = (userId: string) => messagesTo(userId).at(-1)?.text ?? '';
const lastEphemeral = (userId: string) =>
  world.slack.world.ephemerals.findLast((each) => each.userId === userId)?.text ?? '';

/** Asks for a code, and reads it in the direct message. */
async function codeFor(slackUser: string): Promise<string> {
  expect(await type('link-me', slackUser)).toBe('done');
  // Whoever is not in the channel gets the answer to the command by a direct message too.
  const said = JSON.stringify(messagesTo(slackUser));
  const code = said.match(/baton-link-[a-z2-7]{16}/g)?.at(-1);
  if (code === undefined) throw new Error(`No code was told to ${slackUser}`);
  return code;
}
const write = (content: string, userId: string) => {
  const incident = byId(world.pagerDuty.world.incidents, incidentId);
  if (!incident) throw new Error('There is no such incident');
  world.pagerDuty.account.annotate(incident, content, userId);
};
const written = (content: string, userId: string) => outcomeOf('link-code', () => write(content, userId));
const linkOf = async (slackUser: string) => (await world.store.findPersonInSlack(slackUser))?.email;

describe('somebody whose address in Slack is not that in PagerDuty', () => {
  it('is refused with what to do, proves who they are by a note, and then acts under that name', async () => {
    const { slackUser, pagerDutyUser, email } = newPerson();
    expect(await type(`ack ${incidentId}`, slackUser)).toBe('refused');
    expect(lastEphemeral(slackUser) + lastTo(slackUser)).toContain('/baton link-me');

    const code = await codeFor(slackUser);
    expect(await written(` ${code}\n`, pagerDutyUser)).toBe('linked');
    expect(await linkOf(slackUser)).toBe(email);
    expect(lastTo(slackUser)).toContain(`(${email}) in PagerDuty from now on`);
    expect(lastTo(slackUser)).toContain(`npx baton people link ${email} --no-slack-user`);
    expect(world.pagerDuty.world.notes.at(-1)?.content).toContain(`is the Slack user ${slackUser} to Baton`);

    expect(await type(`ack ${incidentId}`, slackUser)).toBe('acknowledged');
    const acknowledged = world.pagerDuty.ledger.filter(({ effect }) => effect === 'incident acknowledged');
    expect(acknowledged.at(-1)).toMatchObject({ by: email, target: incidentId });
  });

  it('leaves the steps in the record, and the code nowhere', async () => {
    const { slackUser, pagerDutyUser, email } = newPerson();
    const code = await codeFor(slackUser);
    await written(code, pagerDutyUser);
    const lines = [...(await world.record(slackUser)), ...(await world.record(email))];
    expect(lines).toMatchObject([
      { action: 'link-code.given', detail: { slackUser } },
      { action: 'link-code.used', actor: `person:${email}`, detail: { slackUser, email, state: 'linked' } },
    ]);
    const all = await world.store.readRecord({ limit: 10_000 });
    expect(JSON.stringify(all)).not.toContain(code.slice('baton-link-'.length));
    for (const { id } of [...(await runsOf('link-code')), ...(await runsOf('slack-request'))]) {
      const history = await world.temporal.client.workflow.getHandle(id).fetchHistory();
      const payloads = JSON.stringify(history, (_, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString() : value,
      );
      expect(payloads).not.toContain(code);
    }
  });

  it('replaces the own link by a new proof, and is told so', async () => {
    const [first, second] = [newPerson(), newPerson()];
    await written(await codeFor(first.slackUser), first.pagerDutyUser);
    await written(await codeFor(first.slackUser), second.pagerDutyUser);
    expect(await linkOf(first.slackUser)).toBe(second.email);
    expect(lastTo(first.slackUser)).toContain(`replaces your link to ${first.email}`);
  });
});

describe('a code', () => {
  it('links its own user of Slack to whoever writes it, and nobody else', async () => {
    const [asker, author] = [newPerson(), newPerson()];
    await written(await codeFor(asker.slackUser), author.pagerDutyUser);
    expect(await linkOf(asker.slackUser)).toBe(author.email);
    expect(await linkOf(author.slackUser)).toBeUndefined();
  });

  it('that nobody was given links nobody, and nobody is told', async () => {
    const { slackUser, pagerDutyUser } = newPerson();
    expect(await written('baton-link-aaaaaaaaaaaaaaaa', pagerDutyUser)).toBe('no such code');
    expect(await linkOf(slackUser)).toBeUndefined();
  });

  it('counts once', async () => {
    const [asker, other] = [newPerson(), newPerson()];
    const code = await codeFor(asker.slackUser);
    expect(await written(code, asker.pagerDutyUser)).toBe('linked');
    expect(await written(code, other.pagerDutyUser)).toBe('refused');
    expect(await linkOf(asker.slackUser)).toBe(asker.email);
    expect(lastTo(asker.slackUser)).toContain('used before');
  });

  it('does not take an address from another user of Slack', async () => {
    const [holder, asker] = [newPerson(), newPerson()];
    await world.store.linkSlackUser(holder.email, holder.slackUser, entry());
    expect(await written(await codeFor(asker.slackUser), holder.pagerDutyUser)).toBe('refused');
    expect(await linkOf(holder.slackUser)).toBe(holder.email);
    expect(await linkOf(asker.slackUser)).toBeUndefined();
    expect(lastTo(asker.slackUser)).toContain('linked to another user of Slack already');
  });

  it('is not given to a guest', async () => {
    const { slackUser } = newPerson({ guest: true });
    expect(await type('link-me', slackUser)).toBe('refused');
    expect(lastEphemeral(slackUser) + lastTo(slackUser)).toContain('you are a guest');
    expect(JSON.stringify(messagesTo(slackUser))).not.toContain('baton-link-');
  });

  it('is not given where five are open', async () => {
    const { slackUser } = newPerson();
    for (let count = 0; count < 5; count += 1) await codeFor(slackUser);
    expect(await type('link-me', slackUser)).toBe('refused');
    expect(lastEphemeral(slackUser) + lastTo(slackUser)).toContain('5 codes that are open');
  });
});
