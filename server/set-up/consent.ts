import { ApplicationFailure } from '@temporalio/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { actorOf } from '../../domain/rights.ts';
import { consentMinutes } from '../../store/connections/consents.ts';
import type { ConnectionValues } from '../../store/connections/stored-connections.ts';
import type { OperationContext, World } from '../operations/operation.ts';
import { Refusal } from '../refusal.ts';
import { baseOf, type Reached } from './account.ts';
import { asRefusal } from './set-up.ts';

/** Where a provider sends the browser back to. */
const consentPath = '/setup/callback';

/**
 * Begins to ask a user of the provider. What comes back is taken by its state alone, once, and for some minutes; it becomes part of a
 * connection only by whoever has begun it here.
 */
export async function beginConsent(
  connection: string,
  { provider, setUp, client, answers, values }: Reached,
  context: OperationContext,
): Promise<{ consent: string; address: string; redirectUri: string; minutes: number }> {
  if (!setUp.consent)
    throw new Refusal(422, 'Not possible', `${provider.title} asks no user for a consent. Give its key.`);
  const base = baseOf(answers, context);
  if (base === undefined)
    throw new Refusal(
      422,
      'No address',
      `It is not known where a browser reaches this Baton. Set BATON_PUBLIC_URL, or give its address (publicUrl).`,
    );
  const redirectUri = `${base}${consentPath}`;
  try {
    const { address, state, verifier } = await setUp.consent.begin(client, redirectUri);
    const consent = await context.connections.consents.begin({
      provider: provider.name,
      connection,
      by: actorOf(context.principal),
      state,
      texts: { ...values, [flowNames.verifier]: verifier, [flowNames.redirectUri]: redirectUri },
      secrets: [...provider.secrets, flowNames.verifier],
    });
    return { consent, address, redirectUri, minutes: consentMinutes };
  } catch (error) {
    throw asRefusal(error, 'Do it again.');
  }
}

/** Beside the settings. No setting has such a name. */
const flowNames = { verifier: 'verifier', redirectUri: 'redirectUri' };

/** `GET /setup/callback`: the browser comes back from the provider. It is shown no more than that it may be closed. */
export const takeConsent =
  ({ connections, providers, clientFor }: World, log: Logger) =>
  async (request: Request, response: Response): Promise<void> => {
    response.setHeader('Cache-Control', 'no-store');
    // The address holds the code.
    response.setHeader('Referrer-Policy', 'no-referrer');
    const { state } = request.query;
    const taken = typeof state === 'string' ? await connections.consents.take(state) : undefined;
    const provider = providers.find(({ name }) => name === taken?.provider);
    if (!taken || !provider || typeof state !== 'string')
      throw new Refusal(
        400,
        'Not expected',
        `Nobody here waits for this consent: it was brought before, or was begun more than ${consentMinutes} minutes ago. Begin setup again.`,
      );
    const { verifier = '', redirectUri = '', ...values } = taken.texts;
    const settle = (result: { state: 'granted' | 'refused'; words: string; texts: ConnectionValues }) =>
      connections.consents.settle(taken.id, { ...result, secrets: provider.secrets as string[] });
    try {
      const setUp = await provider.setUp?.load();
      const { search } = new URL(request.url, redirectUri);
      const texts = await setUp?.consent?.finish(await clientFor(provider, values), {
        redirectUri,
        search,
        state,
        verifier,
      });
      await settle({ state: 'granted', words: '', texts: texts ?? {} });
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      log.warn({ connection: taken.connection, reason: error.message }, 'A consent was not given');
      await settle({ state: 'refused', words: error.message, texts: {} });
      throw asRefusal(error, 'Begin setup again.');
    }
    response
      .type('text/plain')
      .send(
        `${provider.title} has let Baton in. Close this page and go back to where you have begun: setup goes on there.\n`,
      );
  };
