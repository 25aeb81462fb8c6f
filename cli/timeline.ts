import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { incidentArgument, namedIncident, orNoIncident } from './named-incident.ts';
import { printable, printableText } from './output.ts';
import { comparisonOf, packOf } from './pack.ts';
import { hung, storyPrinter } from './story.ts';

interface TimelineOptions {
  all?: true;
  markdown?: true;
}

/** `baton timeline`: the story of an incident, for a terminal, for a page in Jira or Confluence, or for a program. */
export function addTimelineCommand(program: Command, wiring: Wiring): void {
  act<TimelineOptions>(
    program
      .command('timeline')
      .description('the story of an incident; as Markdown: the pack for its review')
      .argument('<incident>', incidentArgument)
      .option('--all', 'reads, answers no and what was so already, too')
      .option('--markdown', 'as a page for Jira, Confluence or a repository'),
    wiring,
    async ({ output, json, options: { all, markdown } }, named = '') => {
      const pack = await withAsk(wiring, async (ask) => packOf(await namedIncident(named, ask), ask)).catch(
        orNoIncident(named),
      );
      if (json) return output.json(pack);
      if (markdown) {
        const { markdownOf } = await import('./pack-markdown.ts');
        return output.line(printableText(markdownOf(pack)));
      }
      for (const line of pack.head) for (const each of hung('', printable(line), '  ')) output.line(each);
      if (pack.compared) for (const line of comparisonOf(pack.compared)) output.line(line);
      output.line();
      const print = storyPrinter(output);
      for (const entry of pack.entries) if (all || entry.show.length > 0) print(entry);
      for (const warning of pack.warnings) output.note(printable(warning));
    },
  );
}
