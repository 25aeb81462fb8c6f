import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { connectClients, environmentConnections } from '../activities/clients.ts';
import type { Event } from '../domain/event.ts';
import { defaultConnection } from '../domain/subject.ts';
import { type BadEntry, NoExport, readExport } from '../server/pagerduty/export.ts';
import { type PastSource, readPast } from '../server/pagerduty/past.ts';
import { pastEvents } from '../server/pagerduty/past-events.ts';
import { isNobodyThere, request } from './control.ts';
import { CliFailure, exits } from './failure.ts';
import { patientBudget } from './patient-budget.ts';
import { readSettings } from './settings.ts';
import type { Wiring } from './wiring.ts';

/** What a PagerDuty account tells of the last days. */
export interface AccountPast {
  /** It is the account that a running `npm start` simulates. */
  simulated: boolean;
  since: string;
  until: string;
  /** Oldest first, as Baton would have had them. */
  events: Event[];
  /** How much of it could not be read. */
  unreadable: number;
  /** Seconds in which more happened than PagerDuty gives out. */
  cut: string[];
  requests: number;
  seconds: number;
  /** It is not of the account but of this file, and these of its entries were left out. */
  file?: string;
  bad?: BadEntry[];
}

const dayMilliseconds = 24 * 3_600_000;

/**
 * Reads the past of the account of PAGERDUTY_API_TOKEN or of the app of PAGERDUTY_CLIENT_ID; where neither is set, of the account that the Baton of the data folder simulates.
 * It needs neither store nor server, and only ever reads.
 */
export async function readAccountPast(wiring: Wiring, days: number): Promise<AccountPast> {
  const providers = await wiring.loadProviders();
  const provider = providers.find(({ name }) => name === 'pagerduty');
  const past = provider?.past;
  if (!past) throw new CliFailure('PagerDuty is none of the providers here');
  const settings = readSettings(wiring.env, providers);
  const [needed = ''] = past.needs;
  const isSet = past.needs.some((name) => wiring.env[name]);
  const simulated = isSet ? undefined : await simulatedAccount(settings.dataDir, needed);
  const env = { ...wiring.env, ...simulated };
  const clients = connectClients(providers, environmentConnections(env), env, patientBudget());
  const client = await clients.pagerduty(defaultConnection);
  // Ctrl-C ends the whole command.
  const { signal } = new AbortController();
  const source: PastSource = {
    incidents: (query) => past.incidents(client, query, signal),
    entries: (query) => past.entries(client, query, signal),
  };
  const began = performance.now();
  const until = Date.now();
  const since = until - days * dayMilliseconds;
  const { incidents, entries, requests, cut } = await readPast(source, { since, until }).catch(
    throwUnreadable,
  );
  return {
    simulated: simulated !== undefined,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    ...(await pastEvents({ incidents, entries })),
    cut,
    requests,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

/** Reads the past from a file that PagerDuty has exported. Nobody is asked. */
export async function readExportedPast(file: string): Promise<AccountPast> {
  const began = performance.now();
  const text = await readFile(file)
    .then(textOf)
    .catch((error: Error) => {
      throw new CliFailure('The export cannot be read', { why: error.message, exit: exits.notFound });
    });
  const { bad, ...past } = exportIn(file, text);
  const { events, unreadable } = await pastEvents(past);
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last)
    throw new CliFailure(`${file} holds no incident that can be read`, {
      why:
        bad
          .slice(0, 5)
          .map(({ where, why }) => `${where} ${why}`)
          .join('; ') || 'It is empty.',
      exit: exits.usage,
    });
  return {
    simulated: false,
    file,
    since: first.time,
    until: last.time,
    events,
    unreadable,
    bad,
    cut: [],
    requests: 0,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

/** Spreadsheets also write UTF-16, with a mark at the beginning, or what Windows had before: no such text is UTF-8 once it has an umlaut. */
function textOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe') return new TextDecoder('utf-16le').decode(bytes);
  if (mark === 'feff') return new TextDecoder('utf-16be').decode(bytes);
  try {
    // As of a stream: a file that is cut off within its last character is UTF-8 all the same.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function exportIn(file: string, text: string) {
  try {
    return readExport(text);
  } catch (error) {
    if (!(error instanceof NoExport)) throw error;
    throw new CliFailure(`${file} is no export of PagerDuty's incidents`, {
      why: error.message,
      next: 'docs/look.md says which exports are read.',
      exit: exits.usage,
    });
  }
}

function throwUnreadable(error: Error): never {
  throw new CliFailure('The past of the account cannot be read', {
    why: error.message,
    next: 'A read-only key will do: PagerDuty, Integrations, API Access Keys. Also look at PAGERDUTY_REGION and PAGERDUTY_API_URL.',
  });
}

/** How the account is reached that a running Baton simulates. It is of that process alone, and so are its secrets. */
async function simulatedAccount(dataDir: string, needed: string): Promise<Record<string, string>> {
  const told = await request(dataDir, 'simulatedAccount').catch((error: unknown) => {
    if (!isNobodyThere(error)) throw error;
    throw new CliFailure(`${needed} is not set, and no Baton runs here that simulates an account`, {
      next: `Set ${needed} to a read-only key of your account. Or run npm start in another terminal, then try again from this folder.`,
      exit: exits.usage,
    });
  });
  return z.record(z.string(), z.string()).parse(told);
}
