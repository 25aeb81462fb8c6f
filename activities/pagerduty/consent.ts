import { z } from 'zod';
import type { SetUpConsent } from '../../domain/set-up.ts';
import { refused } from '../failures.ts';
import type { PagerDuty } from './client.ts';
import type { Granted } from './identity.ts';

/** What a user has consented to, as a connection keeps it. */
export interface Consent extends Granted {
  refreshToken: string;
}

/** The tokens stand under this name so that they are known as secrets by themselves, and not only in one piece. */
const kept = z
  .object({
    access: z.object({ token: z.string().min(1), endsAt: z.number() }),
    refresh: z.object({ token: z.string().min(1) }),
    scopes: z.array(z.string()),
  })
  .transform(
    ({ access, refresh, scopes }): Consent => ({
      accessToken: access.token,
      endsAt: access.endsAt,
      refreshToken: refresh.token,
      scopes,
    }),
  );

/** Undefined: it is something else. */
export function readConsent(text: string): Consent | undefined {
  try {
    return kept.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Refuses a grant that ends for good with its access token. */
export function consentText({ accessToken, endsAt, refreshToken, scopes }: Granted): string {
  if (refreshToken === undefined)
    throw refused('PagerDuty', 'it gives the app no refresh token: see whether the app has Scoped OAuth');
  return JSON.stringify({
    access: { token: accessToken, endsAt },
    refresh: { token: refreshToken },
    scopes,
  });
}

/** How setup asks a user for it. */
export const askConsent: SetUpConsent<PagerDuty> = {
  begin: ({ identity }, redirectUri) => identity.begin(redirectUri),
  finish: async ({ identity }, given) => ({
    PAGERDUTY_CONSENT: consentText(await identity.finish(given)),
  }),
};
