import { patched, workflowInfo } from '@temporalio/workflow';
import { incidentOfSubject } from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { engine, healthy } from '../run.ts';
import { shownApproval } from '../shown-approval.ts';
import { type Asked, type Done, type Member, notDone, type Place, type RequestTo } from './asked.ts';
import { findPlace, roomByIncident, subjectAt } from './place.ts';

/** A stop needs no reason. What was asked for before Baton wanted one of whoever starts a workflow has none. */
const unsaid = 'asked for in Slack';

/** Starts a workflow, on the incident of the channel where it takes one. Baton's roles say who may. */
export async function startWorkflow(
  asked: Asked<RequestTo<'run'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { workflow, input, reason = unsaid } = asked.request;
  const place = await findPlace(asked);
  if ('none' in place && asked.request.incident !== undefined) return notDone(`${place.none}.`);
  const subject = 'none' in place ? {} : { subject: subjectAt(place) };
  const found = 'none' in place ? {} : { place };
  const started = await steps.startBatonRun({ workflow, input, reason, ...subject });
  if (started.refusal !== undefined) return { refusal: withoutDot(started.refusal) };
  return {
    outcome: healthy('done'),
    answer: `You started ${workflow}: ${started.runId}.`,
    ...found,
    room: `${member.name} started ${workflow}: ${reason}.`,
  };
}

/** Stops the run that was named, else the one on the incident that changes something; of several, the person is asked which. */
export async function stopRun(
  asked: Asked<RequestTo<'stop'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { reason = unsaid } = asked.request;
  const why =
    asked.request.reason === undefined
      ? ` You gave no reason, so the record says "${unsaid}". Another time write it behind: /baton stop why.`
      : '';
  const chosen = await chooseRun(asked, member);
  if ('answer' in chosen) return chosen;
  const stopped = await steps.stopBatonRun({ runId: chosen.id, reason });
  if (stopped.refusal !== undefined) return { refusal: withoutDot(stopped.refusal) };
  return {
    outcome: healthy('done'),
    answer: `You stopped ${chosen.id}. What has begun at a provider is made to its end.${why}`,
    ...placeOf(stopped.subject, chosen.place),
    room: `${member.name} stopped the run ${chosen.id}: ${reason}.`,
  };
}

/** For requests that began with a version in which no trigger said so. */
const formerlyForPeople: readonly string[] = [
  'pagerdutyProductionIncidentPolicy',
  'triggeredAndUnacked',
  'quietIncident',
  'severityRaised',
  'shiftHandoff',
  'pageForRun',
  'showApproval',
  'linkByCode',
  'resolveFromJira',
];

/**
 * What keeps people up to date or calls them (`forPeople` of its trigger): it changes nothing at what is broken, and whoever types "stop" in a
 * hurry does not mean it. It is stopped by its id.
 */
const isForPeople = ({ workflow, forPeople }: { workflow: string; forPeople?: boolean | undefined }) =>
  forPeople ?? formerlyForPeople.includes(workflow);

async function chooseRun(
  asked: Asked<RequestTo<'stop'>>,
  { email }: Member,
): Promise<{ id: string; place?: Place } | Done> {
  const { runId } = asked.request;
  if (runId !== undefined) return { id: runId };
  const place = await findPlace(asked);
  if ('none' in place) return notDone(`${place.none}; or name the run.`);
  const { runs } = await steps.listBatonRuns({ subject: subjectAt(place), email });
  if ('unavailable' in runs) return notDone(`${runs.unavailable}.`);
  // What people have asked for just now runs too, this request among it.
  const others = runs.filter(({ workflow }) => workflow !== workflowInfo().workflowType);
  const going = others.filter(isForPeople).map(({ id }) => id);
  const goesOn =
    going.length === 0
      ? ''
      : ` What keeps people up to date goes on (${going.join(', ')}); /baton stop with its id stops that too.`;
  const [only, ...more] = others.filter((run) => !isForPeople(run));
  if (!only)
    return {
      outcome: 'nothing to do',
      answer: goesOn
        ? `Nothing runs on this incident that changes anything.${goesOn}`
        : 'Nothing of Baton runs on this incident.',
    };
  if (more.length === 0) return { id: only.id, place };
  return {
    ...notDone(`several runs are at work on this incident. Press the one to stop.${goesOn}`),
    choices: [only, ...more].map(({ id, workflow, target, createdAt, summary }) => ({
      text: `${workflow} on ${target}, since ${createdAt.slice(11, 16)} UTC${summary === undefined ? '' : `: ${summary}`} (${id})`,
      button: { text: `Stop ${workflow}`, action: 'stop', value: id },
    })),
  };
}

