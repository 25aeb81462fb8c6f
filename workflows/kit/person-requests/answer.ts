import { incidentOfSubject } from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import type { Asked, Done, Member, RequestTo } from './asked.ts';

/** Answers what a run asks: by the option that was pressed, or by the form that a button has opened. */
export async function answerQuestion(
  { request, channelId, messageTs }: Asked<RequestTo<'answer'>>,
  member: Member,
): Promise<Done | { refusal: string }> {
  const answered = await steps.answerBatonQuestion({
    questionId: request.questionId,
    values: { ...request.values },
    ...(messageTs === undefined ? {} : { message: { channelId, ts: messageTs } }),
  });
  if (answered.refusal !== undefined) return { refusal: answered.refusal.replace(/\.$/, '') };
  const { subject, summary = '', said = '' } = answered;
  const incident = subject === undefined ? undefined : incidentOfSubject(subject);
  return {
    outcome: healthy('done'),
    answer: `You answered: ${said || 'nothing was filled in'}.`,
    ...(incident ? { place: { ...incident, isRoom: false } } : {}),
    // What it was is shown where it was asked, which may be for fewer people.
    room: `${member.name} answered: ${summary}`,
  };
}
