import type { Logger } from 'pino';
import { z } from 'zod';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import type { Store } from '../store/store.ts';
import { type Doctor, type Examination, examineAll } from './doctor.ts';

interface Options {
  doctor: () => Promise<Doctor>;
  store: Pick<Store, 'append' | 'readRecord'>;
  log: Logger;
}

const everyMilliseconds = 24 * 3_600_000;
/** A start has other things to do. */
const firstAfterMilliseconds = 10_000;
const subject = 'connections';
const pageSize = 1_000;

/** What a line of the log and of the record says. */
interface Missing {
  provider: string;
  connection: string;
  what: string;
  reason: string;
  neededBy: string[];
}

/**
 * Looks at the connections soon after a start, and then daily. Each right that is missing is a line in the log; what is missing, where that
 * is not what it was, a line in the record.
 */
export function startDoctorWatch({ doctor, store, log }: Options): { stop(): Promise<void> } {
  let logged: string | undefined;
  let round: Promise<void> = Promise.resolve();
  const begin = () => {
    round = round.then(look);
  };
  const first = setTimeout(begin, firstAfterMilliseconds);
  const timer = setInterval(begin, everyMilliseconds);

  async function look(): Promise<void> {
    try {
      const asked = await doctor();
      const missing = missingIn(await examineAll(asked, await asked.connections()));
      const names = namesOf(missing);
      if (names === logged) return;
      logged = names;
      for (const each of missing) log.warn(each, 'A right is missing at a provider: see baton doctor');
      await keep(missing);
    } catch (error) {
      const message = 'What the connections may do could not be looked at; it is tried again tomorrow';
      if (error instanceof StoreUnavailable) log.warn({ err: error }, message);
      else log.error({ err: error }, message);
    }
  }

  async function keep(missing: Missing[]): Promise<void> {
    if (namesOf(await lastKept(store)) === namesOf(missing)) return;
    const at = new Date().toISOString();
    const line = { at, actor: 'baton', via: 'doctor', action: 'connections.checked', subject };
    await store.append([{ ...line, detail: { missing } }]);
  }

  return {
    async stop() {
      clearTimeout(first);
      clearInterval(timer);
      await round;
    },
  };
}

/**
 * A setting that is missing here may be another process's: servers and workers each have their own. Providers that do not answer are
 * back some time.
 */
function missingIn(examinations: readonly Examination[]): Missing[] {
  return examinations.flatMap(({ provider, connection, state, reason = '', findings }) => {
    const refused = { provider, connection, what: 'all of it', reason, neededBy: [] };
    if (state === 'refused') return [refused];
    return findings
      .filter(({ what, ok }) => ok === false && !isSetting.test(what))
      .map(({ what, reason: why = '', neededBy }) => ({
        provider,
        connection,
        what,
        reason: why,
        neededBy,
      }));
  });
}

const isSetting = /^(PAGERDUTY|SLACK|JIRA|AWS|KUBERNETES)_[A-Z_]+$/;

/** What tells one state from another. The providers' words do not: some have a number of their own in each answer. */
const namesOf = (missing: readonly Pick<Missing, 'provider' | 'connection' | 'what'>[]): string =>
  missing
    .map(({ provider, connection, what }) => `${provider}/${connection} ${what}`)
    .sort()
    .join('\n');

const kept = z.object({
  missing: z.array(z.object({ provider: z.string(), connection: z.string(), what: z.string() })),
});
type Kept = z.output<typeof kept>['missing'];

/** What the newest line of the record says. */
async function lastKept({ readRecord }: Options['store']): Promise<Kept> {
  let last: Kept = [];
  let after: number | undefined;
  for (;;) {
    const rows = await readRecord({ subject, limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const { detail } of rows) last = kept.safeParse(detail).data?.missing ?? last;
    after = rows.at(-1)?.seq;
    if (rows.length < pageSize || after === undefined) return last;
  }
}
