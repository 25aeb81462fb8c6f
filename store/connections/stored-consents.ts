import { randomBytes } from 'node:crypto';
import type { Encryption } from '../../secrets/encryption.ts';
import { secretHash } from '../../secrets/token.ts';
import type { ConsentRow, ConsentRows, ConsentState } from './consents.ts';

type Texts = Readonly<Record<string, string>>;

/** Of whom a consent is asked, for what, and by whom. */
export interface ConsentAbout {
  provider: string;
  connection: string;
  by: string;
}

/** A consent that somebody has begun. */
export interface FoundConsent extends ConsentAbout {
  state: ConsentState;
  words: string;
  /** What was kept of it last: once it is granted, the settings that it gives. */
  texts: Texts;
  /** Those of the texts that are secret. */
  secrets: readonly string[];
}

type Kept = Pick<FoundConsent, 'texts' | 'secrets'>;

/** The consents that are under way, in the clear within this process: each lives for some minutes, and counts once. */
export interface StoredConsents {
  /** `state` comes back with the browser, and is the only thing by which it is taken up. Gives its id. */
  begin(consent: ConsentAbout & Kept & { state: string }): Promise<string>;
  /** Undefined: there is none with this state, somebody has brought it before, or its time is over. */
  take(state: string): Promise<(FoundConsent & { id: string }) | undefined>;
  settle(id: string, result: Kept & { state: 'granted' | 'refused'; words: string }): Promise<void>;
  find(id: string): Promise<FoundConsent | undefined>;
  forget(id: string): Promise<void>;
}

/** `learn` is told of what is secret in them before anybody is given it. */
export function storedConsents(
  store: ConsentRows,
  encryption: Encryption,
  learn: (texts: Texts, secrets: readonly string[]) => void,
): StoredConsents {
  const encrypt = (id: string, { texts, secrets }: Kept) => {
    learn(texts, secrets);
    return encryption.encrypt(JSON.stringify({ texts, secrets }), aboutOf(id));
  };
  function read({ id, encrypted, ...row }: ConsentRow): (FoundConsent & { id: string }) | undefined {
    const text = encryption.decrypt(encrypted, aboutOf(id));
    if (text === undefined) return undefined;
    const kept = JSON.parse(text) as Kept;
    learn(kept.texts, kept.secrets);
    return { ...row, ...kept, id };
  }
  return {
    async begin({ state, texts, secrets, ...about }) {
      const id = randomBytes(16).toString('base64url');
      const encrypted = encrypt(id, { texts, secrets });
      await store.keepConsent({ ...about, id, stateHash: secretHash(state), encrypted });
      return id;
    },
    async take(state) {
      const row = await store.takeConsent(secretHash(state));
      return row && read(row);
    },
    settle: (id, { state, words, ...kept }) =>
      store.settleConsent(id, { state, words, encrypted: encrypt(id, kept) }),
    async find(id) {
      const row = await store.findConsent(id);
      return row && read(row);
    },
    forget: (id) => store.forgetConsent(id),
  };
}

const aboutOf = (id: string) => ['consent', id];
