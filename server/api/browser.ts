import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { secretHash } from '../../secrets/token.ts';
import { longestDays } from '../../store/people/sessions.ts';
import type { Store } from '../../store/store.ts';
import { type BodyReader, parseJson } from '../receiving/body.ts';
import { Refusal } from '../refusal.ts';
import { sessionCookie } from './authenticate.ts';
import { type CookieKind, clearCookie, readCookie, setCookie } from './cookies.ts';
import type { FailureGate } from './failed-sign-ins.ts';
import { checkSameOrigin } from './same-origin.ts';
import { lineAbout } from './sign-in.ts';

export interface BrowserOptions {
  store: Pick<Store, 'useSignInLink' | 'endSession'>;
  gate: FailureGate;
  cookies: CookieKind;
  /** Ours, as people reach it. */
  origin: string;
  /** An identity provider vouches for people. */
  hasProvider: boolean;
}

type Handler = (request: Request, response: Response) => Promise<void>;

/** What a browser needs beside the way over an identity provider. */
export interface BrowserRoutes {
  /** `GET /sign-in/ways`: what whoever is not signed in can do about it. */
  ways: Handler;
  /** `POST /sign-in/link`: the code of a one-time link makes a session. */
  useLink(readBody: BodyReader): Handler;
  /** `POST /sign-out`. */
  end: Handler;
}

const linkInput = z.strictObject({ code: z.string().min(1).max(200) });

/** How the user of the machine signs in by a one-time link, and how anybody signs out. */
export function browserRoutes({ store, gate, cookies, origin, hasProvider }: BrowserOptions): BrowserRoutes {
  return {
    async ways(_, response) {
      response.setHeader('Cache-Control', 'no-store');
      response.json({ provider: hasProvider });
    },

    useLink: (readBody) => async (request, response) => {
      response.setHeader('Cache-Control', 'no-store');
      checkSameOrigin(request, origin);
      const given = linkInput.safeParse(parseJson(await readBody(request)));
      if (!given.success) throw new Refusal(400, 'Bad input', 'The code of a link is expected, as code.');
      const id = randomBytes(32).toString('base64url');
      const used = await store.useSignInLink(secretHash(given.data.code), secretHash(id), (name) =>
        lineAbout(name, 'sign-in.succeeded', { role: 'admin', from: 'link', subject: name }),
      );
      if (!used)
        return gate.fail(
          { request, via: 'console', account: undefined },
          'a link that is unknown, used or too old',
          new Refusal(
            401,
            'Link not accepted',
            'The link was used already, or is too old. Make another one where Baton runs: npx baton sign-in',
          ),
        );
      const before = readCookie(request, sessionCookie, cookies);
      if (before !== undefined) await store.endSession(secretHash(before));
      response.setHeader('Set-Cookie', setCookie(sessionCookie, id, cookies, longestDays * 24 * 3600));
      response.json({ name: used.name });
    },

    async end(request, response) {
      const id = readCookie(request, sessionCookie, cookies);
      if (id !== undefined) {
        checkSameOrigin(request, origin);
        await store.endSession(secretHash(id), (email) => lineAbout(email, 'sign-in.ended', {}));
      }
      response.setHeader('Set-Cookie', clearCookie(sessionCookie, cookies));
      response.status(204).end();
    },
  };
}
