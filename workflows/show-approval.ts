import { ApplicationFailure, CancellationScope, condition, patched, sleep } from '@temporalio/workflow';
import type { Approval, ApprovalMessage } from '../domain/approval.ts';
import { incidentOfSubject } from '../domain/subject.ts';
import { steps } from './kit/activities.ts';
import { askedByName, askedByRole, askedByTeam, mostAsked } from './kit/asked-people.ts';
import { inParts, orCancelled, orUnavailable, type Parts } from './kit/parts.ts';
import { record } from './kit/record.ts';
import { roomOpened } from './kit/room.ts';
import { engine, healthy } from './kit/run.ts';
import { type AskedId, type AskedOfPeople, keptOf, type Place, showAsKept } from './kit/show-as-kept.ts';
import { reminderOf, shownApproval } from './kit/shown-approval.ts';

export type ShowApprovalInput = AskedId;

/**
 * Brings what people see in Slack of an approval or a question to how it stands now, for as long as Slack takes to be there. The run that
 * asks waits for nothing of it: who answers by command or API needs no Slack.
 */
export async function showApproval(of: ShowApprovalInput): Promise<string> {
  const what = 'questionId' in of ? 'question' : 'approval';
  const asked = await keptOf(of);
  if (!asked) return 'questionId' in of ? 'unknown question' : 'unknown approval';
  if (!patched('shown-as-it-is-kept') && 'calls' in asked) return showOnce(asked);
  const parts = inParts();
  const isShown = asked.state === 'pending' ? await showToAsked(asked, parts) : await mend(asked, parts);
  const problems = parts.problems.join('; ');
  if (problems !== '')
    await record(`The ${what} ${asked.id} was not shown everywhere. ${problems}`, [], asked.subject);
  if (isShown) return healthy('shown');
  if (problems === '') return 'nowhere to show it';
  throw ApplicationFailure.nonRetryable(
    `Nobody sees the ${what} ${asked.id} in Slack: ${problems}`,
    'NotShown',
  );
}

const idOf = (asked: AskedOfPeople): AskedId =>
  'calls' in asked ? { approvalId: asked.id } : { questionId: asked.id };

const isPending = async (asked: AskedOfPeople) => (await keptOf(idOf(asked)))?.state === 'pending';

/** How long the incident's room is waited for, which another run opens at the same time. */
const roomTries = 12;
const roomPause = '2 seconds';
/** How long a channel waits to see it until it is known whom to call. */
const peopleWait = '5 seconds';
/** While people are looked for, what is asked is looked at so often. */
const lookAgain = '5 minutes';

/** It is over: each place says so where it was shown, or where the caller wanted it. One that nobody saw needs no message. */
async function mend(asked: AskedOfPeople, parts: Parts): Promise<boolean> {
  const { messages, channelId } = asked;
  const wanted = messages.length === 0 && channelId !== undefined ? [channelId] : [];
  const channels = new Set([...messages.map((message) => message.channelId), ...wanted]);
  let isShown = false;
  for (const channel of channels)
    if (await showAsKept({ channelId: channel }, idOf(asked), [], parts)) isShown = true;
  return isShown;
}

/** Shows it in the channel that the caller named, else in the incident's room; and to each person who cannot see it there. */
async function showToAsked(asked: AskedOfPeople, parts: Parts): Promise<boolean> {
  let named: readonly string[] | undefined;
  const search = whileAsked(asked, () => askedByName(asked));
  search
    .then((found) => {
      named = found;
    })
    .catch(orCancelled);
  const channelId = asked.channelId ?? (await roomFor(asked));
  if (channelId === undefined) return showToEach(asked, search, parts);
  await condition(() => named !== undefined, peopleWait);
  const early = named?.slice(0, mostAsked);
  const left = await invite(channelId, early ?? []);
  const shown = await showAsKept({ channelId }, idOf(asked), early ?? [], parts);
  if (!shown) return showToEach(asked, search, parts);
  await remind(shown, asked, early?.filter((userId) => !left.includes(userId)) ?? [], parts);
  if (early) await showDirectly(left, asked, new Set(), parts);
  else await callLate(shown, asked, ((await search) ?? []).slice(0, mostAsked), parts);
  return true;
}

/** Shows it to all who are asked, by whichever list. Whoever is found does not wait for a provider that is away. */
async function showToEach(
  asked: AskedOfPeople,
  named: Promise<string[] | undefined>,
  parts: Parts,
): Promise<boolean> {
  const told = new Set<string>();
  const lists = [
    named,
    whileAsked(asked, () => askedByRole(asked)),
    whileAsked(asked, () => askedByTeam(asked)),
  ];
  const areTold = await Promise.all(
    lists.map(async (list) => showDirectly((await list) ?? [], asked, told, parts)),
  );
  return areTold.some((isTold) => isTold);
}

