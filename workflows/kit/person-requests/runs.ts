import { patched, workflowInfo } from '@temporalio/workflow';
import { incidentOfSubject } from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
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

/** Stops the run that was named, else the one that is live on the incident. */
export async function stopRun(
  asked: Asked<RequestTo<'stop'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { reason = unsaid } = asked.request;
  const chosen = await chooseRun(asked, member);
  if ('answer' in chosen) return chosen;
  const stopped = await steps.stopBatonRun({ runId: chosen.id, reason });
  if (stopped.refusal !== undefined) return { refusal: withoutDot(stopped.refusal) };
  return {
    outcome: healthy('done'),
    answer: `You stopped ${chosen.id}. What has begun at a provider is made to its end.`,
    ...placeOf(stopped.subject, chosen.place),
    room: `${member.name} stopped the run ${chosen.id}: ${reason}.`,
  };
}

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
  const [only, ...more] = others;
  if (!only) return { outcome: 'nothing to do', answer: 'Nothing of Baton runs on this incident.' };
  if (more.length === 0) return { id: only.id, place };
  return notDone(
    `several run on this incident. Say which: ${others.map(({ id }) => `/baton stop ${id}`).join(', ')}.`,
  );
}

/** Answers the approval that was named, else the one that waits on the incident. */
export async function answerApproval(
  asked: Asked<RequestTo<'approve' | 'refuse'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { request, channelId, messageTs } = asked;
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

async function chooseApproval(
  asked: Asked<RequestTo<'approve' | 'refuse'>>,
  { email }: Member,
): Promise<{ id: string } | Done> {
  const { approvalId, do: what } = asked.request;
  if (approvalId !== undefined) return { id: approvalId };
  const place = await findPlace(asked);
  if ('none' in place) return notDone(`${place.none}; or name the approval.`);
  const { approvals } = await steps.listBatonRuns({ subject: subjectAt(place), email });
  if ('unavailable' in approvals) return notDone(`${approvals.unavailable}.`);
  const [only, ...more] = approvals;
  if (!only) return { outcome: 'nothing to do', answer: 'Nothing on this incident waits for an approval.' };
  if (more.length === 0) return only;
  return notDone(
    `several wait on this incident. Say which: ${approvals.map(({ id, summary }) => `/baton ${what} ${id} (${summary})`).join(', ')}.`,
  );
}

const withoutDot = (text: string) => text.replace(/\.$/, '');
