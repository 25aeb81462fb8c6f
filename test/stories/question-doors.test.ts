import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { takeOver } from '../../docs/examples/workflows/take-over.ts';
import type { AnswerValues, Question } from '../../domain/question.ts';
import { perform } from '../../server/operations/perform.ts';
import { answerQuestion } from '../../server/operations/questions.ts';
import type { Refusal } from '../../server/refusal.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { fillForm } from '../../simulator/slack-person.ts';
import { waitingDelivery } from '../../store/asked/question-lines.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ask, bearer, newToken, openDoor, sendJson } from '../rights/door.ts';
import { entry } from '../store/world.ts';
import { testBundle } from '../temporal.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { overHttp } from './slack-doors.ts';

const asksRegion = defineTrigger({
  name: 'take-over',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: takeOver,
  input: ({ id, service }) => ({ incidentId: id, serviceId: service.id }),
});

let world: World;
beforeAll(async () => {
  world = await startWorld({
    bundle: testBundle(),
    triggers: [productionIncident, asksRegion, approvalMessage, slackRequest],
  });
  await world.store.setRole('ada@example.com', 'responder', entry());
  await world.store.setRole('cleo@example.com', 'admin', entry());
  const cleo = { id: 'U0CLEO', name: 'cleo', realName: 'Cleo Ng', email: 'cleo@example.com' };
  world.slack.world.users.push({ ...cleo, deleted: false, guest: false, bot: false });
});
afterAll(() => world.close());

/** An incident whose run asks, with Ben in its room, who is on call for it on the second level. */
async function raise() {
  const id = raiseIncident(world.pagerDuty, { title: 'Region lost', service: 'Checkout' });
  const { channelId } = await eventually('the room to be open', () => cardOf(world.slack, id));
  world.slack.world.channels.find((each) => each.id === channelId)?.memberIds.push('U0BEN', 'U0CLEO');
  return { id, channelId, question: await askedFor(id) };
}
const askedFor = (id: string, not?: string) =>
  eventually('a question to be asked', async () => {
    const { items } = await world.store.pageOfQuestions({ subject: id, state: 'pending', limit: 1 });
    return items.find((each) => each.id !== not);
  });
const kept = async ({ id }: Question) => {
  const found = await world.store.findQuestion(id);
  if (!found) throw new Error('It is not kept');
  return found;
};
interface Element {
  action_id: string;
  value: string;
}
/** What people see of it in Slack, once it says `words`. */
const shown = (question: Question, words: string) =>
  eventually(`the message to say ${words}`, async () => {
    const [place] = (await kept(question)).messages;
    const found = world.slack.world.messages.find(
      ({ ts, channelId }) => ts === place?.ts && channelId === place.channelId,
    );
    const text = JSON.stringify(found?.blocks ?? '');
    if (!found || !text.includes(words)) return undefined;
    const blocks = (found.blocks ?? []) as { type: string; elements?: Element[] }[];
    const buttons = blocks.flatMap(({ type, elements = [] }) => (type === 'actions' ? elements : []));
    return { channelId: found.channelId, ts: found.ts, text, buttons };
  });
type Shown = Awaited<ReturnType<typeof shown>>;
const press = ({ channelId, ts, buttons }: Shown, index: number, userId = 'U0BEN') => {
  const { action_id: actionId = '', value = '' } = buttons[index] ?? {};
  return overHttp(world).press({ actionId, value, channelId, messageTs: ts, userId });
};
const fill = (channelId: string, values: Record<string, string>, userId = 'U0BEN') =>
  fillForm(world.slack, { userId, channelId, batonUrl: world.server.url }, values);
const isTold = (userId: string, words: string) =>
  eventually(`${userId} to be told: ${words}`, () =>
    world.slack.world.ephemerals.find((each) => each.userId === userId && each.text.includes(words)),
  );
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`take-over/${id}`);
    return run?.endedAt ? run : undefined;
  });
const published = (id: string) =>
  world.pagerDuty.ledger.filter(({ effect, target }) => effect.includes('status update') && target === id);

/** Ada answers by the command. */
const byCommand = ({ id }: Question, values: AnswerValues) =>
  perform(
    answerQuestion,
    { id, values },
    {
      ...world.operations,
      principal: { kind: 'person', name: 'ada@example.com', role: 'responder' },
      via: 'cli',
    },
  );