/** Answers the approval that was named. Without a name nothing is decided: what waits on the incident is shown, with its buttons. */
export async function answerApproval(
  asked: Asked<RequestTo<'approve' | 'refuse'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { request, channelId, messageTs } = asked;
  if (request.approvalId === undefined && patched('bare-answer-shows')) return showWaiting(asked, member);
  const chosen = await chooseApproval(asked, member);
  if ('answer' in chosen) return chosen;
  const answered = await steps.answerBatonApproval({
    approvalId: chosen.id,
    decision: request.do,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    // Of a button, or of the form that a button has opened.
    ...(messageTs === undefined ? {} : { message: { channelId, ts: messageTs } }),
  });
  if (answered.refusal !== undefined) return { refusal: withoutDot(answered.refusal) };
  const did = request.do === 'approve' ? 'approved' : 'refused';
  const missing = missingText(answered.missing);
  const why = request.reason === undefined ? '' : ` (${request.reason})`;
  return {
    outcome: healthy('done'),
    answer: `You ${did} it.${missing}`,
    ...placeOf(answered.subject, undefined),
    ...(answered.summary === undefined
      ? {}
      : { room: `${member.name} ${did}${why}: ${answered.summary}.${missing}` }),
  };
}

const missingText = (missing = 0) =>
  missing === 0
    ? ''
    : ` It needs ${missing === 1 ? 'one more approval' : `${missing} more approvals`}, by ${missing === 1 ? 'somebody else' : 'others'}.`;

/** The incident that Baton says it was about, else the one that the person meant. Runs that began with an earlier version know the latter alone. */
function placeOf(subject: string | undefined, meant: Place | undefined): { place?: Place } {
  if (meant) return { place: meant };
  const incident = subject === undefined ? undefined : incidentOfSubject(subject);
  return incident && patched(roomByIncident) ? { place: { ...incident, isRoom: false } } : {};
}

/** What waits on the incident, as far as the person may see it. */
async function waitingApprovals(
  asked: Asked<RequestTo<'approve' | 'refuse'>>,
  { email }: Member,
): Promise<{ id: string; summary: string }[] | Done> {
  const place = await findPlace(asked);
  if ('none' in place) return notDone(`${place.none}; or name the approval.`);
  const { approvals } = await steps.listBatonRuns({ subject: subjectAt(place), email });
  if ('unavailable' in approvals) return notDone(`${approvals.unavailable}.`);
  if (approvals.length > 0) return approvals;
  return { outcome: 'nothing to do', answer: 'Nothing on this incident waits for an approval.' };
}

/** More of them are listed by their ids. */
const mostShown = 5;

/**
 * A plan may have been asked anew since the person last looked: an answer is one to the exact calls that they see. A button carries the id
 * of that one alone.
 */
async function showWaiting(asked: Asked<RequestTo<'approve' | 'refuse'>>, member: Member): Promise<Done> {
  const waiting = await waitingApprovals(asked, member);
  if ('answer' in waiting) return waiting;
  const found = [];
  for (const { id } of waiting.slice(0, mostShown)) found.push(await engine.findApproval({ id }));
  const approvals = found.flatMap((approval) => (approval ? [shownApproval(approval, [])] : []));
  const rest = waiting
    .slice(mostShown)
    .map(({ id, summary }) => `/baton ${asked.request.do} ${id} (${summary})`);
  const why = asked.request.reason === undefined ? '' : ' Your reason was not kept: say it with the id.';
  const more = rest.length === 0 ? '' : ` And: ${rest.join(', ')}.`;
  return { ...notDone(`this waits for an answer. Look at it, then press.${why}${more}`), approvals };
}

async function chooseApproval(
  asked: Asked<RequestTo<'approve' | 'refuse'>>,
  member: Member,
): Promise<{ id: string } | Done> {
  const { approvalId, do: what } = asked.request;
  if (approvalId !== undefined) return { id: approvalId };
  const waiting = await waitingApprovals(asked, member);
  if ('answer' in waiting) return waiting;
  const [only, ...more] = waiting;
  if (only && more.length === 0) return only;
  return notDone(
    `several wait on this incident. Say which: ${waiting.map(({ id, summary }) => `/baton ${what} ${id} (${summary})`).join(', ')}.`,
  );
}

const withoutDot = (text: string) => text.replace(/\.$/, '');
