/** What people have answered, by the names of the questions. Of a flag `true`; of a list its members, separated by commas. */
export type SetUpAnswers = Readonly<Record<string, string>>;

export interface SetUpChoice {
  value: string;
  label: string;
  hint?: string | undefined;
}

/** What is known when a question may come up. */
export interface SetUpKnown {
  answers: SetUpAnswers;
  /** The connection is there already, and keeps what it has. */
  isThere: boolean;
  /** Whose the credentials are: somebody's own, or nobody's. Undefined: it was not asked yet. */
  isOwned: boolean | undefined;
  /** The questions to which something new was the answer. */
  news: ReadonlySet<string>;
}

/** One thing that setup has to know. Each has a flag, `--escalation-policy`; at a terminal those with `ask` are asked. */
export interface SetUpQuestion {
  /** `escalationPolicy`. */
  name: string;
  /** What it is, for the help of its flag. */
  about: string;
  /** How it is asked. Left out: only its flag answers it. */
  ask?: string;
  /** Left out: a text. */
  kind?: 'list' | 'flag';
  /** The only answers that there are. */
  oneOf?: readonly (SetUpChoice & { when?(known: SetUpKnown): boolean })[];
  /** The provider is asked what there is to choose from; `of`: by the answer to this question, so that it is asked anew. */
  chosen?: { of?: string };
  /** Something that is not there yet may be named too: in these words. */
  new?: { label: string; ask: string };
  /** It is shown nowhere: not typed on the screen, not in a record, not in an answer. */
  isSecret?: true;
  /** At a terminal a file is asked for, whose content it is. */
  isFile?: true;
  /** By it the account is reached. One that the connection has goes to no address that is new. */
  isCredential?: true;
  /** The question of the credential that it belongs to: another one takes it away. */
  partOf?: string;
  /** It is answered by a user of the provider, in a browser: the answer only names what they have consented to. */
  isConsent?: true;
  /** Questions of other ways to reach the account: an answer takes their settings away, and they need none. */
  inPlaceOf?: readonly string[];
  /** An address to which credentials are sent. */
  isAddress?: true;
  /** The setting that the answer becomes. */
  variable?: string;
  /** `left out`: without a terminal it need not be given; `empty`: and at one it may be left empty. Left out: it has to be answered. */
  mayBe?: 'left out' | 'empty';
  /** Whether it comes up. Left out: always. */
  when?(known: SetUpKnown): boolean;
}

/** What a provider declares about its setup; how it is carried out loads when it is. */
export interface SetUpForm {
  /** The command’s word for it, where it is not the provider’s name: `aws`. */
  word?: string;
  questions: readonly SetUpQuestion[];
  /** What is to be done before the first question, for whoever sits at a terminal. */
  first?: string;
  /** What people can do with the connection, when it is there. */
  next?(connection: string): string;
  /** Which flags help where a refusal has such words. */
  helps?: readonly { words: RegExp; next: string }[];
}

/** Whether a question whose answer would have to be a credential has none. `has`: whether another question has its answer. */
export const lacksCredential = (
  { name, isCredential }: SetUpQuestion,
  questions: readonly SetUpQuestion[],
  has: (question: SetUpQuestion) => boolean,
): boolean =>
  isCredential === true &&
  !questions.some((each) => (each.name === name || each.inPlaceOf?.includes(name)) && has(each));

/** The part of a list that is answered: `shop, search` is two. */
export const membersIn = (list: string | undefined): string[] =>
  (list ?? '').split(',').flatMap((member) => member.trim() || []);
