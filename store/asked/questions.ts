import {
  isParked,
  type ParkedQuestion,
  type Question,
  type QuestionAnswer,
  type QuestionState,
  type Questions,
} from '../../domain/question.ts';
import type { Entry } from '../../domain/record.ts';
import { scrubValue } from '../../secrets/scrub.ts';
import type { Context } from '../context.ts';
import type { Page } from '../lists.ts';
import { type Answered as AnsweredOf, type AskedFilter, askedOn, type Taken } from './asked.ts';
import { askedEntry, closedEntry, eventOf } from './question-lines.ts';

/** What became of an answer, with the question as it stands after it. `decided`: this answer ended it. */
export type QuestionAnswered = { question: Question } & AnsweredOf<'decided'>;

/** The questions. Each change of state has the engine's event `question.<state>`. */
export interface KeptQuestions extends Questions {
  /**
   * Takes an answer, if it is the first and still counts. Undefined: there is no such question. Whether this person may answer, and with
   * this, is not asked here.
   */
  answerQuestion(id: string, answer: Omit<QuestionAnswer, 'at'>): Promise<QuestionAnswered | undefined>;
  /** Withdraws pending ones whose runs have ended without doing so: some, oldest first. Gives how many. */
  withdrawQuestions(): Promise<number>;
  /** What people are to decide of parked runs: of these, the oldest first. */
  parkedSteps(runIds: readonly string[]): Promise<ParkedQuestion[]>;
  /** What these runs ask people, parked ones too, the oldest first. */
  pendingQuestions(runIds: readonly string[]): Promise<Question[]>;
  /** Newest first. */
  pageOfQuestions(filter: AskedFilter<QuestionState>): Promise<Page<Question, number>>;
}

export function questionsOn(context: Context): KeptQuestions {
  const kept = askedOn<Question>(context, { table: 'questions', askedEntry, closedEntry, eventOf });
  return {
    askQuestion: kept.ask,
    findQuestion: kept.find,
    closeQuestion: (id, state, because) => kept.close(id, { state, because, from: ['pending'] }),
    showedQuestion: kept.showed,
    withdrawQuestions: kept.withdrawOfEndedRuns,
    pageOfQuestions: kept.page,
    parkedSteps: async (runIds) => (await kept.pendingOf(runIds)).filter(isParked),
    pendingQuestions: kept.pendingOf,
    async answerQuestion(id, given) {
      const { values, input, reason } = given;
      // People paste what they have at hand, and the run gets what is kept. Whose answer it is, is no text of theirs.
      const said = { values, ...(input ? { input } : {}), ...(reason === undefined ? {} : { reason }) };
      const clean = { ...given, ...(scrubValue(said, context.scrub) as typeof said) };
      const answered = await kept.answer(id, given.via, (before, at) => take(before, { ...clean, at }));
      if (!answered) return undefined;
      const { kept: question, ...rest } = answered;
      return { question, ...rest };
    },
  };
}

function take(
  { id, runId, subject = runId, digest }: Question,
  answer: QuestionAnswer,
): Taken<'decided', Question> {
  const state = 'answered' as const;
  const { at, by: actor, via } = answer;
  const detail = { question: id, run: runId, digest, ...answer, state };
  const entry: Entry = { at, actor, via, action: 'question.answered', subject, detail };
  return { outcome: 'decided', state, answers: [answer], entry };
}
