import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { steps } from './kit/activities.ts';
import { escalate, nameOf, type Reminder, remind } from './kit/call-people.ts';
import { followIncident } from './kit/follow-incident.ts';
import { orUnavailable } from './kit/parts.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { roomOf } from './kit/room.ts';
import { healthy } from './kit/run.ts';
import { waitsFor } from './kit/waits.ts';

export interface QuietIncidentInput {
  incidentId: string;
  /** How long nothing may be heard before those who acknowledged are reminded, and again before Baton escalates. */
  after?: Duration;
  /** What the run has done so far: given by itself alone, where it goes on with a new history. */
  soFar?: Progress;
}

interface Progress {
  /** Since when nothing has been heard, or nothing since the reminder; in milliseconds since 1970. */
  quietSince: number;
  reminded: boolean;
  escalations: number;
}

/** Whoever does not react to so many is not reached by another one. */
const mostEscalations = 3;

/**
 * Watches an incident for as long as it is open. While it is acknowledged and nothing is heard of it, those who acknowledged it are reminded, and
 * then it is escalated. A note, a status update, a change of any kind and a person's message in the room are signs of work; what Baton
 * does itself is none.
 */
export async function quietIncident({
  incidentId,
  after = '60 minutes',
  soFar,
}: QuietIncidentInput): Promise<string> {
  const incident = followIncident({ id: incidentId });
  const progress = soFar ?? { quietSince: Date.now(), reminded: false, escalations: 0 };
  let reminder: Reminder | undefined;
  const heard = (at: number) => Object.assign(progress, { quietSince: at, reminded: false });
  const endReminder = async () => {
    await reminder?.end();
    reminder = undefined;
  };

  for (;;) {
    if (!reminder) await incident.renewWhenLong({ incidentId, after, soFar: progress });
    const isAcknowledged = incident.status === 'acknowledged';
    const due = progress.quietSince + msToNumber(after);
    waitsFor('news of the incident', isAcknowledged ? due : undefined);
    const event = await incident.nextEvent(isAcknowledged ? Math.max(due - Date.now(), 1) : undefined);
    if (event && !event.echo) {
      heard(Date.now());
      await endReminder();
    }
    if (event || !isAcknowledged || Date.now() < due) continue;

    await endReminder();
    const now = await steps.readPagerDutyIncident({ incidentId });
    if (now.status === 'resolved') return healthy('resolved');
    // What the run has not been told of is a change, too.
    const sign = now.status === 'acknowledged' ? await lastSign(now) : Date.now();
    if (sign > progress.quietSince) {
      heard(sign);
      continue;
    }
    progress.quietSince = Date.now();
    if (!progress.reminded) {
      progress.reminded = true;
      reminder = remind(now, now.acknowledgers, quietText(now, after));
      continue;
    }
    progress.reminded = false;
    progress.escalations += 1;
    const escalation = await escalate(
      now,
      'Nothing was heard of the acknowledged incident after a reminder.',
    );
    if ('none' in escalation) return healthy('nobody to escalate to');
    if (progress.escalations >= mostEscalations) {
      await record(`Escalated ${progress.escalations} times: from here on it is left to people.`);
      return healthy('left to people');
    }
  }
}

const quietText = (incident: CurrentIncident, after: Duration) =>
  `Nothing has been heard of ${nameOf(incident)} for ${Math.round(msToNumber(after) / 60_000)} minutes. ` +
  'Write in its room or a note in PagerDuty how it stands.';

/** Baton's own notes end so. */
const ownNote = /\(baton [^)]*\)\s*$/;

/**
 * When somebody last wrote a note or a message in the room, as far as it can be read, in milliseconds since 1970; 0 where nobody has. Events
 * tell of notes, too, and one of them may be lost.
 */
async function lastSign({ id: incidentId }: CurrentIncident): Promise<number> {
  const [notes, message] = await Promise.all([
    orUnavailable(() => steps.listPagerDutyNotes({ incidentId })),
    orUnavailable(async () => {
      const room = await roomOf(incidentId);
      return room ? steps.findSlackLastMessage({ channelId: room.channelId }) : { at: null };
    }),
  ]);
  const written = 'unavailable' in notes ? [] : notes.notes.filter(({ text }) => !ownNote.test(text));
  const times = [...written.map(({ at }) => at), 'unavailable' in message ? null : message.at];
  return Math.max(0, ...times.map((at) => Date.parse(at ?? '') || 0));
}
