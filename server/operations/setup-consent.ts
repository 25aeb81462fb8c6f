import { z } from 'zod';
import { reach } from '../set-up/account.ts';
import { beginConsent } from '../set-up/consent.ts';
import { ownConsent } from '../set-up/consented.ts';
import { defineOperation } from './operation.ts';
import { about, recordedAnswers } from './setup.ts';

export const setupConsent = defineOperation({
  name: 'setup.consent',
  kind: 'change',
  right: 'connections.change',
  route: 'POST /setup/{provider}/consent',
  summary:
    'Begins to ask a user of the provider to let an app act as they do: gives the address to open in a browser. What they consent to becomes an answer of setup.connect',
  subject: ({ name }) => `connection:${name}`,
  recorded: recordedAnswers,
  input: z.strictObject(about),
  output: z.object({
    consent: z.string().describe('The answer to the question of the consent, once it is granted'),
    address: z.string().describe('To be opened in a browser'),
    redirectUri: z.string().describe('Where the provider sends the browser back to: the app has to allow it'),
    minutes: z.number().describe('So long it may take'),
  }),
  shownOnce: 'address',
  run: async (input, context) => beginConsent(input.name, await reach(input, context), context),
});

export const setupConsented = defineOperation({
  name: 'setup.consented',
  kind: 'read',
  right: 'connections.change',
  route: 'GET /setup/consents/{consent}',
  summary: 'What has become of a consent that you have begun (setup.consent)',
  input: z.strictObject({ consent: z.string().min(1).max(100) }),
  output: z.object({
    state: z.enum(['asked', 'granted', 'refused']),
    reason: z.string().optional(),
  }),
  async run({ consent }, context) {
    const { state, words } = await ownConsent(consent, context);
    return { state: state === 'taken' ? 'asked' : state, ...(words === '' ? {} : { reason: words }) };
  },
});
