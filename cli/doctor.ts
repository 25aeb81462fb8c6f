import type { Command } from 'commander';
import { CliFailure } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { Examination } from '../server/doctor.ts';
import { act, orNotFound, withAsk } from './command.ts';
import { type Output, paint, printable, type Tone, table } from './output.ts';

/** `baton doctor`: what works, what is missing, by which activity it is needed, and what to do. */
export function addDoctorCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('doctor')
      .description('asks each provider, without changing anything, what Baton may do there')
      .argument('[connection]', 'the connections of this name only'),
    wiring,
    async ({ output, json }, connection) => {
      const { isWell } = await import('../server/doctor.ts');
      const { well, connections } = await withAsk(wiring, (ask) =>
        ask('doctor.check', connection === undefined ? {} : { connection }),
      ).catch(
        orNotFound(`There is no connection "${connection}"`, 'baton connections list shows those there are.'),
      );
      if (json) output.json({ well, connections });
      else for (const each of connections) show(each, output);
      const unwell = connections.filter((each) => !isWell(each));
      if (unwell.length > 0)
        throw new CliFailure(`Not all is well with ${unwell.map(({ title }) => title).join(', ')}`);
    },
  );
}

const words: Record<Examination['state'], [string, Tone | undefined]> = {
  well: ['well', 'green'],
  missing: ['something is missing', 'red'],
  refused: ['refused', 'red'],
  'no answer': ['no answer', 'red'],
  'not connected': ['not connected', 'red'],
  'not used': ['not used', 'dim'],
  simulated: ['SIMULATED: nothing real is reached, so there is nothing to check', 'yellow'],
};

function show({ title, connection, state, reason, findings }: Examination, output: Output): void {
  const [text, tone] = words[state];
  const why = reason === undefined ? '' : `: ${printable(reason)}`;
  output.line(`${title}  ${connection}  ${paint(text, tone, output.color)}${why}`);
  const rows = findings.map(({ what, ok, neededBy }) => {
    const by = ok === false ? neededBy.join(', ') : countOf(neededBy.length);
    return [ok === undefined ? '?' : ok ? 'ok' : 'MISSING', what, by === '' ? '' : `for ${by}`];
  });
  const lines = table(rows);
  for (const [index, { ok, reason: told = '' }] of findings.entries()) {
    const line = `  ${lines[index] ?? ''}`.trimEnd();
    output.line(told === '' || ok === false ? line : `${line}  ${printable(told)}`);
    if (ok === false) output.line(`           ${printable(told)}`);
  }
  output.line();
}

const countOf = (count: number): string =>
  count === 0 ? '' : count === 1 ? '1 activity' : `${count} activities`;
