import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, askStore } from './command.ts';
import { printable } from './output.ts';
import { allEvents, allLines, allRuns } from './pages.ts';
import { standing } from './standing.ts';

/** `baton incidents …`: what Baton did about an incident, and why it did nothing else. */
export function addIncidentCommands(program: Command, wiring: Wiring): void {
  const incidents = program.command('incidents').description('what was done about an incident, and why');

  act(
    incidents
      .command('show')
      .description('what ran, who decided, and why nothing else ran')
      .argument('<incident>', 'PagerDuty incident id'),
    wiring,
    async ({ output, json }, id = '') => {
      const { events, runs, record } = await askStore(wiring, async (store) => ({
        events: await allEvents(store, id),
        runs: await allRuns(store, id),
        record: await allLines(store, id),
      }));
      if (events.length === 0 && record.length === 0)
        throw new CliFailure(`Nothing is known of an incident ${id}`, {
          next: 'baton events list shows what has come in.',
          exit: exits.notFound,
        });
      if (json) return output.json({ incident: id, events, runs, record });

      output.line(`Incident ${printable(id)}`);
      output.line();
      output.line(runs.length === 0 ? 'Nothing ran. The lines marked "-" below say why.' : 'Ran:');
      for (const { id: run, state, workflow, outcome, failure, stuck } of runs) {
        const end = failure ? `${failure.class}: ${failure.message}` : (outcome ?? '');
        output.line(
          printable(`  ${run}  ${state}${end === '' || end === state ? '' : `, ${end}`}  (${workflow})`),
        );
        if (stuck && !stuck.over) output.line(`    ${standing(stuck)}`);
      }
      const held = events.filter(({ disposition }) => disposition === 'parked' || disposition === undefined);
      for (const { seq, type, disposition, reason } of held)
        output.line(printable(`  event ${seq} ${type}: ${disposition ?? 'pending'} ${reason ?? ''}`));
      output.line();
      const { formatLine, storyOf } = await import('./timeline.ts');
      for (const line of storyOf(record)) output.line(formatLine(line, output.color));
    },
  );
}
