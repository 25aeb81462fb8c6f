import type { Approval, ApprovalRequest } from '../../domain/approval.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import type { SignedRequest } from '../../simulator/slack/requests.ts';
import { request } from '../store/approval.ts';
import { type Button, sendPress, signedPress } from '../stories/slack-doors.ts';
import { eventually, type World } from '../world.ts';
import { asking } from './asking.ts';

/** What is told at once, before it is known what comes of it. */
const isReceipt = (text: string) => text.includes('will give your answer');

/** Nobody has answered. */
export const nothing = { state: 'pending', answers: 0, answered: 0 };
/** One answer was taken. */
export const once = (state: Approval['state']) => ({ state, answers: 1, answered: 1 });

/** How tests have an approval asked for and press its buttons in Slack, and what comes of it. `room`: of an incident that stays open. */
export function pressing(world: () => World, room: () => { incidentId: string; channelId: string }) {
  const { runsOf, toldTo } = asking(world, () => room().channelId);
  /** So many presses were sent. */
  let count = 0;

  /** Asks on behalf of the run that follows the incident of the room, which goes on all the time; and waits until people see it there. */
  async function asked(changes: Partial<ApprovalRequest> = {}): Promise<Approval> {
    const { incidentId, channelId } = room();
    const runId = `production-incident/${incidentId}`;
    const workflow = 'pagerdutyProductionIncidentPolicy';
    const run = { subject: incidentId, runId, workflow, channelId };
    return known(await world().store.askApproval(request({ ...run, ...changes })));
  }

  /** An instance that nobody may reboot fails its checks, and a run asks. */
  async function askedByRun() {
    const instance = untaggedInstance(world().ec2);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const incidentId = raiseIncident(world().pagerDuty, { title, service: 'Search' });
    return { instance, incidentId, approval: await pendingOf(incidentId) };
  }
  const pendingOf = async (subject: string) =>
    known(
      await eventually('an approval to be asked for', async () => {
        const { items } = await world().store.pageOfApprovals({ subject, state: 'pending', limit: 1 });
        return items[0];
      }),
    );
  /** Once it is known where Slack shows it. */
  const known = ({ id }: Approval) =>
    eventually('the message of the approval', async () => {
      const approval = await world().store.findApproval(id);
      return approval?.messages[0] && approval;
    });

  /** A button of the message of an approval. */
  function buttonOf({ id, messages }: Approval, changes: Partial<Button> = {}): Button {
    const [message] = messages;
    if (!message) throw new Error('Nobody has seen it');
    const { channelId, ts: messageTs } = message;
    return { actionId: 'approve', value: id, channelId, messageTs, userId: 'U0BEN', ...changes };
  }
  function send(signed: SignedRequest): Promise<void> {
    count += 1;
    return sendPress(world(), signed);
  }
  const press = (approval: Approval, changes: Partial<Button> = {}) =>
    send(signedPress(world(), buttonOf(approval, changes)));

  const answersTo = (userId: string) => toldTo(userId).filter((text) => !isReceipt(text));

  /** The lines that tell of an answer that was taken, or of one that was refused, whichever approval it was about. */
  async function answerLines(): Promise<string[]> {
    const lines = await world().store.readRecord({ limit: 10_000 });
    return lines.flatMap(({ action, detail }) => {
      if (action === 'approval.answered') return [action];
      return action === 'run.said' && /^Refused to (approve|refuse) /.test(`${detail.text}`)
        ? [`${detail.text}`]
        : [];
    });
  }

  /** What came of presses: how each was carried out, the line of each in the record, and what each person was told since. */
  async function pressed(presses: () => Promise<unknown>, { runs = 1 } = {}) {
    const people = ['U0ADA', 'U0BEN', 'U0CLEO', 'U0GUS', 'U0VERA'];
    const before = new Map(people.map((id) => [id, answersTo(id).length]));
    const linesBefore = (await answerLines()).length;
    const { outcomes } = await runsOf(presses, runs);
    const lines = (await answerLines()).slice(linesBefore);
    return { outcomes, lines, told: (userId: string) => answersTo(userId).slice(before.get(userId)) };
  }

  /** How it stands, and its lines in the record. */
  async function kept({ id, subject = '' }: Approval) {
    const { state, answers } = (await world().store.findApproval(id)) ?? {};
    const lines = [...(await world().record(subject)), ...(await world().record(id))];
    const isAbout = ({ detail }: (typeof lines)[number]) => JSON.stringify(detail).includes(id);
    const linesOf = (action: string) =>
      lines.filter((line) => line.action === action && isAbout(line)).length;
    return {
      state,
      answers: answers?.length,
      answered: linesOf('approval.answered'),
      refused: linesOf('operation.refused'),
    };
  }

  const shownAs = (approval: Approval, words: string) =>
    eventually(`the message to say ${words}`, () => {
      const { channelId, messageTs } = buttonOf(approval);
      const text = JSON.stringify(
        world().slack.world.messages.find((each) => each.channelId === channelId && each.ts === messageTs)
          ?.blocks,
      );
      return text.includes(words) && !text.includes('"approve"');
    });
  const rebootsOf = (instance: string) =>
    world().ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);

  return {
    asked,
    askedByRun,
    pendingOf,
    buttonOf,
    send,
    press,
    pressed,
    answersTo,
    kept,
    shownAs,
    rebootsOf,
    count: () => count,
  };
}
