import type { Command } from 'commander';
import { CliFailure } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { Examination } from '../server/doctor.ts';
import { act, orNotFound, withAsk } from './command.ts';
import { type Output, paint, printable, type Tone } from './output.ts';
import { hung } from './story.ts';

/** `baton doctor`: what works, what is missing, by which activity it is needed, and what to do. */
export function addDoctorCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('doctor')
      .description('ask each provider what Baton may do there; nothing is changed')
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
  const [first = '', ...more] = hung(`${title}  ${connection}  `, `${text}${why}`, '    ', output.width);
  output.line(first.replace(text, paint(text, tone, output.color)));
  for (const line of more) output.line(line);
  const widest = Math.max(0, ...findings.map(({ what }) => printable(what).length));
  for (const { what, ok, neededBy, reason: told = '' } of findings) {
    const name = ok === undefined ? '?' : ok ? 'ok' : 'MISSING';
    const by = ok === false ? neededBy.join(', ') : countOf(neededBy.length);
    const before = `  ${name.padEnd('MISSING'.length)}  `;
    const needed = by === '' ? [] : [`for ${by}`];
    const said = [
      printable(what).padEnd(widest),
      ...needed,
      ...(ok === false || told === '' ? [] : [printable(told)]),
    ].join('  ');
    for (const line of hung(before, said.trimEnd(), '           ', output.width)) output.line(line);
    if (ok === false)
      for (const line of hung('           ', printable(told), '           ', output.width)) output.line(line);
  }
  output.line();
}

const countOf = (count: number): string =>
  count === 0 ? '' : count === 1 ? '1 activity' : `${count} activities`;
