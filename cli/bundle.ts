import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { batonVersion } from '../domain/version.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { type Anonymous, anonymous } from './anonymous.ts';
import { act, withAsk } from './command.ts';
import { firstOf } from './pages.ts';

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
        'one JSON file for people who help: versions, settings by name, what the doctor finds, the last failures, sizes',
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
      output.note(
        'No secret, and no name or address of a person, should be in it. Read it before you send it.',
      );
    },
  );
}

async function bundleBy(ask: Ask, at: string) {
  const words = anonymous(await knownOf(ask));
  const part = <Answer>(told: () => Promise<Answer>) => orNotTold(told, words);
  return {
    at,
    versions: {
      baton: batonVersion,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    settings: await part(async () =>
      (await ask('settings.list', {})).items.map(({ name, value }) => `${name}=${harmless(value)}`),
    ),
    connections: await part(async () =>
      (await ask('connections.list', {})).items.map(({ name, provider, state, isReadable }) => ({
        name: words(name),
        provider,
        state,
        isReadable,
      })),
    ),
    doctor: await part(async () =>
      (await ask('doctor.check', {})).connections.map(
        ({ provider, connection, state, reason, findings }) => ({
          provider,
          connection: words(connection),
          state,
          ...(reason === undefined ? {} : { reason: words(reason) }),
          missing: findings
            .filter(({ ok }) => ok === false)
            .map(({ what, reason: why = '' }) => ({ what: words(what), reason: words(why) })),
        }),
      ),
    ),
    failures: await part(async () => {
      const pages = await Promise.all(
        troubles.map((action) => ask('record.search', { action, limit: linesOfEach })),
      );
      return pages.flatMap(({ items }) => items.map((line) => failureIn(line, words)));
    }),
    store: await part(() => ask('store.size', {})),
  };
}

/** What cannot be told is told as such, and is no reason to tell nothing. */
const orNotTold = <Answer>(
  told: () => Promise<Answer>,
  words: Anonymous,
): Promise<Answer | { notTold: string }> =>
  told().catch((error: Error) => ({ notTold: words(error.message) }));

/** How many people and incidents are looked at: messages of today tell of those. */
const mostKnown = 500;

/** Who people are, and what stands in incidents, as far as whoever asks may see it: texts of others may repeat it. */
async function knownOf(ask: Ask): Promise<string[]> {
  const none = () => [];
  const [people, linked, incidents] = await Promise.all([
    firstOf((page) => ask('people.list', page), mostKnown).catch(none),
    firstOf((page) => ask('identities.list', page), mostKnown).catch(none),
    firstOf((page) => ask('incidents.list', page), mostKnown).catch(none),
  ]);
  return [
    ...people.flatMap(({ email, slackUser }) => [email, slackUser ?? '']),
    ...linked.flatMap(({ email, slackUser }) => [email, slackUser]),
    ...incidents.flatMap(({ incident }) => [
      incident?.title ?? '',
      ...(incident?.assignees ?? []).flatMap(({ name }) => [name, ...name.split(' ')]),
    ]),
  ];
}

/** Words that settings are made of, and nobody is called. */
const ofSettings =
  /^(\d{1,9}|true|false|on|off|all|none|us|eu|debug|info|warn|error|viewer|responder|approver|operator|admin)$/;

/** Of all else only that it is set. */
const harmless = (value: string) => (ofSettings.test(value) ? value : '(set)');

/** Of a line when, what and why. Its input and its answer stay: they hold what stands in incidents. */
function failureIn(
  {
    at,
    action,
    subject,
    detail,
  }: {
    at: string;
    action: string;
    subject: string;
    detail: unknown;
  },
  words: Anonymous,
) {
  const { activity, workflow, operation, condition, reason, failure } = detail as Record<string, unknown>;
  const { type, class: kind, message } = (failure ?? {}) as Record<string, unknown>;
  const said = { activity, workflow, operation, condition, type, class: kind, reason, message };
  const texts = Object.entries(said).filter((each): each is [string, string] => typeof each[1] === 'string');
  return {
    at,
    action,
    subject: words(subject),
    ...Object.fromEntries(texts.map(([name, text]) => [name, words(text)])),
  };
}
