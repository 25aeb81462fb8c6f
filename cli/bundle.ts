import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';

/** Lines of the record that say that something went wrong. */
const troubles = [
  'run.failed',
  'run.timed_out',
  'activity.failed',
  'activity.refused',
  'condition.began',
  'operation.refused',
] as const;
/** The newest of each. */
const linesOfEach = 20;

/**
 * `baton bundle`: one file that helps others to find out what is wrong. It is made of what operations answer, so that it shows nobody more than
 * they may see; of that it leaves out who people are, what stands in incidents, and the values of settings that could tell of either.
 */
export function addBundleCommand(program: Command, wiring: Wiring): void {
  act<{ out?: string }>(
    program
      .command('bundle')
      .description(
        'one JSON file for whoever helps: versions, settings by name, what the doctor finds, what failed last, sizes',
      )
      .option('--out <file>', 'where to (default: baton-bundle-<date>.json)'),
    wiring,
    async ({ output, json, options }) => {
      const at = new Date().toISOString();
      const bundle = await withAsk(wiring, (ask) => bundleBy(ask, at));
      if (json) return output.json(bundle);
      const file = options.out ?? `baton-bundle-${at.slice(0, 10)}.json`;
      const text = `${JSON.stringify(bundle, null, 2)}\n`;
      await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        throw new CliFailure(`${file} is not written`, {
          why: error.code === 'EEXIST' ? 'It is there already.' : error.message,
          next: 'Name another file: --out <file>.',
          exit: error.code === 'EEXIST' ? exits.conflict : exits.failed,
        });
      });
      output.line(file);
      output.note('No secret and no address of a person is in it. Read it before you send it.');
    },
  );
}

async function bundleBy(ask: Ask, at: string) {
  return {
    at,
    versions: { baton: '0.1.0', node: process.version, platform: `${process.platform}-${process.arch}` },
    settings: await part(async () =>
      (await ask('settings.list', {})).items.map(({ name, value }) => `${name}=${harmless(value)}`),
    ),
    connections: await part(async () =>
      (await ask('connections.list', {})).items.map(({ name, provider, state, isReadable }) => ({
        name,
        provider,
        state,
        isReadable,
      })),
    ),
    doctor: await part(async () =>
      (await ask('doctor.check', {})).connections.map(
        ({ provider, connection, state, reason, findings }) => ({
          provider,
          connection,
          state,
          ...(reason === undefined ? {} : { reason: withoutPeople(reason) }),
          missing: findings
            .filter(({ ok }) => ok === false)
            .map(({ what, reason: why = '' }) => ({ what, reason: withoutPeople(why) })),
        }),
      ),
    ),
    failures: await part(async () => {
      const pages = await Promise.all(
        troubles.map((action) => ask('record.search', { action, limit: linesOfEach })),
      );
      return pages.flatMap(({ items }) => items.map(failureIn));
    }),
    store: await part(() => ask('store.size', {})),
  };
}

/** What cannot be told is told as such, and is no reason to tell nothing. */
const part = <Answer>(ask: () => Promise<Answer>): Promise<Answer | { notTold: string }> =>
  ask().catch((error: Error) => ({ notTold: withoutPeople(error.message) }));

/** Numbers and words of one's choice tell of nobody. Of all else only that it is set. */
const harmless = (value: string) => (/^(\d{1,9}|[a-z]{1,8})$/.test(value) ? value : '(set)');

/** Texts that Baton or a provider worded, without addresses of people. */
const withoutPeople = (text: string) =>
  text
    .split(' ')
    .map((word) => (word.includes('@') ? '…@…' : word))
    .join(' ');

/** Of a line when, what and why. Its input and its answer stay: they hold what stands in incidents. */
function failureIn({
  at,
  action,
  subject,
  detail,
}: {
  at: string;
  action: string;
  subject: string;
  detail: unknown;
}) {
  const { activity, workflow, operation, condition, reason, failure } = detail as Record<string, unknown>;
  const { type, message } = (failure ?? {}) as Record<string, unknown>;
  const said = { activity, workflow, operation, condition, type, reason, message };
  const texts = Object.entries(said).filter((each): each is [string, string] => typeof each[1] === 'string');
  return {
    at,
    action,
    subject: withoutPeople(subject),
    ...Object.fromEntries(texts.map(([name, text]) => [name, withoutPeople(text)])),
  };
}
