import type { z } from 'zod';

/** One thing that an account lets us do, or does not. */
export interface Finding {
  /** The right, scope or ability, in the provider's own words: `incidents.write`, `channels:manage`, `ec2:RebootInstances`. */
  what: string;
  /** Undefined: it could not be told without changing something. */
  ok: boolean | undefined;
  /** Where it is not ok: why, and what to do. Without secrets. */
  reason?: string;
}

/** What a check is to find out about. */
export interface Asked {
  /** The rights that the provider's activities declare as their `permissions`: there is a finding for each. */
  rights: readonly string[];
  /** The connection's settings as texts, by their names: what the client does not need (a signing secret) is looked at here. */
  settings: Readonly<Record<string, string | undefined>>;
}

/** Asks harmlessly what a client's credentials may do. Throws a failure where they cannot be used at all. */
export type Check<Client> = (client: Client, signal: AbortSignal, asked: Asked) => Promise<Finding[]>;

/** What a test of a connection said. `unverified`: no answer came, so it is as if there had been no test. */
export interface Tested {
  outcome: 'confirmed' | 'accepted, not confirmed' | 'rejected' | 'unverified';
  reason: string;
}

/**
 * A provider, declared once: settings, masking, documentation, doctor, simulator and start read it.
 *
 * - `name`: as activities and record entries have it, `pagerduty`; `title`: as people read it, `PagerDuty`.
 * - `settings`: what a connection needs, by the names of the environment variables that define the connection `default` (design §5). A
 *   named connection keeps values under the same names. Each is text, is described, and says in its complaint what it should be.
 * - `secrets`: those of the settings that are never shown.
 * - `marks`: the variables that show that the provider is in use. Left out: all its settings.
 * - `connect`: a client for the settings, at first use: SDKs are loaded then. `env` is the process's: proxies, `BATON_PUBLIC_URL`.
 * - `check`: asks harmlessly what the credentials may do.
 * - `test`: sends something that is marked as a test, and looks whether it arrives, until `signal` ends. Left out: the check tells enough.
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
  marks?: RegExp;
  connect(settings: z.output<Settings>, env: NodeJS.ProcessEnv): Promise<Client>;
  check(client: Client, signal: AbortSignal, asked: Asked): Promise<Finding[]>;
  test?(client: Client, signal: AbortSignal, asked: Asked): Promise<Tested | undefined>;
}

// biome-ignore lint/suspicious/noExplicitAny: method parameters are contravariant, so no narrower type takes them all.
export type AnyProvider = Provider<string, any, any>;

export function defineProvider<const Name extends string, Settings extends z.ZodObject, Client>(
  provider: Provider<Name, Settings, Client>,
): Provider<Name, Settings, Client> {
  return provider;
}
