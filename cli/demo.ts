import type { Command } from 'commander';
import { demoStories } from '../domain/demo-stories.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { hung } from './story.ts';

const storyLines = (): string[] =>
  Object.entries(demoStories).flatMap(([name, about]) => [`  ${name}`, ...hung('    ', about)]);

/** `baton demo`: plays another incident in the simulated PagerDuty of a running `baton start`. */
export function addDemoCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('demo')
      .description('play another incident against the running simulation')
      .argument('[story]', `which one: ${Object.keys(demoStories).join(', ')}; left out: the first`)
      .addHelpText('after', `\nThe stories, and how long each takes:\n${storyLines().join('\n')}`),
    wiring,
    async ({ output, json }, story) => {
      const { readSettings } = await import('../processes/settings.ts');
      const { isNobodyThere, request } = await import('../processes/control.ts');
      const { z } = await import('zod');
      const { dataDir } = readSettings(wiring.env, await wiring.loadProviders());
      const incident = await request(dataDir, 'demo', story ?? null).catch((error: unknown) => {
        if (!isNobodyThere(error)) throw error;
        throw new CliFailure('No Baton runs on this data folder', {
          next: 'Start it with npm start, then try again from the same folder.',
          exit: exits.conflict,
        });
      });
      const id = z.string().parse(incident);
      if (json) return output.json({ incident: id });
      const { followTimeline } = await import('./follow.ts');
      const ending = await withAsk(wiring, (ask) =>
        followTimeline(
          {
            lines: async (after) => (await ask('incidents.record', { id, after, limit: 200 })).items,
            runs: async () => (await ask('runs.list', { subject: id, limit: 50 })).items,
          },
          output,
          { after: 0, signal: new AbortController().signal },
        ),
      );
      if (ending === 'waiting') output.note('The incident is still open, and waits.');
      output.note(`Why, and by whom: baton incidents show ${id}`);
    },
  );
}
