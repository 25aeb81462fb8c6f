import type { Command } from 'commander';
import { answerLines, fieldsOf } from '../domain/question.ts';
import type { Ask } from '../processes/door.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { type Output, printable } from './output.ts';
import { printFacts, toTheLetter } from './table.ts';

type Shown = Awaited<ReturnType<typeof askToShow>>;
const askToShow = (ask: Ask, id: string) => ask('questions.show', { id });

/** `baton questions show`, in words for whoever answers. The others come from their operations. */
export function addQuestionCommands(program: Command, wiring: Wiring): void {
  const questions = program.command('questions').description('what else runs ask people, and the answers');
  act(
    questions
      .command('show')
      .description('what is asked, what an answer is made of, who may give it, and who has')
      .argument('<id>', 'as questions list tells it'),
    wiring,
    async ({ output, json }, id = '') => {
      const question = await withAsk(wiring, (ask) => askToShow(ask, id));
      if (json) return output.json(question);
      printQuestion(question, output);
      if (question.state !== 'pending') return;
      if (question.parked) return output.note(`baton runs unpark ${question.runId}`);
      const pairs = fieldsOf(question.form).map(({ name, required }) =>
        required ? `${name}=…` : `[${name}=…]`,
      );
      output.note(`baton questions answer ${id} ${pairs.join(' ')}`);
    },
  );
}

function printQuestion(question: Shown, output: Output): void {
  const { summary, form, answers } = question;
  output.line(printable(summary));
  printFacts(factsOf(question), toTheLetter(output), '  ');
  output.line();
  output.line('options' in form ? 'One of:' : 'All of:');
  printFacts(partsOf(form), toTheLetter(output), '  ');
  for (const answer of answers) {
    const { name, at, via, reason } = answer;
    output.line();
    const why = reason === undefined ? '' : `: ${reason}`;
    output.line(printable(`answered by ${name} at ${at}, by ${via}${why}`));
    for (const line of answerLines(form, answer)) output.line(`  ${printable(line)}`);
  }
}

function factsOf(question: Shown): [string, string][] {
  const { id, state, subject, runId, workflow, askedAt, expiresAt, whoMay, closedBecause } = question;
  return [
    ['question', id],
    ['state', `${state}${closedBecause === undefined ? '' : `: ${closedBecause}`}`],
    ...(subject === undefined ? [] : [['incident', subject] as [string, string]]),
    ['run', `${runId} (${workflow})`],
    ['asked', askedAt],
    ['expires', expiresAt],
    ['may answer', whoMay],
  ];
}

/** What is typed, and what it means. */
function partsOf(form: Shown['form']): [string, string][] {
  if ('options' in form)
    return form.options.map(({ value, label, description }) => [
      `choice=${value}`,
      [label, ...(description === undefined ? [] : [description])].join(': '),
    ]);
  return form.fields.map(({ name, label = name, type, required, description, choices }) => [
    `${name}=`,
    [
      label,
      choices ? `one of ${choices.join(', ')}` : type === 'boolean' ? 'yes or no' : '',
      description ?? '',
      required ? '' : 'may be left out',
    ]
      .filter((each) => each !== '')
      .join('; '),
  ]);
}
