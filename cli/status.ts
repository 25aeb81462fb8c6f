import type { Command } from 'commander';
import { dated } from '../domain/story/step.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { printable } from './output.ts';
import { hung } from './story.ts';

/** `baton status`: how Baton itself stands. */
export function addStatusCommand(program: Command, wiring: Wiring): void {
  act(
    program.command('status').description('how Baton itself stands: switches, Temporal, workers, what waits'),
    wiring,
    async ({ output, json }) => {
      const status = await withAsk(wiring, (ask) => ask('status.show', {}));
      if (json) return output.json(status);
      const {
        version,
        commit,
        mode,
        simulated,
        temporal,
        workers,
        killSwitches,
        holds,
        inbox,
        lastEvent,
        notes,
      } = status;
      const tell = (name: string, text: string) => {
        for (const line of hung(name.padEnd(13), printable(text))) output.line(line);
      };
      tell('Baton', `${version}${commit === undefined ? '' : `, commit ${commit}`}`);
      tell('providers', mode === 'real' ? 'real' : `SIMULATED: ${simulated.join(', ')}`);
      tell(
        'Temporal',
        temporal.state === 'unknown'
          ? 'not known: no server runs here'
          : `${temporal.state} since ${dated(temporal.since ?? '')}${temporal.reason ? `: ${temporal.reason}` : ''}`,
      );
      tell('workers', workers.count === undefined ? 'not known' : `${workers.count} at work`);
      for (const { reason, by } of killSwitches) tell('kill switch', `ON, by ${by}: ${reason}`);
      for (const { kind, reason, by } of holds) tell(kind, `by ${by}: ${reason}`);
      tell(
        'inbox',
        inbox.pending === 0
          ? 'nothing waits'
          : `${inbox.pending} events wait, the oldest for ${Math.round(inbox.oldestSeconds)} s`,
      );
      tell(
        'last event',
        lastEvent
          ? `${lastEvent.type}, ${dated(lastEvent.receivedAt)}`
          : 'none has come, as far as you may see',
      );
      for (const note of notes) tell('', note);
    },
  );
}
