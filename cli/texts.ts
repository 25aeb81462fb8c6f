import type { Command } from 'commander';
import { sizeInWords } from '../domain/kept-text.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, orNotFound, withAsk } from './command.ts';
import { printable, printableText } from './output.ts';

/** `baton texts show`: a text that is too long for a run. The text alone goes to stdout. */
export function addTextCommands(program: Command, wiring: Wiring): void {
  act(
    program
      .command('texts')
      .description('what is too long for a run: logs, transcripts, results')
      .command('show')
      .description('one of them')
      .argument('<digest>', 'as a note, a result or the record names it'),
    wiring,
    async ({ output, json }, digest = '') => {
      const text = await withAsk(wiring, (ask) =>
        ask('texts.show', { digest }).catch(
          orNotFound(
            `No text ${digest} is kept`,
            'baton incidents texts <incident> shows those of an incident.',
          ),
        ),
      );
      if (json) return output.json(text);
      output.note(
        printable(
          `${text.title}, of ${text.subject}, kept ${text.keptAt}, ${sizeInWords(text.bytes)} as it was given`,
        ),
      );
      output.line(printableText(text.text));
      if (text.truncated) output.note('This is only a part of it: it was too long.');
    },
  );
}
