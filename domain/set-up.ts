/** A change at a provider as it is sent. A path may hold what is not there yet: `<id of the new service>`. */
export interface SetUpCall {
  method: 'POST' | 'DELETE';
  path: string;
  body?: unknown;
}

/** Something at a provider that a connection needs, and that is there. */
export interface SetUpFound {
  id: string;
  name: string;
  /** What the connection has by it, beside what it had before: by the names of its variables. */
  values?(before: Readonly<Record<string, string>>): Record<string, string>;
  warnings?: readonly string[];
  /** What is left to do once it is kept. */
  settle?(signal: AbortSignal): Promise<void>;
  /** It is there by its name, and whether this setup has made it or somebody else was looked at: somebody else has. */
  isOthers?: true;
  /** It would be made, and is not there: nothing can be looked up in it. */
  isNew?: true;
}

/** What setup has made at a provider for a connection. */
export interface SetUpItem {
  /** `service`, `integration`, `webhook subscription`. */
  kind: string;
  /** By what it is found again. */
  name: string;
  /** The id of what it is a part of; empty: of the account. */
  of: string;
  /** Undefined: it was about to be made, and nobody knows whether it was. */
  id: string | undefined;
  at: string;
  by: string;
}

/** One thing that setup looks for, and makes where it is not there. */
export interface SetUpStep extends Pick<SetUpItem, 'kind' | 'name' | 'of'> {
  /** `kept`: what an earlier setup has kept of it. Rejects with the failures of the activities. */
  look(
    kept: SetUpItem | undefined,
    signal: AbortSignal,
  ): Promise<
    | { there: SetUpFound }
    | { calls: readonly SetUpCall[]; willBe: SetUpFound; make(signal: AbortSignal): Promise<SetUpFound> }
  >;
}

/** What was found so far, by kind. */
export type SetUpSoFar = Readonly<Partial<Record<string, SetUpFound>>>;

/** What people have chosen. */
export interface SetUpAnswers {
  connection: string;
  /** Of an existing service, its id or name; of a new one its name. */
  service?: string | undefined;
  /** Id or name. With it a service that is not there is made. */
  escalationPolicy?: string | undefined;
  /** The name of the integration. Left out: after the service. */
  integration?: string | undefined;
  /** Somebody has given a key, so no integration is needed. */
  hasKey: boolean;
  /** What events come by webhook. Left out: none. */
  webhook?: 'account' | 'team' | 'service' | undefined;
  /** Id or name. */
  team?: string | undefined;
  /** Where the webhooks of this connection are taken. */
  address: string;
  /** The connection has a secret of webhooks. */
  hasSecret: boolean;
  replaceSubscription: boolean;
}

export interface SetUpNamed {
  id: string;
  name: string;
}

/** A subscription that leads here. */
export interface SetUpSubscription {
  id: string;
  /** `account`, `team PTEAM01`, `service PSVC001`. */
  filter: string;
  active: boolean;
}

/** What there is to choose from. */
export interface SetUpChoices {
  services: readonly SetUpNamed[];
  escalationPolicies: readonly SetUpNamed[];
  teams: readonly SetUpNamed[];
  /** There are more than are told: a query narrows them. */
  more: boolean;
}

/** Whose the credentials are, and what the account can do. */
export interface SetUpAccount {
  /** Undefined: they are nobody's own, but the account's. */
  owner: { name: string; email: string } | undefined;
  abilities: readonly string[];
}

/** How something that setup has made is taken away. */
export interface SetUpRemoval {
  /** Why it has to stay; undefined: nothing uses it. */
  inUse(items: readonly SetUpItem[], signal: AbortSignal): Promise<string | undefined>;
  calls: readonly SetUpCall[];
  /** What is gone already counts as taken away. */
  remove(signal: AbortSignal): Promise<void>;
  /** It cannot be taken away by a program: what a person does. */
  byHand?: string;
}

/** How a connection to a provider is set up and taken away, with the provider's own client. All reject with the failures of the activities. */
export interface SetUp<Client> {
  /** Complaints about what was given in place of a key, which say what it is. They show no value. */
  complaints(values: Readonly<Record<string, string>>): string[];
  /** The settings in words for a failure: a token that is refused may be another kind of key. */
  account(
    client: Client,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SetUpAccount>;
  /** Whether somebody has this address there. */
  isUser(client: Client, email: string, signal: AbortSignal): Promise<boolean>;
  choices(client: Client, query: string | undefined, signal: AbortSignal): Promise<SetUpChoices>;
  subscriptions(client: Client, address: string, signal: AbortSignal): Promise<readonly SetUpSubscription[]>;
  /** In this order; each is told what those before it have found. Undefined: it is not needed. */
  steps(client: Client, answers: SetUpAnswers): readonly ((soFar: SetUpSoFar) => SetUpStep | undefined)[];
  removal(client: Client, item: SetUpItem & { id: string }): SetUpRemoval;
  /** Has a webhook sent that says only that it is a test. */
  ping(client: Client, subscription: string, signal: AbortSignal): Promise<void>;
}
