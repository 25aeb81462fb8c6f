import { type Command, InvalidArgumentError } from 'commander';
import { tellerOf } from '../domain/story/story.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import type { ComparedHead } from './head-file.ts';
import { incidentArgument, namedIncident, noIncident, orNoIncident } from './named-incident.ts';
import { firstOf } from './pages.ts';
import { recordLines } from './record-line.ts';

interface VerifyOptions {
  head?: ComparedHead;
}

const keepIt = 'It has been changed outside Baton. Keep the database as it is, and compare it with a backup.';

/** `baton audit …`: the record itself. */
export function addAuditCommands(program: Command, wiring: Wiring): void {
  const audit = program.command('audit').description('the record: who did what, when and why');

  act(
    audit
      .command('show')
      .description('every line of the record about an incident, oldest first, in words; --json has all of it')
      .argument('<incident>', incidentArgument),
    wiring,
    async ({ output, json }, named = '') => {
      const rows = await withAsk(wiring, async (ask) => {
        const id = await namedIncident(named, ask);
        return firstOf((page) => ask('incidents.record', { id, ...page }));
      }).catch(orNoIncident(named));
      if (rows.length === 0) throw noIncident(named);
      if (json) return output.json(rows);
      const teller = tellerOf();
      for (const row of rows) for (const line of recordLines(row, teller)) output.line(line);
    },
  );

  act<VerifyOptions>(
    audit
      .command('verify')
      .description(
        'check every link of the whole record, and whether it still contains the heads that were told',
      )
      .option('--head <seq:hash>', 'a head from a log or another safe place', parseHead),
    wiring,
    async ({ output, json, options }) => {
      const { readSettings } = await import('../processes/settings.ts');
      const { checkCheckpoints, readHeadFile, readSecretKeys } = await import('./head-file.ts');
      const settings = readSettings(wiring.env, await wiring.loadProviders());
      const secretKeys = readSecretKeys(settings);
      const file = readHeadFile(settings.headsDir ?? settings.dataDir, secretKeys);
      const asked = options.head ? [options.head] : [];
      const { verification, compared } = await withAsk(wiring, async (ask) => ({
        verification: await ask('record.verify', {}),
        compared: await compare(ask, [...asked, ...file.heads]),
      }));
      const { checkpoints, ...verified } = verification;
      const segments = checkCheckpoints(checkpoints, file.heads, secretKeys);
      const wrong = [
        ...(verification.ok ? [] : [`at line ${verification.seq}: ${verification.reason}`]),
        ...compared.flatMap(({ seq, found }) =>
          found === 'other'
            ? [`line ${seq} is not the one that was the head: the record was rewritten`]
            : found === 'missing'
              ? [`line ${seq}, which was the head, is not there: the record was cut off`]
              : [],
        ),
        ...segments.wrong,
        ...file.signatures.wrong,
      ];
      const own = options.head && compared[0]?.found;
      const heads = compared.slice(asked.length);
      const count = (what: Found) => heads.filter(({ found }) => found === what).length;
      if (json)
        output.json({
          ...verified,
          ...(wrong.length > 0 && verification.ok ? { ok: false, reason: wrong[0] } : {}),
          ...(own ? { head: verification.ok ? verification.head : undefined, askedHead: own } : {}),
          heads: { contained: count('contained'), pruned: count('pruned'), ...file.signatures },
        });
      if (wrong.length > 0)
        throw new CliFailure(`The record does not verify: ${wrong[0]}`, {
          ...(wrong.length > 1 ? { why: wrong.slice(1).join('\n') } : {}),
          next: keepIt,
        });
      if (!json && verification.ok) {
        const { rows, head, pruned } = verification;
        output.line(`record verified: ${rows} rows, head ${head}`);
        if (pruned)
          output.line(
            `${pruned} older rows were pruned in ${checkpoints.length} segments, ${signed(segments.signed, secretKeys)}`,
          );
        if (heads.length > 0)
          output.line(
            `it contains ${count('contained')} of ${heads.length} heads that were told` +
              `${count('pruned') > 0 ? ` (${count('pruned')} were pruned)` : ''}, ${signed(file.signatures.signed, secretKeys)}`,
          );
        if (own === 'contained')
          output.line(`it contains the head ${options.head?.seq}:${options.head?.hash}`);
      }
      if (own === 'pruned')
        throw new CliFailure(
          `Line ${options.head?.seq} was pruned, so this head cannot be compared any more`,
          {
            next: 'Give a later head. The record itself verifies.',
            exit: exits.notFound,
          },
        );
    },
  );
}

const signed = (count: number, secretKeys: readonly string[]) =>
  secretKeys.length === 0 ? 'signatures not checked, as BATON_SECRET_KEY is not set' : `${count} signed`;

function parseHead(text: string): ComparedHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('It is the number of a line, a colon, and its hash of 64 hex digits.');
  return { seq: Number(seq), hash: hash.toLowerCase() };
}

type Found = 'contained' | 'other' | 'missing' | 'pruned';

/** Asked in so many at once, which a request holds. */
const atOnce = 1_000;

/** What the record has in the place of each head. */
async function compare(ask: Ask, heads: readonly ComparedHead[]): Promise<{ seq: number; found: Found }[]> {
  const compared: { seq: number; found: Found }[] = [];
  for (let start = 0; start < heads.length; start += atOnce) {
    const part = heads.slice(start, start + atOnce).map(({ seq, hash }) => ({ seq, hash }));
    compared.push(...(await ask('record.compare', { heads: part })).items);
  }
  return compared;
}
