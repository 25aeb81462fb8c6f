import type { Line } from '../api/shapes.ts';

/** One call of an activity by a run, with all its attempts. */
export interface RunStep {
  /** Of its effect: the same over all attempts. */
  key: string;
  activity: string;
  /** `read`, `change`, `destructive`; or what else happens in a run. */
  kind: string;
  state:
    | 'done'
    | 'unchanged'
    | 'failed'
    | 'refused'
    | 'under way'
    | 'planned'
    | 'asked'
    | 'said'
    | 'started'
    | 'ended';
  at: string;
  endedAt?: string;
  attempts: Attempt[];
  targets: string[];
  input?: unknown;
  result?: unknown;
  summary?: string;
  before?: unknown;
  after?: unknown;
  inverse?: unknown;
  /** By which approval it is made, or which approval this is. */
  approval?: string;
  isSimulated?: boolean;
  /** How its outcome is known. */
  known?: string;
  lines: Line[];
}

export interface Attempt {
  number: number;
  at: string;
  endedAt?: string;
  outcome: 'done' | 'failed' | 'refused' | 'under way';
  why?: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const whyOf = (failure: unknown): string => {
  const { class: name, message } = (failure ?? {}) as { class?: string; message?: string };
  return [name, message].filter(Boolean).join(': ') || 'no reason was told';
};

/** What a run has done, call by call, in the order in which the calls began. */
export function stepsOf(lines: readonly Line[]): RunStep[] {
  const steps = new Map<string, RunStep>();
  const order: RunStep[] = [];
  const add = (step: RunStep) => {
    steps.set(step.key, step);
    order.push(step);
    return step;
  };
  for (const line of lines) {
    const { action, detail, at } = line;
    if (/^activity\.(planned|intended|refused|failed|completed)$/.test(action)) {
      const key = text(detail.key) ?? `${action} ${at}`;
      const step =
        steps.get(key) ??
        add({
          key,
          activity: text(detail.activity) ?? '?',
          kind: text(detail.kind) ?? '?',
          state: 'under way',
          at,
          attempts: [],
          targets: [],
          lines: [],
        });
      step.lines.push(line);
      tell(step, line);
      continue;
    }
    const other = otherStep(line);
    if (other) {
      const known = steps.get(other.key);
      if (known) {
        known.lines.push(line);
        known.state = other.state;
        known.endedAt = at;
        if (other.summary && other.kind !== 'approval') known.summary = other.summary;
        if (other.known) known.known = other.known;
      } else add(other);
    }
  }
  return order;
}

function tell(step: RunStep, { action, detail, at }: Line): void {
  const number = Number(detail.attempt ?? 1);
  const attempt = step.attempts.find((each) => each.number === number);
  const end = (outcome: Attempt['outcome'], why?: string) => {
    const found = attempt ?? { number, at, outcome };
    if (!attempt) step.attempts.push(found);
    found.outcome = outcome;
    found.endedAt = at;
    if (why !== undefined) found.why = why;
    step.endedAt = at;
  };
  if (detail.input !== undefined) step.input = detail.input;
  if (Array.isArray(detail.targets)) step.targets = detail.targets.map(String);
  if (detail.simulated === true) step.isSimulated = true;
  const approval = text(detail.approval);
  if (approval !== undefined) step.approval = approval;
  switch (action) {
    case 'activity.intended':
      if (!attempt) step.attempts.push({ number, at, outcome: 'under way' });
      step.state = 'under way';
      delete step.endedAt;
      return;
    case 'activity.planned': {
      const { summary, before, after, inverse } = (detail.plan ?? {}) as Record<string, unknown>;
      step.state = detail.plan === undefined ? 'unchanged' : 'planned';
      step.summary = text(summary) ?? 'It is so already';
      step.before = before;
      step.after = after;
      step.inverse = inverse;
      step.endedAt = at;
      return;
    }
    case 'activity.failed':
      step.state = 'failed';
      end('failed', whyOf(detail.failure));
      return;
    case 'activity.refused':
      step.state = 'refused';
      end('refused', whyOf(detail.failure));
      return;
    default: {
      const { changed } = (detail.result ?? {}) as { changed?: unknown };
      step.state = step.kind !== 'read' && changed === false ? 'unchanged' : 'done';
      step.result = detail.result;
      step.summary = text(detail.summary) ?? step.summary ?? '';
      step.before = detail.before ?? step.before;
      step.after = detail.after ?? step.after;
      step.inverse = detail.inverse ?? step.inverse;
      step.known =
        step.attempts.length > 1
          ? 'looked at again after an attempt that was not answered, then answered'
          : 'answered';
      end('done');
    }
  }
}

/** What happens in a run beside calls. */
function otherStep(line: Line): RunStep | undefined {
  const { action, detail, at } = line;
  const make = (
    key: string,
    activity: string,
    kind: string,
    state: RunStep['state'],
    more: Partial<RunStep> = {},
  ): RunStep => ({
    key,
    activity,
    kind,
    state,
    at,
    attempts: [],
    targets: [],
    lines: [line],
    ...more,
  });
  const [of, what] = action.split('.');
  switch (of) {
    case 'approval':
    case 'question': {
      const id = text(detail[of]) ?? at;
      const key = `${of} ${id}`;
      if (what === 'asked')
        return make(key, of === 'approval' ? 'Approval' : 'Question', of, 'asked', {
          summary: text(detail.summary) ?? '',
          approval: id,
        });
      if (what === 'answered') {
        const decision = text(detail.decision) ?? 'answered';
        const who = `${decision} by ${text(detail.name) ?? '?'}`;
        return make(
          key,
          of,
          of,
          detail.state === 'pending' ? 'asked' : decision === 'refused' ? 'refused' : 'done',
          { known: who },
        );
      }
      return make(key, of, of, 'ended', {
        known: `${text(detail.state) ?? 'closed'}: ${text(detail.because) ?? ''}`,
      });
    }
    case 'run':
      if (what === 'said')
        return make(`said ${at} ${line.seq ?? ''}`, 'Says', 'words', 'said', {
          summary: text(detail.text) ?? '',
        });
      if (what === 'started' || what === 'restarted')
        return make(`${what} ${at}`, what === 'started' ? 'Started' : 'Started again', 'run', 'started', {
          summary: text(detail.reason) ?? '',
          input: detail.input,
        });
      if (what === 'stuck' || what === 'overdue')
        return make(`${what} ${at}`, what === 'stuck' ? 'Stands still' : 'Overdue', 'run', 'failed', {
          summary: text(detail.message) ?? '',
        });
      if (what === 'completed' || what === 'failed' || what === 'timed_out' || what === 'cancelled')
        return make(`ended ${at}`, 'Ended', 'run', what === 'completed' ? 'ended' : 'failed', {
          summary: detail.failure === undefined ? (text(detail.outcome) ?? '') : whyOf(detail.failure),
        });
      return undefined;
    default:
      return undefined;
  }
}
