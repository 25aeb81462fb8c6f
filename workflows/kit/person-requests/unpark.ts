import { incidentOfSubject } from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import type { Asked, Done, Member, RequestTo } from './asked.ts';

/** Decides what becomes of a parked run. */
export async function unparkRun(
  { request, channelId, messageTs }: Asked<RequestTo<'unpark'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const { questionId, decision, input, reason } = request;
  const decided = await steps.unparkBatonRun({
    questionId,
    decision,
    ...(input === undefined ? {} : { input: { ...input } }),
    ...(reason === undefined ? {} : { reason }),
    ...(messageTs === undefined ? {} : { message: { channelId, ts: messageTs } }),
  });
  if (decided.refusal !== undefined) return { refusal: decided.refusal.replace(/\.$/, '') };
  const { subject, step = 'the step', said = decision } = decided;
  const incident = subject === undefined ? undefined : incidentOfSubject(subject);
  return {
    outcome: healthy('done'),
    answer: `You decided about ${step}: ${said}.`,
    ...(incident ? { place: { ...incident, isRoom: false } } : {}),
    room: `${member.name} decided about ${step}, at which a run was parked: ${said}${reason ? ` (${reason})` : ''}.`,
  };
}
