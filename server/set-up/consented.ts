import type { AnyProvider } from '../../activities/provider.ts';
import { actorOf } from '../../domain/rights.ts';
import type { SetUpAnswers, SetUpQuestion } from '../../domain/set-up-questions.ts';
import { consentMinutes } from '../../store/connections/consents.ts';
import type { ConnectionValues } from '../../store/connections/stored-connections.ts';
import type { OperationContext } from '../operations/operation.ts';
import { Refusal } from '../refusal.ts';
import type { Reached } from './account.ts';

/** A consent of whoever asks about it; of somebody else’s it is not told that there is one. */
export async function ownConsent(id: string, { connections, principal }: OperationContext) {
  const found = await connections.consents.find(id);
  if (found?.by === actorOf(principal)) return found;
  throw new Refusal(
    404,
    'No such consent',
    `There is no consent that you have begun, or its time of ${consentMinutes} minutes is over. Begin again (setup.consent).`,
  );
}

const consentIn = (questions: readonly SetUpQuestion[], answers: SetUpAnswers): string | undefined =>
  answers[questions.find(({ isConsent }) => isConsent)?.name ?? ''];

/** The settings that a consent among the answers gives. */
export async function consentedValues(
  name: string,
  { name: provider, setUp }: AnyProvider,
  answers: SetUpAnswers,
  context: OperationContext,
): Promise<ConnectionValues> {
  const id = consentIn(setUp?.questions ?? [], answers);
  if (id === undefined) return {};
  const { state, words, texts, ...of } = await ownConsent(id, context);
  if (of.provider !== provider || of.connection !== name)
    throw new Refusal(
      422,
      'Another consent',
      `This consent was begun for ${of.connection} of ${of.provider}.`,
    );
  if (state === 'granted') return texts;
  const why = state === 'refused' ? `: ${words}` : ': the address has not been opened, or not to the end';
  throw new Refusal(409, 'No consent', `The user has not consented${why}.`);
}

/** Once a connection has it nobody else is to. */
export async function forgetConsent(
  { provider, answers }: Reached,
  context: OperationContext,
): Promise<void> {
  const id = consentIn(provider.setUp?.questions ?? [], answers);
  if (id !== undefined) await context.connections.consents.forget(id);
}
