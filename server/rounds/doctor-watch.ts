import type { Logger } from 'pino';
import { z } from 'zod';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { Store } from '../../store/store.ts';
import { type Doctor, type Examination, examineAll } from '../doctor.ts';
import { nowAndThen } from './now-and-then.ts';

interface Options {
  doctor: () => Promise<Doctor>;
  store: Pick<Store, 'append' | 'readRecord'>;
  log: Logger;
  /** Tells people of each right that is missing, where somebody looks on. */
  tell?: (missing: Missing) => void;
}

const times = { firstAfterMilliseconds: 10_000, everyMilliseconds: 24 * 3_600_000 };
const subject = 'connections';
const pageSize = 1_000;

/** What a line of the log and of the record says. */
const missingSchema = z.object({
  provider: z.string(),
  connection: z.string(),
  what: z.string(),
  reason: z.string(),
  neededBy: z.array(z.string()),
});
export type Missing = z.output<typeof missingSchema>;

/**
 * Looks at the connections soon after a start, and then daily. Each right that is missing is a line in the log; what is missing, where that
 * is not what it was, a line in the record.
 */
export function startDoctorWatch({ doctor, store, log, tell }: Options): { stop(): Promise<void> } {
  let logged: Missing[] | undefined;
  return nowAndThen(times, async (stopping) => {
    try {
      const asked = await doctor();
      const found = await examineAll(asked, await asked.connections(), stopping);
      if (stopping.aborted) return;
      const kept = logged ?? (await lastKept(store));
      const missing = [...missingIn(found), ...kept.filter((each) => isSilent(found, each))];
      if (logged && namesOf(missing) === namesOf(logged)) return;
      logged = missing;
      for (const each of missing) {
        log.warn(each, 'A right is missing at a provider: see baton doctor');
        tell?.(each);
      }
      if (namesOf(missing) === namesOf(kept)) return;
      const at = new Date().toISOString();
      const line = { at, actor: 'baton', via: 'doctor', action: 'connections.checked', subject } as const;
      await store.append([{ ...line, detail: { missing } }]);
    } catch (error) {
      const message = 'What the connections may do could not be looked at; it is tried again tomorrow';
      if (error instanceof StoreUnavailable) log.warn({ err: error }, message);
      else log.error({ err: error }, message);
    }
  });
}

/**
 * A setting of `default` that is missing here may be another process's, as servers and workers each have their own, and each says at its start
 * what it lacks. A named connection is the same for all.
 */
function missingIn(examinations: readonly Examination[]): Missing[] {
  return examinations.flatMap(({ provider, connection, state, reason = '', findings }) => {
    const refused = { provider, connection, what: 'all of it', reason, neededBy: [] };
    if (state === 'refused') return [refused];
    return findings
      .filter(({ ok, isUnset }) => ok === false && !(isUnset && connection === defaultConnection))
      .map(({ what, reason: why = '', neededBy }) => ({
        provider,
        connection,
        what,
        reason: why,
        neededBy,
      }));
  });
}

/** For a screen. */
export function missingLine({ provider, connection, what, reason }: Missing): string {
  const words = reason === '' ? '' : `: ${reason}`;
  return `Doctor  ${provider} (${connection}): not well is ${what}${words}`;
}

/** Of a connection that does not answer it is not known what has changed. */
const isSilent = (found: readonly Examination[], { provider, connection }: Missing): boolean =>
  found.some(
    (each) => each.provider === provider && each.connection === connection && each.state === 'no answer',
  );

/** What tells one state from another. The providers' words do not: some have a number of their own in each answer. */
const namesOf = (missing: readonly Missing[]): string =>
  missing
    .map(({ provider, connection, what }) => `${provider}/${connection} ${what}`)
    .sort()
    .join('\n');

const kept = z.object({ missing: z.array(missingSchema) });

/** What the newest line of the record says. */
async function lastKept({ readRecord }: Options['store']): Promise<Missing[]> {
  let last: Missing[] = [];
  let after: number | undefined;
  for (;;) {
    const rows = await readRecord({ subject, limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const { detail } of rows) last = kept.safeParse(detail).data?.missing ?? last;
    after = rows.at(-1)?.seq;
    if (rows.length < pageSize || after === undefined) return last;
  }
}
