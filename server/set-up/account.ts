import { z } from 'zod';
import type { AnyProvider } from '../../activities/provider.ts';
import type { SetUp, SetUpAccount } from '../../domain/set-up.ts';
import {
  lacksCredential,
  membersIn,
  type SetUpAnswers,
  type SetUpForm,
  type SetUpQuestion,
} from '../../domain/set-up-questions.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { ConnectionValues, StoredConnection } from '../../store/connections/stored-connections.ts';
import { isLoopback } from '../address.ts';
import { type Examination, examine } from '../doctor.ts';
import { checkUsable } from '../operations/connection-values.ts';
import { sentElsewhere } from '../operations/moved.ts';
import type { OperationContext } from '../operations/operation.ts';
import { Refusal } from '../refusal.ts';
import { consentedValues } from './consented.ts';
import { asRefusal } from './set-up.ts';

/** An account that can be reached, and the provider that knows how to set it up. */
export interface Reached {
  provider: AnyProvider;
  setUp: SetUp<unknown>;
  client: unknown;
  answers: SetUpAnswers;
  /** Those of the connection, if it is there, with those that are given. */
  values: ConnectionValues;
  /** Those that are given. */
  given: ConnectionValues;
  /** The variables that it is to have no more. */
  taken: readonly string[];
  isThere: boolean;
  /** The connection that holds the consent by which the account is reached. Undefined: there is none, or it is new. */
  keptBy: string | undefined;
}

type SetUpProvider = AnyProvider & { setUp: SetUpForm & { load(): Promise<SetUp<unknown>> } };

/** The provider that a person names, by its own name or by the word of the command: `aws` is EC2. */
export function setUpProvider(
  named: string,
  { providers }: Pick<OperationContext, 'providers'>,
): SetUpProvider {
  const all = providers.filter((each): each is SetUpProvider => each.setUp !== undefined);
  const found = all.find(({ name, setUp }) => named === name || named === setUp.word);
  if (found) return found;
  const words = all.map(({ name, setUp }) => setUp.word ?? name).join(', ');
  throw new Refusal(
    404,
    'No such provider',
    `${named} is not set up by Baton. There are: ${words}. Others: connections.add.`,
  );
}

/** The answers as text, each to a question of the provider. Refuses others, and shows no value of them. */
export function answersTo(
  { title, setUp }: SetUpProvider,
  raw: Readonly<Record<string, string | boolean>>,
): SetUpAnswers {
  const answers: Record<string, string> = {};
  const complaints: string[] = [];
  for (const [name, given] of Object.entries(raw)) {
    const question = setUp.questions.find((each) => each.name === name);
    const value = given === true ? 'true' : given === false ? '' : given.trim();
    if (!question)
      complaints.push(`${/^\w{1,40}$/.test(name) ? name : 'one of them'} is no question of ${title}`);
    else if (value !== '') {
      if (question.oneOf && !question.oneOf.some((each) => each.value === value))
        complaints.push(`${name} is one of ${question.oneOf.map((each) => each.value).join(', ')}`);
      answers[name] = value;
    }
  }
  if (complaints.length === 0) return answers;
  const names = setUp.questions.map(({ name }) => name).join(', ');
  throw new Refusal(422, 'Answers not usable', `${complaints.join('; ')}. The questions are: ${names}.`);
}

/** What may stand in a record of them: no secret, and no address with one in it. */
export function shownAnswers(
  provider: SetUpProvider,
  raw: Readonly<Record<string, string | boolean>>,
): object {
  const isShown = ([name, value]: [string, string | boolean]) => {
    const question = provider.setUp.questions.find((each) => each.name === name);
    return question !== undefined && !question.isSecret && !/:\/\/[^/]*@/.test(String(value));
  };
  return Object.fromEntries(Object.entries(raw).filter(isShown));
}

