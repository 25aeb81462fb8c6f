import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { printTable } from './table.ts';

/** `baton workflows …` and `baton activities …`: what can be run, and what it can do. */
export function addCatalogueCommands(program: Command, wiring: Wiring): void {
  act(
    program
      .command('workflows')
      .description('the runbooks: what can be run')
      .command('list')
      .description(
        'every workflow, the triggers that start it, and what it takes from whoever starts it by hand',
      ),
    wiring,
    async ({ output, json }) => {
      const { items } = await withAsk(wiring, (ask) => ask('workflows.list', {}));
      if (json) return output.json(items);
      const rows = items.map(({ name, triggers, input }) => [
        name,
        triggers.join(', ') || '-',
        byHand(input),
      ]);
      printTable(['WORKFLOW', 'STARTED BY', 'BY HAND, WITH'], rows, output);
    },
  );

  act<{ provider?: string }>(
    program
      .command('activities')
      .description('the single steps of workflows, and what each does')
      .command('list')
      .description('every activity: read, change or destructive')
      .option('--provider <name>', 'only those of this provider'),
    wiring,
    async ({ output, json, options }) => {
      const { provider } = options;
      const { items } = await withAsk(wiring, (ask) => ask('activities.list', { provider }));
      if (json) return output.json(items);
      const rows = items.map(({ name, provider: of, kind, summary }) => [name, of, kind, summary]);
      printTable(['ACTIVITY', 'PROVIDER', 'KIND', 'DOES'], rows, output);
    },
  );
}

/** `incidentId, namespace?`. */
function byHand(input: Record<string, unknown> | undefined): string {
  if (input === undefined) return '-';
  const required = Array.isArray(input.required) ? input.required : [];
  return Object.keys(input.properties ?? {})
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .join(', ');
}
