import { notConnected } from '../failures.ts';
import type { Granted, Identity } from './identity.ts';
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
export function accessBy(settings: PagerDutySettings, identity: Identity, connection: string): Access {
  const { PAGERDUTY_API_TOKEN: token, PAGERDUTY_CLIENT_ID: clientId } = settings;
  if (token) return byToken(token);
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

const bearer = ({ accessToken }: Granted) => `Bearer ${accessToken}`;
