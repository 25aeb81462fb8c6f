import { whoMayApprove } from '../approval.ts';
import { otherInputLines } from '../park.ts';
import { whoMayAnswer } from '../question.ts';
import { detailOf, type RecordRow } from '../record.ts';
import { dated, type Known, type MakeStep, type Step, shortened, unknown } from './step.ts';

/** What a line about people, and what they are asked or have asked for, tells; undefined for any other line. */
export const toldOfPeople = (row: RecordRow, make: MakeStep, known: Known): Step[] | undefined =>
  ofApproval(row, make, known) ?? ofQuestion(row, make) ?? ofHold(row, make) ?? ofOperation(row, make);

const because = (reason: string | undefined) => (reason === undefined ? '' : `: ${reason}`);

function ofApproval(row: RecordRow, make: MakeStep, { approvedBy }: Known): Step[] | undefined {
  const asked = detailOf(row, 'approval.asked');
  if (asked) {
    const {
      approval = unknown,
      run,
      summary = unknown,
      approvers = {},
      expiresAt = unknown,
      calls = [],
    } = asked;
    const who = whoMayApprove(approvers);
    const [call] = calls;
    const about = { run, activity: call?.activity, target: call?.targets?.[0] };
    return [
      make(
        'asked',
        `waits for an approval until ${dated(expiresAt)}: ${summary}. It asks ${who} (${approval})`,
        about,
      ),
    ];
  }
  const said = detailOf(row, 'approval.answered');
  if (said) {
    const { approval = '', run, decision = unknown, name = unknown, reason, state, via } = said;
    if (decision === 'approved') approvedBy.set(approval, [...(approvedBy.get(approval) ?? []), name]);
    const more = state === 'pending' ? '; more people have to approve' : '';
    const where = via === undefined ? '' : ` by ${via === 'slack' ? 'Slack' : `the ${via}`}`;
    return [
      make('decided', `${name} ${decision} it${where}${because(reason)}${more}`, {
        actor: row.actor.startsWith('person:') ? row.actor : `person:${name}`,
        run,
      }),
    ];
  }
  const closed = detailOf(row, 'approval.closed');
  if (!closed) return undefined;
  const { run, state = unknown, because: why = unknown } = closed;
  return [
    make(
      state === 'expired' ? 'problem' : 'ended',
      `the approval is ${state}, and nothing was done: ${why}`,
      { run, show: ['decisions'] },
    ),
  ];
}

function ofQuestion(row: RecordRow, make: MakeStep): Step[] | undefined {
  const asked = detailOf(row, 'question.asked');
  if (asked) {
    const { question = unknown, run, summary = unknown, approvers = {}, parked, expiresAt = unknown } = asked;
    const who = whoMayAnswer({ approvers, parked });
    const until = `until ${dated(expiresAt)}`;
    if (parked)
      return [
        make(
          'problem',
          `${summary}. The run waits ${until} for ${who} to decide what becomes of it (${question})`,
          {
            run,
            activity: parked.step,
            show: ['decisions'],
          },
        ),
      ];
    return [make('asked', `waits for an answer ${until}: ${summary} It asks ${who} (${question})`, { run })];
  }
  const said = detailOf(row, 'question.answered');
  if (said) {
    const { name = unknown, run, values = {}, input = {}, reason } = said;
    const pairs = [
      ...Object.entries(values).map(([field, value]) =>
        field === 'choice' ? String(value) : `${field} ${value}`,
      ),
      ...otherInputLines({ input }),
    ];
    return [
      make(
        'decided',
        `${name} answered: ${pairs.join(', ')}${reason === undefined ? '' : `, because: ${reason}`}`,
        {
          actor: row.actor.startsWith('person:') ? row.actor : `person:${name}`,
          run,
        },
      ),
    ];
  }
  const closed = detailOf(row, 'question.closed');
  if (!closed) return undefined;
  const { run, state = unknown, because: why = unknown } = closed;
  return [
    make(state === 'expired' ? 'problem' : 'ended', `the question is ${state}: ${why}`, {
      run,
      show: ['decisions'],
    }),
  ];
}

function ofHold(row: RecordRow, make: MakeStep): Step[] | undefined {
  const hold = detailOf(row, 'hold.set');
  if (hold) {
    const { kind = unknown, reason = unknown, run, target } = hold;
    return [
      make('problem', `changes are held from now on (${kind}): ${reason}`, {
        run,
        target,
        show: ['decisions'],
      }),
    ];
  }
  const callback = detailOf(row, 'callback.opened', 'callback.received', 'callback.closed');
  if (!callback) return undefined;
  const { run } = callback;
  const { because: why } = callback as { because?: string };
  const text = {
    'callback.opened': 'waits for the other side to call back',
    'callback.received': 'was called back',
    'callback.closed': `waits for no callback any more: ${why ?? unknown}`,
  }[row.action];
  return [make(row.action === 'callback.opened' ? 'waits' : 'event', text ?? row.action, { run })];
}

/** What people have asked for, as `<who> …`. Any other operation is told by its name. */
const verbs: Readonly<Record<string, string>> = {
  'incidents.acknowledge': 'acknowledges the incident',
  'incidents.resolve': 'resolves the incident',
  'incidents.note': 'adds a note',
  'runs.start': 'starts a run by hand',
  'runs.stop': 'has a run stopped',
  'runs.unpark': 'decides about a parked run',
  'events.replay': 'has an event sent once more',
  'changes.halt': 'engages the kill switch',
  'changes.allow': 'lifts what holds changes back',
  'changes.freeze': 'freezes changes',
  'triggers.plan': 'asks what a trigger would have done',
};

function ofOperation(row: RecordRow, make: MakeStep): Step[] | undefined {
  if (detailOf(row, 'operation.intended')) return [];
  const done = detailOf(row, 'operation.done');
  if (done) {
    const { operation = unknown, input } = done;
    return [make('operation', `${verbs[operation] ?? `asks for ${operation}`}${givenIn(input)}`)];
  }
  const refused = detailOf(row, 'operation.refused');
  if (!refused) return undefined;
  const { operation = unknown, reason = unknown } = refused;
  return [make('problem', `asked for ${operation}, and was refused: ${reason}`, { show: ['people'] })];
}

/** To what, and why, as far as the request says so. */
function givenIn(input: unknown): string {
  const { id, workflow, name, reason, text } = (input ?? {}) as Record<string, unknown>;
  const [what] = [id, workflow, name].filter((each) => typeof each === 'string');
  return `${what === undefined ? '' : ` (${what})`}${typeof text === 'string' ? `: "${shortened(text)}"` : ''}${typeof reason === 'string' ? `, because: ${reason}` : ''}`;
}
