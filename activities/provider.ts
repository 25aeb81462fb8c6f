import type { z } from 'zod';
import type { SetUp } from '../domain/set-up.ts';
import type { SetUpForm } from '../domain/set-up-questions.ts';
import type { Sending, SendingAnswer } from '../domain/subscription.ts';
import type { Budget } from './budget.ts';

/** One thing that an account lets us do, or does not. */
export interface Finding {
  /** The right, scope or ability, in the provider's own words: `incidents.write`, `channels:manage`, `ec2:RebootInstances`. */
  what: string;
  /** Undefined: it could not be told without changing something. */
  ok: boolean | undefined;
  /** Where it is not ok: why, and what to do. Without secrets. */
  reason?: string;
  /** A setting that this process does not have. Of the connection `default` another process may, which says so at its own start. */
  isUnset?: true;
}

/** A setting without which a provider that is in use is connected in half. */
export interface Need<Setting extends string = string> {
  /** Any one of them will do, also one of Baton's own. */
  oneOf: readonly (Setting | `BATON_${string}`)[];
  /** Needed only beside this one. Left out: wherever the provider is in use. */
  beside?: Setting | `BATON_${string}`;
  /** The process that reads it; the other does not miss it. Left out: both. */
  by?: 'server' | 'worker';
  /** What follows without it: `its events are not taken in`. */
  else: string;
}

/** The settings that say where something is sent, each with the secrets that go there, or are used to go there. */
export type SentTo<Setting extends string = string> = { readonly [name in Setting]?: readonly Setting[] };

/** What a check is to find out about. */
export interface Asked {
  /** The rights that the provider's activities declare as their `permissions`: there is a finding for each. */
  rights: readonly string[];
  /** The connection's settings as texts, by their names: what the client does not need (a signing secret) is looked at here. */
  settings: Readonly<Record<string, string | undefined>>;
  /** A test leaves what it has sent. */
  keep?: boolean;
}

/** What is asked of a provider's log. The times are in whole seconds. */
export interface LogQuery {
  since?: string;
  until?: string;
  offset: number;
  limit: number;
}

/** A page of it, newest first. */
export interface LogPage {
  entries: unknown[];
  more: boolean;
  /** When it was given, by the provider's own clock, where that says so. */
  answeredAt?: string;
}

/** For what a call's client is wanted, so that the provider's own log tells whose doing it was, and its keys can do no more. */
export interface Use {
  /** The run that calls. */
  run: string;
  /** Who answers for it, as the record names whoever acts: whoever has approved the plan, else on whose behalf it is. */
  by: string;
  /** The calls of the plan that is carried out, as people were shown them. Left out: it only looks. */
  calls?: readonly string[];
}

/**
 * Changes values of a connection that its use changes, one process at a time. The renewal is told the values of now and gives those that
 * change; undefined: another process has seen to it. Answers with all values as they are then.
 */
export type Renew = (
  renewal: (values: Readonly<Record<string, string>>) => Promise<Record<string, string> | undefined>,
) => Promise<Record<string, string>>;

/** Asks harmlessly what a client's credentials may do. Throws a failure where they cannot be used at all. */
export type Check<Client> = (client: Client, signal: AbortSignal, asked: Asked) => Promise<Finding[]>;

/** What a test of a connection said. `unverified`: no answer came, so it is as if there had been no test. */
export interface Tested {
  outcome: 'confirmed' | 'accepted, not confirmed' | 'rejected' | 'unverified';
  reason: string;
  /** It is one thing of many, so the rights are asked about too. */
  tellsNoRights?: true;
}