/** The account of these answers. Refuses what cannot be one. `standIns`: settings that are still to be chosen may be missing. */
export async function reach(
  {
    name,
    provider: named,
    answers: raw,
  }: { name: string; provider: string; answers: Readonly<Record<string, string | boolean>> },
  context: OperationContext,
  { standIns = false } = {},
): Promise<Reached> {
  if (name === defaultConnection)
    throw new Refusal(
      422,
      'Name not usable',
      'The connection default is that of the environment’s variables. Choose another name.',
    );
  const provider = setUpProvider(named, context);
  const answers = answersTo(provider, raw);
  const setUp = await provider.setUp.load();
  const before = (await context.connections.look()).connections.get(name);
  if (before && before.provider !== provider.name)
    throw new Refusal(
      409,
      'Name taken',
      `The connection ${name} is one of ${before.provider}. Choose another name.`,
    );
  const { questions } = provider.setUp;
  const given = {
    ...settingsIn(questions, answers),
    ...(await settledBy(setUp, answers)),
    ...(await consentedValues(name, provider, answers, context)),
  };
  const away = takenAway(questions, raw, answers, before?.values ?? {});
  const isElsewhere = before !== undefined && isMoved(questions, answers, away, before);
  if (isElsewhere) checkCredentialsMoved(questions, answers, before);
  const consents = consentsIn(questions, answers, before?.values ?? {});
  const stays = { ...before?.values, ...given };
  for (const variable of away) delete stays[variable];
  const sent = before ? sentElsewhere(before, Object.keys(given), stays, provider).secrets : [];
  // Also where a provider does not say of a question that it is one for an address.
  const taken = [...new Set([...away, ...(isElsewhere ? consents : []), ...sent])];
  const kept = Object.entries(before?.values ?? {}).filter(([variable]) => !taken.includes(variable));
  const values = { ...(standIns ? setUp.standIns : {}), ...Object.fromEntries(kept), ...given };
  checkCredentials(questions, answers, values);
  const complaints = setUp.complaints(given);
  if (complaints.length > 0) throw new Refusal(422, 'Values not usable', `${complaints.join('; ')}.`);
  try {
    if (provider.settings.safeParse(values).success) await checkUsable(provider, values);
    // Also where its app has another secret by now: a refresh uses up what the connection holds.
    const keptBy = consents.some((variable) => !taken.includes(variable)) ? name : undefined;
    const client = await context.clientFor(provider, values, keptBy);
    return { provider, setUp, client, answers, values, given, taken, isThere: before !== undefined, keptBy };
  } catch (error) {
    throw asRefusal(error, '');
  }
}

/** The settings that answers become. */
const settingsIn = (questions: readonly SetUpQuestion[], answers: SetUpAnswers): ConnectionValues =>
  Object.fromEntries(
    questions.flatMap(({ name, variable, kind, isConsent }) => {
      const answer = answers[name];
      if (variable === undefined || answer === undefined || isConsent) return [];
      return [[variable, kind === 'list' ? membersIn(answer).join(',') : answer]];
    }),
  );

/** The settings that are answered with nothing, and those of a credential in whose place another one comes. */
const takenAway = (
  questions: readonly SetUpQuestion[],
  raw: Readonly<Record<string, string | boolean>>,
  answers: SetUpAnswers,
  before: ConnectionValues,
): string[] =>
  questions.flatMap(({ name, variable, partOf }) => {
    if (variable === undefined || before[variable] === undefined || answers[name] !== undefined) return [];
    if (questions.some((each) => answers[each.name] !== undefined && each.inPlaceOf?.includes(name)))
      return [variable];
    const credential = questions.find((each) => partOf !== undefined && each.name === partOf);
    const other = credential && answers[credential.name];
    const isOther = other !== undefined && other !== before[credential?.variable ?? ''];
    return isOther || raw[name] === '' ? [variable] : [];
  });

const settledBy = async (setUp: SetUp<unknown>, answers: SetUpAnswers): Promise<ConnectionValues> =>
  setUp.settings?.(answers).catch((error: unknown) => {
    throw asRefusal(error, '');
  }) ?? {};

/** The settings of a connection that hold a consent in whose place no other is given. */
const consentsIn = (
  questions: readonly SetUpQuestion[],
  answers: SetUpAnswers,
  before: ConnectionValues,
): string[] =>
  questions.flatMap(({ name, variable = '', isConsent }) =>
    isConsent && answers[name] === undefined && before[variable] !== undefined ? [variable] : [],
  );

/** Whether credentials are to be sent to another address than before. */
const isMoved = (
  questions: readonly SetUpQuestion[],
  answers: SetUpAnswers,
  taken: readonly string[],
  before: StoredConnection,
): boolean =>
  questions.some(
    ({ name, variable = '', isAddress }) =>
      isAddress &&
      (taken.includes(variable) ||
        (answers[name] !== undefined && answers[name] !== before.values?.[variable])),
  );

/** Else whoever names an address would be sent the token that is kept. */
function checkCredentialsMoved(
  questions: readonly SetUpQuestion[],
  answers: SetUpAnswers,
  before: StoredConnection,
): void {
  const missing = questions.find((question) =>
    lacksCredential(
      question,
      questions,
      ({ name, variable = '', isCredential }) =>
        answers[name] !== undefined || (!isCredential && before.values?.[variable] !== undefined),
    ),
  );
  if (missing)
    throw new Refusal(
      422,
      'No token',
      `The connection ${before.name} has another address, and its token is sent to no new one. Give the token too (${missing.name}).`,
    );
}

function checkCredentials(
  questions: readonly SetUpQuestion[],
  answers: SetUpAnswers,
  values: ConnectionValues,
): void {
  const missing = questions.find((question) =>
    lacksCredential(
      question,
      questions,
      ({ name, variable = '' }) => answers[name] !== undefined || values[variable] !== undefined,
    ),
  );
  if (missing) throw new Refusal(422, `No ${missing.name}`, `Give ${missing.about} (${missing.name}).`);
}