/** Ada answers by the API, with a token of a program of hers. */
async function byApi({ id }: Question, values: AnswerValues) {
  const { url } = await openDoor(world.store, { world: world.operations });
  const { text } = await newToken(world.store, { role: 'responder' });
  return ask(`${url}/api/v1/questions/${id}/answer`, sendJson('POST', { values }, bearer(text)));
}
/** Slack answers 503 to all until `isBack`. */
function slackFails() {
  world.slack.fail({ kind: 'status', status: 503, times: Number.MAX_SAFE_INTEGER });
  onTestFinished(async () => void (await isBack()));
}
const isBack = () => fetch(`${world.slack.url}/_simulator/faults`, { method: 'DELETE' });

describe('a run that asks who is on call', () => {
  it('shows a button for each option in the room, then a form, and goes on by what they say', async () => {
    const { id, channelId, question } = await raise();
    const message = await shown(question, '"answer.1"');
    expect(message.channelId).toBe(channelId);
    expect(message.buttons.map(({ value }) => value)).toEqual([
      `${question.id}/eu-west-1`,
      `${question.id}/eu-central-1`,
    ]);
    expect(message.text).toContain('Frankfurt: It has room for half of the load');

    await eventually('the card to say what is waited for', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).includes('Question: Which region takes over?'),
    );

    // Cleo is an admin, and nobody has asked her.
    await press(message, 0, 'U0CLEO');
    await isTold('U0CLEO', 'Baton did not answer the question: You (cleo@example.com) are not among those');
    expect(await kept(question)).toMatchObject({ state: 'pending', answers: [] });

    await press(message, 1);
    await isTold('U0BEN', 'You answered: Frankfurt.');
    const mended = await shown(question, 'Answered by Ben Okafor (slack');
    expect(mended.text).toContain('Frankfurt');
    expect(mended.buttons).toEqual([]);

    const form = await askedFor(id, question.id);
    await press(await shown(form, '"answer_form"'), 0);
    const view = await eventually('the form', () => world.slack.world.views?.at(-1)?.view);
    expect(JSON.stringify(view.blocks)).toContain('How many of them?');
    const wrong = { 'input.seen': 'x'.repeat(501), 'input.users': 'many', 'input.isSafe': 'yes' };
    expect(JSON.parse((await fill(channelId, wrong)).text)).toEqual({
      'input.seen': 'It has 501 characters, and takes 500.',
      'input.users': 'It must be a whole number.',
    });
    expect(await kept(form)).toMatchObject({ state: 'pending' });
    await fill(channelId, { 'input.seen': 'Nothing works.', 'input.isSafe': 'no' });

    expect(await ended(id)).toMatchObject({ outcome: 'told' });
    expect(await kept(form)).toMatchObject({
      state: 'answered',
      answers: [
        { by: 'person:ben@example.com', via: 'slack', values: { seen: 'Nothing works.', isSafe: false } },
      ],
    });
    expect((await shown(form, 'Answered by Ben Okafor')).text).toContain('Are their orders safe?: no');
    expect(published(id)).toHaveLength(1);
    await eventually('the room to be told', () =>
      world.slack.world.messages.some(
        (each) =>
          each.channelId === channelId &&
          each.text.startsWith('Ben Okafor answered: Which region takes over? It is open'),
      ),
    );
    const lines = (await world.record(id)).filter(({ action }) => action.startsWith('question.'));
    expect(lines.map(({ action, actor }) => [action, actor])).toEqual([
      ['question.asked', 'trigger:take-over'],
      ['question.answered', 'person:ben@example.com'],
      ['question.asked', 'trigger:take-over'],
      ['question.answered', 'person:ben@example.com'],
    ]);
  }, 60_000);

  it('is answered by command while Slack is down; Slack shows it as answered when it is back', async () => {
    const { id, question } = await raise();
    await shown(question, '"answer.1"');
    slackFails();
    await expect(byCommand(question, { choice: 'us-east-1' })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('choice must be one of eu-west-1, eu-central-1'),
    });
    expect(await byCommand(question, { choice: 'eu-west-1' })).toMatchObject({
      state: 'answered',
      said: 'Ireland',
      takenUp: true,
    });
    const form = await askedFor(id, question.id);
    await byCommand(form, { seen: 'Nothing works.', users: 7, isSafe: true });
    expect(await ended(id)).toMatchObject({ outcome: 'told' });
    await isBack();
    expect((await shown(question, 'Answered by Ada Lopez (cli')).buttons).toEqual([]);

    // An old screen still shows the button.
    const [place] = (await kept(question)).messages;
    const old = { channelId: place?.channelId ?? '', messageTs: place?.ts ?? '', userId: 'U0BEN' };
    await overHttp(world).press({ ...old, actionId: 'answer.2', value: `${question.id}/eu-central-1` });
    await isTold('U0BEN', 'It was answered by Ada Lopez');
    expect((await kept(question)).answers).toHaveLength(1);
  }, 60_000);

  it('takes one answer of three that come at once, and tells the others who was first, when and where', async () => {
    const { id, question } = await raise();
    const message = await shown(question, '"answer.1"');
    const [command, api] = await Promise.all([
      byCommand(question, { choice: 'eu-west-1' }).catch((error: Refusal) => error),
      byApi(question, { choice: 'eu-west-1' }),
      press(message, 1),
    ]);
    const first = await eventually('an answer', async () => (await kept(question)).answers[0]);
    const words = `It was answered by ${first.name} at ${first.at}, by ${first.via}: `;
    expect(`${command}`).toEqual(first.via === 'cli' ? '[object Object]' : expect.stringContaining(words));
    // A token is on no list of people.
    expect(api.status).toBe(api.json.title === 'Answered' ? 409 : 403);
    await isTold('U0BEN', first.via === 'slack' ? 'You answered: Frankfurt' : words);
    expect((await kept(question)).answers).toHaveLength(1);
    await byCommand(await askedFor(id, question.id), { seen: 'x', isSafe: true });
    expect(await ended(id)).toMatchObject({ outcome: 'told' });
  }, 60_000);

  it('reminds people of it in the thread of its message, once it has waited long', async () => {
    const { id, channelId, question } = await raise();
    const { ts } = await shown(question, '"answer.1"');
    const waiting = waitingDelivery(question, 1, new Date().toISOString());
    await world.store.receive({ ...waiting, leave: true });
    const words = 'This still waits for an answer: Which region takes over?';
    await eventually('the reminder', () =>
      world.slack.world.messages.some(
        (each) => each.channelId === channelId && each.threadTs === ts && each.text.includes(words),
      ),
    );
    resolveAs(world.pagerDuty, id, 'PADALOP');
  }, 60_000);

  it('asks no more where somebody resolves the incident, and its message says so', async () => {
    const { id, question } = await raise();
    await shown(question, '"answer.1"');
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await shown(question, 'the incident was resolved by Ada Lopez')).buttons).toEqual([]);
    expect(await kept(question)).toMatchObject({ state: 'withdrawn' });
    expect(published(id)).toEqual([]);
  }, 60_000);
});

describe('a button with a made-up value', () => {
  it('opens no form and answers nothing, wherever it stands', async () => {
    const { id, channelId, question } = await raise();
    const message = await shown(question, '"answer.1"');
    const views = world.slack.world.views?.length ?? 0;
    const pressed = (actionId: string, value: string, messageTs = message.ts) =>
      overHttp(world).press({ actionId, value, channelId, messageTs, userId: 'U0BEN' });
    await pressed('answer_form', 'nobody-knows-it');
    await pressed('answer_form', question.id, '1700000000.000100');
    await isTold('U0BEN', 'Baton knows of no question that this message shows');
    await pressed('answer.1', `${question.id}/eu-west-1`, '1700000000.000100');
    await isTold('U0BEN', 'the button does not stand on a message about that question');
    await pressed('answer.1', `${question.id}/elsewhere`);
    await isTold('U0BEN', 'choice must be one of eu-west-1, eu-central-1');
    expect(world.slack.world.views?.length ?? 0).toBe(views);
    expect(await kept(question)).toMatchObject({ state: 'pending' });
    resolveAs(world.pagerDuty, id, 'PADALOP');
  }, 60_000);
});
