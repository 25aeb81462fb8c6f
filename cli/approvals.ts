import type { Command } from 'commander';
import type { Ask } from '../processes/door.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { type Output, printable } from './output.ts';
import { printFacts, toTheLetter } from './table.ts';

type Shown = Awaited<ReturnType<typeof askToShow>>;
type Decided = Awaited<ReturnType<typeof askToApprove>>;
const askToShow = (ask: Ask, id: string) => ask('approvals.show', { id });
const askToApprove = (ask: Ask, id: string) => ask('approvals.approve', { id });

const verbs = {
  approve: 'say yes: what it shows is then done',
  refuse: 'say no: one refusal ends it, and it is not done',
} as const;

/** `baton approvals show`, `approve` and `refuse`, in words for whoever decides. `list` comes from its operation. */
export function addApprovalCommands(program: Command, wiring: Wiring): void {
  const approvals = program
    .command('approvals')
    .description('what runs ask people for before they go on, and the answers');

  act(
    approvals
      .command('show')
      .description('what is asked, to the letter, who may answer, and who has')
      .argument('<id>', 'as approvals list tells it'),
    wiring,
    async ({ output, json }, id = '') => {
      const approval = await withAsk(wiring, (ask) => askToShow(ask, id));
      if (json) return output.json(approval);
      printApproval(approval, output);
      if (approval.state === 'pending') output.note(`baton approvals approve ${id}, or refuse ${id}`);
    },
  );

  for (const verb of ['approve', 'refuse'] as const)
    act<{ reason?: string; digest?: string }>(
      approvals
        .command(verb)
        .description(verbs[verb])
        .argument('<id>', 'as approvals list tells it')
        .option('--reason <text>', 'why, for those who read the record')
        .option('--digest <digest>', 'of the plan that you saw: another one is not answered'),
      wiring,
      async ({ output, json, options: { reason, digest } }, id = '') => {
        const decided = await withAsk(wiring, (ask) => ask(`approvals.${verb}`, { id, reason, digest }));
        if (json) output.json(decided);
        else output.line(printable(wordsOf(decided)));
      },
    );
}

function wordsOf({ decision, summary, approved, required, missing, state, takenUp }: Decided): string {
  const run = takenUp ? 'The run goes on by it.' : 'The run learns of it soon.';
  if (decision === 'refused') return `Refused, and not done: ${summary}. ${run}`;
  if (state === 'pending')
    return `Approved by ${approved} of ${required}: ${summary}. ${missing} more ${missing === 1 ? 'has' : 'have'} to approve.`;
  return `Approved: ${summary}. ${run}`;
}

function printApproval(approval: Shown, output: Output): void {
  const { summary, calls, answers, digest } = approval;
  const print = (indent: string, line: string) => output.line(indent + printable(line));
  print('', summary);
  printFacts(factsOf(approval), toTheLetter(output), '  ');
  output.line();
  output.line('Done if it is approved, just this or nothing:');
  for (const [index, call] of calls.entries()) {
    print('', `${index + 1}. ${call.summary} (${call.activity}, connection ${call.connection})`);
    for (const each of call.calls) print('     ', each);
    printFacts(detailsOf(call), toTheLetter(output), '     ');
  }
  print('', `Digest ${digest}`);
  if (answers.length > 0) output.line();
  for (const { decision, name, at, via, reason } of answers)
    print('', `${decision} by ${name} at ${at}, by ${via}${reason === undefined ? '' : `: ${reason}`}`);
}

function factsOf(approval: Shown): [string, string][] {
  const { id, state, approved, required, subject, runId, workflow, askedAt, requestedBy } = approval;
  const { expiresAt, whoMay, requesterMayApprove, reasonRequired, overridesGuards, closedBecause } = approval;
  const asker = requestedBy.length === 0 ? '' : ` for ${requestedBy.join(', ')}`;
  const notSelf = requestedBy.length > 0 && !requesterMayApprove ? '; not who has asked for it' : '';
  return [
    ['approval', id],
    ['state', `${state}${closedBecause === undefined ? '' : `: ${closedBecause}`}`],
    ['approved', `by ${approved} of ${required}`],
    ...(subject === undefined ? [] : [['incident', subject] as [string, string]]),
    ['run', `${runId} (${workflow})`],
    ['asked', `${askedAt}${asker}`],
    ['expires', expiresAt],
    ['may answer', `${whoMay}${notSelf}`],
    ...(reasonRequired || overridesGuards ? [['reason', 'required'] as [string, string]] : []),
    ...(overridesGuards
      ? [['guards', 'IT IS DONE THOUGH A COOL-DOWN HOLDS ITS TARGETS'] as [string, string]]
      : []),
  ];
}

function detailsOf({
  targets,
  before,
  after,
  dryRun,
  inverse,
  input,
}: Shown['calls'][number]): [string, string][] {
  return [
    ['targets', targets.join(', ')],
    ['input', JSON.stringify(input)],
    ...(before === undefined ? [] : [['before', JSON.stringify(before)] as [string, string]]),
    ...(after === undefined ? [] : [['after', JSON.stringify(after)] as [string, string]]),
    ...(dryRun === undefined ? [] : [['asked', dryRun.said] as [string, string]]),
    [
      'undo',
      'none' in inverse ? `none: ${inverse.none}` : `${inverse.activity} ${JSON.stringify(inverse.input)}`,
    ],
  ];
}