export const accountShape = z.object({
  owner: z
    .object({ name: z.string(), email: z.string().optional() })
    .optional()
    .describe('Left out: the token is of the account'),
  place: z.string().optional().describe('The account itself, in words'),
  abilities: z.array(z.string()),
  missing: z
    .array(z.object({ what: z.string(), reason: z.string().optional(), neededBy: z.array(z.string()) }))
    .describe('Scopes and abilities that activities need, and that are not there'),
});

/** The same account with the settings that follow from it, and without what stood in for them. */
export async function settled(
  reached: Reached,
  more: ConnectionValues | undefined,
  context: OperationContext,
): Promise<Reached> {
  const { provider, setUp } = reached;
  const values = { ...withoutStandIns(setUp, reached.values), ...more };
  try {
    const client = await context.clientFor(provider, values, reached.keptBy);
    return { ...reached, client, values, given: { ...reached.given, ...more } };
  } catch (error) {
    throw asRefusal(error, '');
  }
}

/** The values that people have chosen. */
export const withoutStandIns = (
  { standIns = {} }: SetUp<unknown>,
  values: ConnectionValues,
): ConnectionValues =>
  Object.fromEntries(Object.entries(values).filter(([variable, value]) => standIns[variable] !== value));

/** Whose the credentials are, and what is missing of what the activities need. */
export async function accountOf(
  reached: Reached,
  { owner, place, abilities = [] }: SetUpAccount,
  name: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<z.input<typeof accountShape>> {
  const { setUp, values } = reached;
  // What is still to be chosen would be found missing.
  const isWhole = Object.entries(setUp.standIns ?? {}).every(
    ([variable, value]) => values[variable] !== value,
  );
  return {
    ...(owner ? { owner } : {}),
    ...(place === undefined ? {} : { place }),
    abilities: [...abilities],
    missing: isWhole ? await missingIn(reached, name, context, signal) : [],
  };
}

async function missingIn(
  { provider, setUp, client, values }: Reached,
  name: string,
  context: OperationContext,
  signal: AbortSignal,
) {
  const doctor = { activities: await context.activities(), scrub: (words: string) => words };
  const { findings, state, reason }: Examination = await examine(
    doctor,
    {
      provider: provider.name,
      title: provider.title,
      connection: name,
      simulated: false,
      isUsed: true,
      check: (rights, until) => provider.check(client, until, { rights, settings: values }),
      test: async () => undefined,
    },
    signal,
  );
  if (state === 'refused' || state === 'not connected') throw new Refusal(422, 'Not possible', `${reason}.`);
  if (state === 'no answer') throw new Refusal(503, 'No answer', `${reason}. Do it again.`, 30);
  return findings
    .filter(({ ok, what }) => ok === false && !setUp.seenTo?.test(what))
    .map(({ what, reason: why, neededBy }) => ({
      what,
      ...(why === undefined ? {} : { reason: why }),
      neededBy,
    }));
}

/** Where Baton is reached, without a slash at its end. Undefined: nobody has said so. */
export function baseOf(
  answers: SetUpAnswers,
  { publicUrl }: Pick<OperationContext, 'publicUrl'>,
): string | undefined {
  const base = URL.parse(answers.publicUrl ?? publicUrl ?? '');
  if (!base || !/^https?:$/.test(base.protocol)) return undefined;
  return `${base.origin}${base.pathname.endsWith('/') ? base.pathname.slice(0, -1) : base.pathname}`;
}

type Addressed = Pick<Reached, 'provider' | 'setUp' | 'answers' | 'values'>;

/** Where the webhooks are taken; undefined: nowhere that the provider reaches. */
export function addressIfAny(
  { provider, setUp, answers, values }: Addressed,
  name: string,
  context: OperationContext,
): string | undefined {
  const base = baseOf(answers, context);
  if (!base?.startsWith('https:') && !isSimulated(provider, values)) return undefined;
  const source = setUp.webhooks?.(answers, name)?.source;
  return base && `${base}/webhooks/${source ? `http/${source.name}` : `${provider.name}/${name}`}`;
}

/** Where the webhooks are taken. Refuses an address at which the provider does not reach us. */
export function addressFor(reached: Addressed, name: string, context: OperationContext): string {
  const address = addressIfAny(reached, name, context);
  if (address !== undefined) return address;
  const { provider, answers } = reached;
  const base = baseOf(answers, context);
  const next = 'Set BATON_PUBLIC_URL, give its address (publicUrl), or do without webhooks (webhook: none)';
  const why =
    base === undefined
      ? `It is not known where ${provider.title} reaches this Baton`
      : `${provider.title} sends webhooks to https:// addresses alone, and not to ${new URL(base).origin}`;
  throw new Refusal(422, 'No address', `${why}. ${next}.`);
}

/** Its API is on this machine, so a simulator is there, or a proxy that stands beside us. */
function isSimulated({ setUp }: AnyProvider, values: ConnectionValues): boolean {
  const api = setUp?.questions.find(({ isAddress }) => isAddress)?.variable ?? '';
  const url = URL.parse(values[api] ?? '');
  return url !== null && isLoopback(url);
}
