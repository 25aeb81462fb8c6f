import { detailOf, type Failure, type RecordRow } from '../record.ts';
import { dated, type MakeStep, type Step, type StepLink, unknown } from './step.ts';

const failureInWords = ({ class: kind = unknown, message = unknown, activity }: Partial<Failure> = {}) =>
  `${activity === undefined ? '' : `${activity}: `}${kind}: ${message}`;

/** What a line about a run tells; undefined for any other line. */
export function toldOfRun(row: RecordRow, make: MakeStep): Step[] | undefined {
  const started = detailOf(row, 'run.started');
  if (started) {
    const { run = unknown, workflow = unknown, reason, mode, drill, doubts = [] } = started;
    const how = [
      ...(mode === undefined ? [] : [`in the mode ${mode}`]),
      ...(drill ? ['for a drill'] : []),
      ...(reason === undefined ? [] : [`because: ${reason}`]),
    ];
    return [
      make('started', `starts ${run}, the workflow ${workflow}${how.map((each) => `, ${each}`).join('')}`, {
        run,
      }),
      ...doubts.map(({ provider, connection, state }) =>
        make(
          'problem',
          `${run} may use the connection ${connection} of ${provider}, which is ${state} (baton connections test)`,
          { run },
        ),
      ),
    ];
  }
  const restarted = detailOf(row, 'run.restarted');
  if (restarted) {
    const { run = unknown, reason = unknown } = restarted;
    return [make('process', `starts ${run} again: ${reason}`, { run })];
  }
  const said = detailOf(row, 'run.said');
  if (said) return [saidBy(said, make)];
  const stuck = detailOf(row, 'run.stuck');
  if (stuck) {
    const { run = unknown, message = unknown } = stuck;
    return [make('problem', `${run} stands still: ${message}`, { run })];
  }
  const overdue = detailOf(row, 'run.overdue');
  if (overdue) {
    const { run = unknown, dueAt = unknown } = overdue;
    return [make('problem', `${run} has not ended by ${dated(dueAt)}, when it was to`, { run })];
  }
  const wentOn = detailOf(row, 'run.went_on');
  if (wentOn) {
    const { run = unknown } = wentOn;
    return [make('process', `${run} goes on`, { run })];
  }
  const ended = detailOf(row, 'run.completed', 'run.failed', 'run.timed_out', 'run.cancelled');
  if (!ended) return undefined;
  const { run = unknown, outcome = unknown, failure, verified } = ended;
  const how = failure ? `${outcome}, ${failureInWords(failure)}` : outcome;
  const helped =
    verified === undefined ? '' : verified ? '; it was seen to have helped' : '; it has not helped';
  return [
    make(failure ? 'problem' : 'ended', `${run} ended: ${how}${helped}`, {
      run,
      ...(failure ? { show: ['story' as const], activity: failure.activity } : {}),
    }),
  ];
}

function saidBy(
  { run, text = unknown, links }: { run?: string; text?: string; links?: StepLink[] },
  make: MakeStep,
): Step {
  return make('said', `says: "${text}"`, { run, links });
}

export { failureInWords };
