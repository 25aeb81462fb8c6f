import { notConnected, refused, settingUnusable } from '../failures.ts';
import type { Renew } from '../provider.ts';
import { type Consent, consentText, readConsent } from './consent.ts';
import { consentIsOver, type Granted, type Identity } from './identity.ts';
import type { PagerDutySettings } from './provider.ts';

/** By what a connection may call the REST API. */
export interface Access {
  /** The value of `Authorization`. */
  header(): Promise<string>;
  /** Another one in place of one that PagerDuty has just refused; undefined: there is no other. */
  instead(refused: string): Promise<string | undefined>;
  /** What PagerDuty has let an app do. Undefined: nobody has said so. */
  scopes(): Promise<readonly string[] | undefined>;
  /** What PagerDuty counts requests by. */
  counted: string;
}

/** A token that ends sooner is not used any more: a request takes its time too. */
const leftMilliseconds = 60_000;

/** Throws `NotConnected` where nothing is set by which it could be reached. */
export function accessBy(
  settings: PagerDutySettings,
  identity: Identity,
  connection: string,
  renew: Renew | undefined,
): Access {
  const { PAGERDUTY_API_TOKEN: token, PAGERDUTY_CLIENT_ID: clientId, PAGERDUTY_CONSENT: consent } = settings;
  if (token) return byToken(token);
  if (clientId && consent !== undefined) {
    const known = readConsent(consent);
    if (!known)
      throw settingUnusable('PagerDuty', 'PAGERDUTY_CONSENT is not what setup has kept', connection);
    return byConsent(clientId, known, identity, renew);
  }
  if (clientId) return byApp(clientId, identity);
  throw notConnected('PagerDuty', 'PAGERDUTY_API_TOKEN', connection);
}

const byToken = (token: string): Access => ({
  header: async () => `Token token=${token}`,
  instead: async () => undefined,
  scopes: async () => undefined,
  counted: token,
});

/** An app gets a token for a day, which is kept in memory. All that ask at the same moment wait for the same one. */
function byApp(clientId: string, identity: Identity): Access {
  let known: Granted | undefined;
  let asking: Promise<Granted> | undefined;
  async function granted(): Promise<Granted> {
    if (known && known.endsAt - leftMilliseconds > Date.now()) return known;
    asking ??= identity.forApp().finally(() => {
      asking = undefined;
    });
    known = await asking;
    return known;
  }
  const header = async () => bearer(await granted());
  return {
    header,
    async instead(refused) {
      if (known && bearer(known) === refused) known = undefined;
      return header();
    },
    scopes: async () => (await granted()).scopes,
    counted: clientId,
  };
}

/**
 * A user has consented that the app acts as they do. All processes share the tokens: each refresh uses one up, so whoever has the turn
 * looks first whether another one has renewed them.
 */
function byConsent(clientId: string, first: Consent, identity: Identity, renew: Renew | undefined): Access {
  let known = first;
  let asking: Promise<void> | undefined;
  /** What a refresh token gave last. Where it could not be kept the token is used up all the same, so the next attempt keeps this. */
  let got: { by: string; text: string } | undefined;
  const isGood = ({ endsAt }: Consent) => endsAt - leftMilliseconds > Date.now();
  async function renewed(): Promise<void> {
    if (!renew) throw refused('PagerDuty', consentIsOver, 401);
    const old = known.accessToken;
    const values = await renew(async ({ PAGERDUTY_CONSENT: text = '' }) => {
      const kept = readConsent(text);
      if (!kept) throw refused('PagerDuty', consentIsOver, 401);
      if (kept.accessToken !== old && isGood(kept)) return undefined;
      const by = kept.refreshToken;
      if (got?.by !== by) got = { by, text: consentText(await identity.refresh(by)) };
      return { PAGERDUTY_CONSENT: got.text };
    });
    known = readConsent(values.PAGERDUTY_CONSENT ?? '') ?? known;
  }
  async function renewOnce(): Promise<string> {
    asking ??= renewed().finally(() => {
      asking = undefined;
    });
    await asking;
    return bearer(known);
  }
  return {
    header: async () => (isGood(known) ? bearer(known) : renewOnce()),
    instead: async (refusedHeader) => (bearer(known) === refusedHeader ? renewOnce() : bearer(known)),
    scopes: async () => known.scopes,
    counted: clientId,
  };
}

const bearer = ({ accessToken }: Pick<Granted, 'accessToken'>) => `Bearer ${accessToken}`;