/** The message is there, and names them now. Slack tells nobody of a mention in an edited message, so they are called in its thread. */
async function callLate(
  { channelId, ts }: ApprovalMessage,
  asked: AskedOfPeople,
  people: string[],
  parts: Parts,
): Promise<void> {
  if (people.length === 0) return;
  const left = await invite(channelId, people);
  await showAsKept({ channelId }, idOf(asked), people, parts);
  if (!(await isPending(asked))) return;
  const mention = people.filter((userId) => !left.includes(userId));
  const text = 'This waits for your answer.';
  if (mention.length > 0)
    await parts.part('Call in the thread', () =>
      steps.postSlackMessage({ channelId, threadTs: ts, mention, text }),
    );
  await showDirectly(left, asked, new Set(), parts);
}

/** Invites people to a channel. Gives those who cannot be. */
async function invite(channelId: string, userIds: string[]): Promise<string[]> {
  if (userIds.length === 0) return [];
  const there = await orUnavailable(() => steps.inviteSlackUsers({ channelId, userIds }));
  return 'unavailable' in there ? userIds : there.notInvited.map(({ userId }) => userId);
}

/** Shows it to people in the conversation with each, while it waits. `told`: who has been, by anybody who calls this. */
async function showDirectly(
  people: readonly string[],
  asked: AskedOfPeople,
  told: Set<string>,
  parts: Parts,
): Promise<boolean> {
  let isShown = false;
  for (const userId of people) {
    if (told.has(userId) || told.size >= mostAsked) continue;
    told.add(userId);
    if (!(await isPending(asked))) return isShown;
    const shown = await showAsKept({ userId }, idOf(asked), [userId], parts);
    if (!shown) continue;
    isShown = true;
    await remind(shown, asked, [userId], parts);
  }
  return isShown;
}

/** A message that had been shown before is called to mind in its thread: Slack tells nobody that it was edited. */
async function remind(
  { channelId, ts: threadTs }: ApprovalMessage,
  asked: AskedOfPeople,
  mention: string[],
  { part }: Parts,
): Promise<void> {
  const { messages } = asked;
  const wasShown = messages.some((message) => message.channelId === channelId && message.ts === threadTs);
  if (!wasShown || !patched('reminded-where-shown') || !(await isPending(asked))) return;
  const text = reminderOf(asked);
  await whileAsked(asked, () =>
    part('Reminder', () => steps.postSlackMessage({ channelId, threadTs, mention, text })),
  );
}

/** What `work` gives; nothing, once there is nothing to answer any more: a provider may be away for hours. */
async function whileAsked<Result>(
  asked: AskedOfPeople,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const scope = new CancellationScope();
  let isDone = false;
  const working = scope.run(work).then((result) => {
    isDone = true;
    return result;
  });
  working.catch(orCancelled);
  while (!(await condition(() => isDone, lookAgain))) {
    if (await isPending(asked)) continue;
    scope.cancel();
    return undefined;
  }
  return working;
}

async function roomFor({ subject }: AskedOfPeople): Promise<string | undefined> {
  for (let tries = 1; subject !== undefined && tries <= roomTries; tries += 1) {
    const incident = incidentOfSubject(subject);
    const room = incident && (await roomOpened(incident));
    if (room) return room.channelId;
    if (tries < roomTries) await sleep(roomPause);
  }
  return undefined;
}

/** How runs have shown it that began before it was shown again until it is as it is kept. */
async function showOnce(asked: Approval): Promise<string> {
  const { id } = asked;
  const people = asked.state === 'pending' ? await askedByName(asked) : [];
  const places = await placesOnce(asked, people);
  if (places.length === 0) return 'nowhere to show it';
  for (const place of places) {
    const now = (await engine.findApproval({ id })) ?? asked;
    const { channelId, ts } = await steps.showSlackApproval({ place, approval: shownApproval(now, people) });
    await engine.showedApproval({ id, channelId, ts });
  }
  return healthy('shown');
}

async function placesOnce(approval: Approval, people: readonly string[]): Promise<Place[]> {
  const { messages, channelId, state } = approval;
  if (messages.length > 0) return messages.map((message) => ({ channelId: message.channelId }));
  if (channelId !== undefined) return [{ channelId }];
  if (state !== 'pending') return [];
  const room = await roomFor(approval);
  return room === undefined ? people.map((userId) => ({ userId })) : [{ channelId: room }];
}
