import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParkedQuestion } from '../../domain/question.ts';
import { perform } from '../../server/operations/perform.ts';
import { showRun } from '../../server/operations/runs.ts';
import { unparkRun } from '../../server/operations/runs-unpark.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { fillForm } from '../../simulator/slack-person.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import type { RunningWorker } from '../../worker/worker.ts';
import { ask, bearer, newToken, openDoor, sendJson } from '../rights/door.ts';
import { entry } from '../store/world.ts';
import { testBundle } from '../temporal.ts';
import { cardOf, eventually, startWorkerBeside, startWorld, type World } from '../world.ts';
import { handOver } from './fixture/with-parking.ts';
import { overHttp } from './slack-doors.ts';

const handsOver = defineTrigger({
  name: 'hand-over',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: handOver,
  input: ({ id }) => ({ incidentId: id }),
});

let world: World;
let bundle: WorkflowBundle;
let beside: RunningWorker | undefined;
beforeAll(async () => {
  bundle = testBundle();
  world = await startWorld({
    bundle,
    triggers: [productionIncident, handsOver, approvalMessage, slackRequest],
  });
  await world.store.setRole('ben@example.com', 'responder', entry());
  await world.store.setRole('cleo@example.com', 'operator', entry());
  const cleo = { id: 'U0CLEO', name: 'cleo', realName: 'Cleo Ng', email: 'cleo@example.com' };
  world.slack.world.users.push({ ...cleo, deleted: false, guest: false, bot: false });
});
afterAll(async () => {
  await beside?.stop();
  await world.close();
});

/** The issue is refused; or made, and neither the answer comes nor can the next look see it. */
const refuses = () =>
  world.jira.fail({ kind: 'status', status: 403, match: '"summary":"Take over"', times: 1 });
const loses = () => {
  const look = { match: 'hand-over\\"', times: 1 };
  world.jira.fail({ kind: 'cut-after', match: '"summary":"Take over"', times: 1 });
  world.jira.fail({ kind: 'delay', ms: 0, ...look });
  world.jira.fail({ kind: 'status', status: 403, ...look });
};

/** An incident whose run is parked, with Ben and Cleo in its room. */
async function raise(fault: () => unknown) {
  fault();
  const id = raiseIncident(world.pagerDuty, { title: 'It is down', service: 'Checkout' });
  const runId = `hand-over/${id}`;
  const question = await parkedAt(runId);
  const { channelId } = await eventually('the room to be open', () => cardOf(world.slack, id));
  world.slack.world.channels.find((each) => each.id === channelId)?.memberIds.push('U0BEN', 'U0CLEO');
  return { id, runId, channelId, question };
}
const parkedAt = (runId: string, not?: string) =>
  eventually('the run to be parked', async () => {
    const found = await world.store.parkedSteps([runId]);
    return found.find((each) => each.id !== not);
  });
