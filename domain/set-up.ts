import type { SetUpAnswers, SetUpChoice } from './set-up-questions.ts';

/** A change at a provider as it is sent. A path may hold what is not there yet: `<id of the new service>`. */
export interface SetUpCall {
  method: 'POST' | 'PATCH' | 'DELETE';
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
  /** `service`, `integration`, `webhook subscription`; `source` is a connection of ours. */
  kind: string;
  /** By what it is found again. */
  name: string;
  /** The id of what it is a part of; empty: of the account. */
  of: string;
  /** Undefined: it was about to be made, and nobody knows whether it was. */
  id: string | undefined;
  /** The id of one in whose place it is made, and that may be there still. */
  earlier?: string;
  at: string;
  by: string;
}

/** What is to be done to something that is there: whoever made it, it stays theirs. */
export interface SetUpChange {
  calls: readonly SetUpCall[];
  make(signal: AbortSignal): Promise<void>;
}

/** One thing that setup looks for, and makes where it is not there. */
export interface SetUpStep extends Pick<SetUpItem, 'kind' | 'name' | 'of'> {
  /** `kept`: what an earlier setup has kept of it. Rejects with the failures of the activities. */
  look(
    kept: SetUpItem | undefined,
    signal: AbortSignal,
  ): Promise<
    | { there: SetUpFound; change?: SetUpChange }
    | { calls: readonly SetUpCall[]; willBe: SetUpFound; make(signal: AbortSignal): Promise<SetUpFound> }
  >;
}

export interface SetUpNamed {
  id: string;
  name: string;
}

/** What was found so far, by kind. */
export type SetUpSoFar = Readonly<Partial<Record<string, SetUpFound>>>;

/** All that setup knows when it looks for things and makes them. */
export interface SetUpGiven {
  connection: string;
  answers: SetUpAnswers;
  /** The connection's, with what was given. */
  values: Readonly<Record<string, string>>;
  /** Where webhooks are taken. Undefined: none are wanted, or it is not known. */
  address: string | undefined;
  /** By what the webhooks of this connection sign, where they lead to a source; asked for only where one is made or changed. */
  secret(): Promise<string | undefined>;
}

/** What there is to choose from, by the names of the questions. */
export interface SetUpChoices {
  lists: Readonly<Record<string, readonly SetUpChoice[]>>;
  /** There are more than are told: a query narrows them. */
  more: boolean;
}

/** Whose the credentials are, and of what. */
export interface SetUpAccount {
  /** Undefined: they are nobody's own, but the account's. */
  owner: { name: string; email?: string | undefined } | undefined;
  /** The account itself in a few words: `the workspace Acme`. */
  place?: string | undefined;
  /** What it can do beside what the rights tell. */
  abilities?: readonly string[];
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

/** What follows from the answers and the account. */
export interface SetUpPrepared {
  /** Settings beside those that questions name. */
  values?: Readonly<Record<string, string>>;
  /** What people should know, and what keeps nothing from being done. */
  warnings?: readonly string[];
}

/** A source of events (`/webhooks/http/<name>`) to which the provider's webhooks lead. */
export interface SetUpSource {
  name: string;
  /** How what comes is read: HTTP_WEBHOOK_FORMAT. */
  format: string;
}

/** A text that people apply or paste at the provider. */
export interface SetUpPaper {
  /** As a file would be called: `iam-policy.json`. */
  name: string;
  text: string;
}

/** How it is proven that webhooks come. */
export interface SetUpPing<Client> {
  /** Of the things that setup makes: `webhook subscription`. */
  kind: string;
  /** Those that lead to this address, whoever made them. */
  leadingTo(
    client: Client,
    given: Pick<SetUpGiven, 'answers' | 'address'>,
    signal: AbortSignal,
  ): Promise<readonly SetUpNamed[]>;
  /** Has one sent that says only that it is a test. Gives what tells it from those before. */
  send(client: Client, webhook: SetUpNamed, signal: AbortSignal): Promise<string>;
  /** The type of event that it comes as. Left out: the provider is asked (`heard`). */
  type?: string;
  /** What became of it by the provider's own account. Undefined: nothing yet. `sent`: what `send` gave. */
  heard?(
    client: Client,
    webhook: SetUpNamed,
    sent: string,
    signal: AbortSignal,
  ): Promise<{ arrived: boolean; reason: string } | undefined>;
}

/** How a user of the provider lets Baton act as they do, in a browser. Both reject with the failures of the activities. */
export interface SetUpConsent<Client> {
  begin(client: Client, redirectUri: string): Promise<{ address: string; state: string; verifier: string }>;
  /** The settings that a connection has by it. `search`: what the provider has put behind `redirectUri`. */
  finish(
    client: Client,
    given: { redirectUri: string; search: string; state: string; verifier: string },
  ): Promise<Record<string, string>>;
}

/** What a webhook that leads to a source is a part of. */
export const sourceOfWebhook = (source: string) => `source:${source}`;

/** The source to which a webhook leads; undefined: it leads to none. */
export const sourceOf = ({ of }: Pick<SetUpItem, 'of'>) => /^source:(.+)$/.exec(of)?.[1];

/** How a connection to a provider is set up and taken away, with the provider's own client. All reject with the failures of the activities. */
export interface SetUp<Client> {
  /** What stands in the place of settings that are still to be chosen, while it is looked at what there is to choose from. */
  standIns?: Readonly<Record<string, string>>;
  /** Settings that take more than one answer. Throws `InvalidInput` where that cannot be. */
  settings?(answers: SetUpAnswers): Promise<Record<string, string>>;
  /** Choices that the answers alone tell. Where one of them has to be made first, nothing is asked of the provider. */
  early?(answers: SetUpAnswers): Promise<Readonly<Record<string, readonly SetUpChoice[]>>>;
  /** Complaints about what was given in place of a key, which say what it is. They show no value. */
  complaints(values: Readonly<Record<string, string>>): string[];
  /** The settings in words for a failure: a token that is refused may be another kind of key. */
  account(
    client: Client,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SetUpAccount>;
  /** Findings about settings that setup itself is about to see to. */
  seenTo?: RegExp;
  choices(
    client: Client,
    asked: { query: string | undefined; answers: SetUpAnswers },
    signal: AbortSignal,
  ): Promise<SetUpChoices>;
  prepare?(
    client: Client,
    given: SetUpGiven,
    account: SetUpAccount,
    signal: AbortSignal,
  ): Promise<SetUpPrepared>;
  /** Whether these answers ask for webhooks, and by which source they come: the connection itself where it is left out. */
  webhooks?(answers: SetUpAnswers, connection: string): { source?: SetUpSource } | undefined;
  /** In this order; each is told what those before it have found. Undefined: it is not needed. */
  steps?(client: Client, given: SetUpGiven): readonly ((soFar: SetUpSoFar) => SetUpStep | undefined)[];
  removal?(client: Client, item: SetUpItem & { id: string }): SetUpRemoval;
  /** The setting that another connection shares where it uses this thing too. */
  sharedBy?(item: SetUpItem): string | undefined;
  /** What is left at the provider when all of this is gone, and only a person can withdraw. Shows no secret. */
  left?(values: Readonly<Record<string, string>>): readonly string[];
  /** What an administrator of the provider applies or grants, made of the rights that activities declare. It takes no credentials. */
  papers?(asked: {
    connection: string;
    answers: SetUpAnswers;
    rights: readonly string[];
    publicUrl: string | undefined;
  }): Promise<readonly SetUpPaper[]>;
  ping?: SetUpPing<Client>;
  /** Left out: no user is asked. */
  consent?: SetUpConsent<Client>;
}
