import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { incidentArgument, namedIncident, orNoIncident } from './named-incident.ts';
import { printable, printableText } from './output.ts';
import { comparisonOf, packOf } from './pack.ts';
import { hung, storyPrinter } from './story.ts';

interface TimelineOptions {
  all?: true;
  markdown?: true;
  jira?: true;
  issue?: string;
  dryRun?: true;
  reason: string;
}

/** `baton timeline`: the story of an incident, for a terminal, for a page in Jira or Confluence, or for a program. */
export function addTimelineCommand(program: Command, wiring: Wiring): void {
  act<TimelineOptions>(
    program
      .command('timeline')
      .description('the story of an incident, here, as Markdown for its review, or on its Jira issue')
      .argument('<incident>', incidentArgument)
      .option('--all', 'also what was only read, and what was so already')
      .option('--markdown', 'as a page for Jira, Confluence or a repository')
      .option('--jira', 'write it on the Jira issue of the incident, as a comment; the same story once')
      .option('--issue <key>', 'with --jira: on this issue, and not on the one that Baton has made')
      .option('--dry-run', 'with --jira: show what would be written, and write nothing')
      .option('--reason <words>', 'with --jira: why, for those who read the record', 'the timeline'),
    wiring,
    async ({ output, json, options }, named = '') => {
      const { all, markdown, jira } = options;
      if (!jira && (options.issue !== undefined || options.dryRun))
        throw new CliFailure('--issue and --dry-run go with --jira', { exit: exits.usage });
      if (jira) {
        const { tellIssue } = await import('./tell-issue.ts');
        return withAsk(wiring, (ask) => tellIssue(named, options, ask, { output, json }));
      }
      const pack = await withAsk(wiring, async (ask) => packOf(await namedIncident(named, ask), ask)).catch(
        orNoIncident(named),
      );
      if (json) return output.json(pack);
      if (markdown) {
        const { markdownOf } = await import('./pack-markdown.ts');
        return output.line(printableText(markdownOf(pack)));
      }
      for (const line of pack.head) for (const each of hung('', printable(line), '  ')) output.line(each);
      for (const line of pack.compared ? comparisonOf(pack.compared) : [])
        for (const each of hung('', line, '  ')) output.line(each);
      output.line();
      const print = storyPrinter(output);
      for (const entry of pack.entries) if (all || entry.show.length > 0) print(entry);
      for (const warning of pack.warnings) output.note(printable(warning));
    },
  );
}