interface Element {
  action_id: string;
  value: string;
}
/** What people see of it in Slack, once it says `words`. */
const shown = ({ id }: ParkedQuestion, words: string) =>
  eventually(`the message to say ${words}`, async () => {
    const [place] = (await world.store.findQuestion(id))?.messages ?? [];
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
const press = (
  { channelId, ts }: Shown,
  actionId: string,
  { id: value }: ParkedQuestion,
  userId = 'U0CLEO',
) => overHttp(world).press({ actionId, value, channelId, messageTs: ts, userId });
const fill = (channelId: string, values: Record<string, string>) =>
  fillForm(world.slack, { userId: 'U0CLEO', channelId, batonUrl: world.server.url }, values);
const isTold = (userId: string, words: string) =>
  eventually(`${userId} to be told: ${words}`, () =>
    world.slack.world.ephemerals.find((each) => each.userId === userId && each.text.includes(words)),
  );
const ended = (runId: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(runId);
    return run?.endedAt ? run : undefined;
  });
const notesOf = (id: string) =>
  world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
const issuesOf = (id: string) =>
  world.jira.world.issues.filter(({ fields }) => fields.labels.includes(`baton-${id}-hand-over`));

/** Olga, who is an operator, decides by the command. */
const byCommand = (input: object) =>
  perform(unparkRun, input, {
    ...world.operations,
    principal: { kind: 'person', name: 'olga@example.com', role: 'operator' },
    via: 'cli',
  });
/** By the API, with a token of a program. */
async function byApi(runId: string, body: object, role: 'responder' | 'operator' = 'operator') {
  const { url } = await openDoor(world.store, { world: world.operations });
  const { text } = await newToken(world.store, { role });
  return ask(`${url}/api/v1/runs/${runId}/unpark`, sendJson('POST', body, bearer(text)));
}
const shownRun = (id: string) =>
  perform(
    showRun,
    { id },
    {
      ...world.operations,
      principal: { kind: 'person', name: 'ben@example.com', role: 'responder' },
      via: 'cli',
    },
  );

describe('a run whose step fails for good', () => {
  it('is parked: Slack shows what failed, and an operator has it tried again with another input', async () => {
    const { id, runId, channelId, question } = await raise(refuses);
    const message = await shown(question, 'unpark_retry');
    expect(message.channelId).toBe(channelId);
    expect(message.text).toContain('createJiraIssue failed: ProviderRefused: Jira refused (403)');
    expect(message.text).toContain('May answer: whoever may unpark runs in Baton');
    expect(message.buttons.map(({ action_id }) => action_id)).toEqual([
      'unpark_retry',
      'unpark_input',
      'unpark_skip',
      'unpark_abort',
    ]);
    await eventually('the card to say what is waited for', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).includes('Parked: createJiraIssue failed'),
    );
    expect(await shownRun(runId)).toMatchObject({
      state: 'running',
      parked: [
        {
          step: 'createJiraIssue',
          input: { incidentId: id, summary: 'Take over' },
          failure: { class: 'ProviderRefused' },
          question: question.id,
          whoMay: 'whoever may unpark runs in Baton',
        },
      ],
    });

    await press(message, 'unpark_retry', question, 'U0BEN');
    await isTold(
      'U0BEN',
      'Baton did not take the decision: runs.unpark: runs.unpark needs operator or admin',
    );

    await press(message, 'unpark_input', question);
    const view = await eventually('the form', () => world.slack.world.views?.at(-1)?.view);
    const blocks = JSON.stringify(view.blocks);
    expect(blocks).toContain('"initial_value":"Take over"');
    expect(blocks).not.toContain('incidentId');
    const filled = { 'input.purpose': 'hand-over', 'input.text': 'All that is known.' };
    const wrong = { ...filled, 'input.summary': 'Take it', 'input.project': 'no such', 'input.labels': 'x' };
    expect(JSON.parse((await fill(channelId, wrong)).text)).toMatchObject({
      'input.labels': 'It must be JSON, such as ["a", "b"].',
    });
    const unfit = { ...filled, 'input.summary': 'Take it', 'input.project': 'no such' };
    expect(JSON.parse((await fill(channelId, unfit)).text)).toMatchObject({
      'input.project': expect.stringMatching(/^It does not fit: /),
    });
    await fill(channelId, { ...filled, 'input.summary': 'Take it' });
    await isTold('U0CLEO', 'You decided about createJiraIssue: Retry; with summary: Take it.');

    expect(await ended(runId)).toMatchObject({ outcome: 'handed over' });
    const [issue] = issuesOf(id);
    expect(issuesOf(id)).toHaveLength(1);
    expect(issue?.fields).toMatchObject({ summary: 'Take it' });
    // What was done before was not done again.
    expect(notesOf(id).filter((note) => note.includes('An issue follows.'))).toHaveLength(1);
    expect((await shown(question, 'Answered by Cleo Ng (slack')).buttons).toEqual([]);
    const lines = (await world.record(id)).filter(({ action }) => action.startsWith('question.'));
    expect(lines.map(({ action, actor }) => [action, actor])).toEqual([
      ['question.asked', 'trigger:hand-over'],
      ['question.answered', 'person:cleo@example.com'],
    ]);
    expect(lines[1]?.detail).toMatchObject({ values: { choice: 'retry' }, input: { summary: 'Take it' } });
    const made = (await world.record(id)).filter(
      ({ action, detail }) => action === 'activity.completed' && detail.activity === 'createJiraIssue',
    );
    // On whose behalf it acts stays what it was.
    expect(made.map(({ actor }) => actor)).toContain('trigger:hand-over');
  }, 60_000);

  it('is skipped by the API with a reason; whoever comes later is told who was first', async () => {
    const { id, runId, question } = await raise(refuses);
    const message = await shown(question, 'unpark_retry');
    expect(await byApi(runId, { decision: 'skip' })).toMatchObject({
      status: 400,
      json: { detail: 'To skip takes a reason, for those who read the record.' },
    });
    expect(await byApi(runId, { decision: 'skip', reason: 'x' }, 'responder')).toMatchObject({ status: 403 });
    const skipped = await byApi(runId, { decision: 'skip', reason: 'made by hand' });
    expect(skipped).toMatchObject({
      status: 200,
      json: { step: 'createJiraIssue', said: 'Skip', takenUp: true },
    });
    expect(await ended(runId)).toMatchObject({ outcome: 'handed over' });
    expect(notesOf(id).join()).toMatch(/No issue: \S+ skipped it: made by hand\./);
    await press(message, 'unpark_retry', question);
    const { name, at } = skipped.json;
    await isTold('U0CLEO', `It was answered by ${name} at ${at}, by api: Skip. Nothing was done`);
    await expect(byCommand({ id: runId, decision: 'retry' })).rejects.toMatchObject({ status: 409 });
    expect(issuesOf(id)).toEqual([]);
  }, 60_000);

  it('is aborted in Slack with a reason: it fails, and says who wanted that and why', async () => {
    const { runId, channelId, question } = await raise(refuses);
    await press(await shown(question, 'unpark_abort'), 'unpark_abort', question);
    await eventually('the form', () => world.slack.world.views?.at(-1)?.view.callback_id === 'baton_abort');
    await fill(channelId, { reason: 'the key is gone' });
    expect(await ended(runId)).toMatchObject({
      state: 'failed',
      failure: {
        class: 'ParkAborted',
        message: expect.stringMatching(
          /^Cleo Ng aborted the run at createJiraIssue \(slack, .*the key is gone/,
        ),
      },
    });
  }, 60_000);

  it('whose outcome is not known takes no other input; a retry looks first, and it is made once', async () => {
    const { id, runId, question } = await raise(loses);
    expect(question.parked.uncertainSince).toMatch(/^20/);
    const message = await shown(question, 'may have made it, so a retry looks first');
    expect(message.buttons.map(({ action_id }) => action_id)).not.toContain('unpark_input');
    await expect(
      byCommand({ id: runId, decision: 'retry', input: { summary: 'Another' } }),
    ).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(
        /^createJiraIssue may have been made already, by an attempt that began at 20/,
      ),
    });
    // While it is parked the worker ends, and another one goes on with it.
    await world.worker.stop();
    const decided = byCommand({ id: runId, decision: 'retry' });
    beside = await startWorkerBeside(world, bundle);
    expect(await decided).toMatchObject({ decision: 'retry', said: 'Retry' });
    expect(await ended(runId)).toMatchObject({ outcome: 'handed over' });
    expect(issuesOf(id)).toHaveLength(1);
    expect(notesOf(id).join()).toContain(`Take over by ${issuesOf(id)[0]?.key}.`);
  }, 60_000);

  it('is over where somebody resolves the incident meanwhile', async () => {
    const { id, runId, question } = await raise(refuses);
    await shown(question, 'unpark_retry');
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect(await ended(runId)).toMatchObject({ outcome: 'resolved elsewhere' });
    expect((await shown(question, 'the incident was resolved by Ada Lopez')).buttons).toEqual([]);
    await expect(byCommand({ id: runId, decision: 'retry' })).rejects.toMatchObject({ status: 409 });
  }, 60_000);
});
