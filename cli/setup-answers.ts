import { homedir } from 'node:os';
import {
  lacksCredential,
  type SetUpChoice,
  type SetUpKnown,
  type SetUpQuestion,
} from '../domain/set-up-questions.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { givenValue } from './given-value.ts';
import { type Output, printable } from './output.ts';
import type { Asking, Choice } from './questions-asked.ts';
import { consentBy } from './setup-consent.ts';

type Choices = Awaited<ReturnType<typeof choicesOf>>;

interface Asked {
  /** The provider’s word: `aws`. */
  word: string;
  /** Of the connection. */
  name: string;
  isThere: boolean;
  questions: readonly SetUpQuestion[];
  ask: Ask;
  /** Undefined: nobody sits at a terminal. */
  asking: Asking | undefined;
  output: Output;
}

/** The flags, and the answers to what has none. Without a terminal a flag that is missing is an error that names it. */
export async function answersFor(
  flags: Readonly<Record<string, string>>,
  asked: Asked,
): Promise<Record<string, string>> {
  const { questions, asking, isThere } = asked;
  const answers: Record<string, string> = { ...flags };
  const known: SetUpKnown & { news: Set<string>; choices: Choices | undefined } = {
    answers,
    isThere,
    isOwned: undefined,
    news: new Set(),
    choices: undefined,
  };
  const lookUp = async (query?: string) => {
    const found = await choicesOf(asked, answers, query);
    if (found.account && !known.choices?.account) tellAccount(found.account, asked.output);
    known.choices = found;
    if (found.account) known.isOwned = found.account.owner !== undefined;
    return found;
  };
  for (const question of questions) {
    const { name, chosen, when } = question;
    if (question.isConsent && when?.(known) !== false && answers[name] === undefined)
      answers[name] = await consentBy(
        asked.ask,
        { provider: asked.word, name: asked.name, answers },
        asked.output,
      );
    if (question.ask === undefined || answers[name] !== undefined) continue;
    // Whose the token is, and what there is to choose from, is known once it is there.
    const isOther = questions.some((each) => each.inPlaceOf && answers[each.name] !== undefined);
    const isKept = isThere && !isOther;
    const waitsForConsent = questions.some(
      (each) => each.isConsent && answers[each.name] === undefined && each.when?.(known) !== false,
    );
    const isCredentialed =
      !waitsForConsent &&
      !questions.some((each) =>
        lacksCredential(each, questions, ({ name: of }) => isKept || answers[of] !== undefined),
      );
    if (asking && isCredentialed && known.choices === undefined) await lookUp();
    if (when && !when(known)) continue;
    if (!asking) {
      if (question.mayBe === undefined) throw missing(name);
      continue;
    }
    if (chosen?.of !== undefined) await lookUp();
    const answer = await answerTo(question, known, asking, lookUp);
    if (answer !== '') answers[name] = answer;
  }
  return answers;
}

type Known = SetUpKnown & { news: Set<string>; choices: Choices | undefined };

async function answerTo(
  question: SetUpQuestion,
  known: Known,
  asking: Asking,
  lookUp: (query: string) => Promise<Choices>,
): Promise<string> {
  const { name, ask = '', oneOf, chosen, isSecret, kind, mayBe } = question;
  if (oneOf) return asking.choose(ask, oneOf.filter(({ when }) => when?.(known) ?? true).map(shownChoice));
  if (kind === 'flag') return (await asking.confirm(ask)) ? 'true' : '';
  const list = chosen ? (known.choices?.lists[name] ?? []) : [];
  if (list.length > 0 || question.new) return chosenOf(question, list, known, asking, lookUp);
  if (question.isFile) return fileAt(ask, await asking.write(ask));
  if (isSecret) return mayBe === 'empty' ? asking.hideOrNot(ask) : asking.hide(ask);
  const words = kind === 'list' ? `${ask} (separated by commas)` : ask;
  return mayBe === 'empty' ? asking.writeOrNot(words) : asking.write(words);
}

const fileAt = (what: string, path: string) =>
  givenValue(what, `@${path.trim().replace(/^~(?=\/)/, homedir())}`, undefined);

const shownChoice = ({ value, label, hint }: SetUpChoice): Choice => ({
  value,
  label: printable(label),
  ...(hint === undefined ? {} : { hint: printable(hint) }),
});

const newOne = '\n';
const none = '\r';

/** One or several of what there is; or the name of something new. */
async function chosenOf(
  question: SetUpQuestion,
  first: readonly SetUpChoice[],
  known: Known,
  asking: Asking,
  lookUp: (query: string) => Promise<Choices>,
): Promise<string> {
  const { name, ask = '', kind, mayBe } = question;
  const list = known.choices?.more
    ? ((
        await lookUp(await asking.write(`A part of its name, for: ${ask} (there are more than can be shown)`))
      ).lists[name] ?? [])
    : first;
  const options = list.map(shownChoice);
  if (kind === 'list') return (await asking.several(ask, options)).join(',');
  const chosen = await asking.search(ask, [
    ...options,
    ...(question.new ? [{ value: newOne, label: question.new.label }] : []),
    ...(mayBe === 'empty' ? [{ value: none, label: 'None' }] : []),
  ]);
  if (chosen === none) return '';
  if (chosen !== newOne || !question.new) return chosen;
  known.news.add(name);
  return asking.write(question.new.ask);
}

export const flagOf = (name: string) =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const missing = (name: string) =>
  new CliFailure(`${flagOf(name)} is missing`, {
    why: 'There is no terminal at which it could be asked for.',
    next: 'Give it, or run the command at a terminal. The same with --help tells all flags.',
    exit: exits.usage,
  });

const choicesOf = ({ ask, word, name }: Asked, answers: Record<string, string>, query?: string) =>
  ask('setup.choices', { provider: word, name, answers, ...(query === undefined ? {} : { query }) });

function tellAccount(
  { owner, place, missing: lacking }: NonNullable<Choices['account']>,
  output: Output,
): void {
  const email = owner?.email === undefined ? '' : ` (${printable(owner.email)})`;
  const where = place === undefined ? '' : ` It is of ${printable(place)}.`;
  output.note(
    owner
      ? `The key is that of ${printable(owner.name)}${email}.${where}`
      : `The key is one of the account.${where}`,
  );
  for (const { what, reason = '' } of lacking)
    output.note(`MISSING  ${printable(what)}: ${printable(reason)}`);
}
