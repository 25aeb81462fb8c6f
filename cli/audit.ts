import type { Command } from 'commander';
import { act, askStore, type Parts } from './command.ts';
import { CliFailure, exits } from './failure.ts';
import { printable } from './output.ts';

/** `baton audit …`: the record itself. */
export function addAuditCommands(program: Command, parts: Parts): void {
  const audit = program.command('audit').description('the record: who did what, when and why');

  act(
    audit
      .command('show')
      .description('every line of the record about an incident, oldest first')
      .argument('<incident>', 'PagerDuty incident id'),
    parts,
    async ({ output, json }, incident) => {
      const rows = await askStore(parts, (store) => store.readRecord({ subject: incident, limit: 10_000 }));
      if (rows.length === 0)
        throw new CliFailure(`The record has no line about ${incident}`, {
          next: 'baton events list shows what has come in.',
          exit: exits.notFound,
        });
      if (json) return output.json(rows);
      for (const { seq, at, actor, via, action, detail } of rows)
        output.line(
          printable(`${seq ?? '-'}  ${at}  ${actor} via ${via}  ${action}  ${JSON.stringify(detail)}`),
        );
    },
  );

  act(
    audit.command('verify').description('check every link of the whole record'),
    parts,
    async ({ output, json }) => {
      const verification = await askStore(parts, (store) => store.verifyRecord());
      if (json) output.json(verification);
      else if (verification.ok)
        output.line(`record verified: ${verification.rows} rows, head ${verification.head}`);
      if (!verification.ok)
        throw new CliFailure(
          `The record does not verify: at line ${verification.seq}: ${verification.reason}`,
          {
            next: 'It has been changed outside Baton. Keep the database as it is, and compare it with a backup.',
          },
        );
    },
  );
}