/**
 * A provider, declared once: settings, masking, documentation, doctor, simulator and start read it.
 *
 * - `name`: as activities and record entries have it, `pagerduty`; `title`: as people read it, `PagerDuty`.
 * - `settings`: what a connection needs, by the names of the environment variables that define the connection `default` (design §5). A
 *   named connection keeps values under the same names. Each is text, is described, and says in its complaint what it should be:
 *   `is not an https:// address`. Each may be left out: what misses one says so when it needs it.
 * - `secrets`: those of the settings that are never shown.
 * - `sentTo`: where they are sent. Whoever changes such a setting gives these secrets anew. Left out of it, a setting that holds an
 *   address gets all of them.
 * - `needs`: the settings without which half of it does not work. Said at start, which goes on.
 * - `marks`: the variables that show that the provider is in use. Left out: all its settings.
 * - `foreign`: variables of other programs that begin as its settings do. Only where they are nearly a setting are they taken for a
 *   misspelt one.
 * - `simulated`: there is a simulator of it (simulator/index.ts): for a first start without any provider, or only where `BATON_SIMULATE`
 *   names it or all.
 * - `connect`: a client for the settings, at first use: SDKs are loaded then. `env` is the process's: proxies, `BATON_PUBLIC_URL`.
 *   What belongs to the machine (an SDK's own search for credentials, a pod's service account) is for the connection `default` alone:
 *   another one lives by its settings only. Throws `notConnected` where one is missing. `budget`: where a request waits for its turn. `renew`: how
 *   values are changed by use; left out: they cannot be.
 * - `forUse`: the same client for one use of it. Left out: the provider is told of none.
 * - `complaints`: what a connection's settings cannot be used for, where it takes the SDK to see: `KUBECONFIG_CONTENT is neither YAML nor
 *   JSON`. It asks nobody, and shows no value. Left out: the schema tells all.
 * - `check`: asks harmlessly what the credentials may do.
 * - `log`: one page of what has happened at the provider, newest first and as it answers it, for a server that no webhook reaches.
 *   `ofIncident`: the newest entries about one incident; undefined where it is not shown. `incident`: that itself, likewise. `needs`: the settings of which a connection
 *   has one, or no log to read.
 * - `past`: pages of all incidents of a time, and of what their logs say, both newest first and as the provider answers them, for a look
 *   at an account that Baton has not served. It only reads.
 * - `tell`: one attempt at telling the connection’s subscriber of an event, signed. Rejects where no answer came.
 * - `test`: sends something that is marked as a test, and looks whether it arrives, until `signal` ends. Left out: the check tells enough.
 * - `setUp`: what people are asked to connect it, and, loaded when it is needed, how what a connection needs at the provider is made and
 *   taken away. Left out: people give the values themselves.
 */
export interface Provider<
  Name extends string = string,
  Settings extends z.ZodObject = z.ZodObject,
  Client = unknown,
> {
  name: Name;
  title: string;
  settings: Settings;
  secrets: readonly (keyof z.input<Settings> & string)[];
  sentTo?: SentTo<keyof z.input<Settings> & string>;
  needs?: readonly Need<keyof z.input<Settings> & string>[];
  marks?: RegExp;
  foreign?: RegExp;
  simulated?: 'at first' | 'when asked';
  connect(
    settings: z.output<Settings>,
    env: NodeJS.ProcessEnv,
    connection: string,
    budget: Budget,
    renew?: Renew,
  ): Promise<Client>;
  forUse?(client: Client, use: Use): Client;
  complaints?(settings: z.output<Settings>): Promise<string[]>;
  check(client: Client, signal: AbortSignal, asked: Asked): Promise<Finding[]>;
  log?: {
    needs: readonly (keyof z.input<Settings> & string)[];
    read(client: Client, query: LogQuery, signal: AbortSignal): Promise<LogPage>;
    ofIncident(client: Client, incidentId: string, signal: AbortSignal): Promise<unknown[] | undefined>;
    incident(client: Client, incidentId: string, signal: AbortSignal): Promise<unknown>;
  };
  past?: {
    needs: readonly (keyof z.input<Settings> & string)[];
    incidents(client: Client, query: LogQuery, signal: AbortSignal): Promise<LogPage>;
    entries(client: Client, query: LogQuery, signal: AbortSignal): Promise<LogPage>;
  };
  tell?(client: Client, sending: Omit<Sending, 'connection'>, signal: AbortSignal): Promise<SendingAnswer>;
  test?(client: Client, signal: AbortSignal, asked: Asked): Promise<Tested | undefined>;
  setUp?: SetUpForm & { load(): Promise<SetUp<Client>> };
}

// biome-ignore lint/suspicious/noExplicitAny: method parameters are contravariant, so no narrower type takes them all.
export type AnyProvider = Provider<string, any, any>;

export function defineProvider<const Name extends string, Settings extends z.ZodObject, Client>(
  provider: Provider<Name, Settings, Client>,
): Provider<Name, Settings, Client> {
  return provider;
}

/** Compose files and CI pass on unset variables as empty ones. */
export const withoutEmpty = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
    ),
  );

/** The names of its settings. */
export const settingsOf = ({ settings }: AnyProvider): string[] => Object.keys(settings.shape);
