import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { http } from '../../../activities/http/provider.ts';
import { pagerDuty } from '../../../activities/pagerduty/provider.ts';
import { type AnyProvider, defineProvider } from '../../../activities/provider.ts';
import { checkMoved, sentElsewhere } from '../../../server/operations/moved.ts';

type Values = Record<string, string | null>;
const text = z.string().optional();
/** A provider of somebody's own, which speaks of no address. */
const paging = defineProvider({
  name: 'paging',
  title: 'Paging',
  settings: z.object({ PAGING_AT: text, PAGING_TEAM: text, PAGING_KEY: text, PAGING_PIN: text }),
  secrets: ['PAGING_KEY', 'PAGING_PIN'],
  connect: async () => ({}),
  check: async () => [],
});
const elsewhere = 'https://elsewhere.example';
const origins = 'https://a.example,https://b.example';
const token = 'u+canary-token-0815';
const bearer = { HTTP_ALLOWED_ORIGINS: origins, HTTP_BEARER_TOKEN: token };
const subscriber = { HTTP_SUBSCRIBER_URL: 'https://a.example', HTTP_SUBSCRIBER_HEADERS: '{}' };

function secretsSent(provider: AnyProvider, values: Record<string, string>, given: Values): string[] {
  const after = Object.entries({ ...values, ...given }).filter(([, value]) => value !== null);
  return sentElsewhere(
    { name: 'eu', values },
    Object.keys(given),
    Object.fromEntries(after) as never,
    provider,
  ).secrets;
}

describe('what a connection keeps secret', () => {
  it.each<[string, AnyProvider, Record<string, string>, Values, string[]]>([
    ['to another address', http, bearer, { HTTP_ALLOWED_ORIGINS: elsewhere }, ['HTTP_BEARER_TOKEN']],
    [
      'to one more address',
      http,
      { ...bearer, HTTP_HMAC_SECRET: 'whsec' },
      { HTTP_ALLOWED_ORIGINS: `${origins}, ${elsewhere}`, HTTP_BEARER_TOKEN: 'other' },
      ['HTTP_HMAC_SECRET'],
    ],
    [
      'to another address that is secret itself',
      http,
      subscriber,
      { HTTP_SUBSCRIBER_URL: elsewhere },
      ['HTTP_SUBSCRIBER_HEADERS'],
    ],
    ['by a proxy where there was none', http, bearer, { HTTP_PROXY_URL: elsewhere }, ['HTTP_BEARER_TOKEN']],
    [
      'to the address that goes without saying',
      http,
      bearer,
      { HTTP_ALLOWED_ORIGINS: null },
      ['HTTP_BEARER_TOKEN'],
    ],
    [
      'to another host of the app, though the token is taken away',
      pagerDuty,
      { PAGERDUTY_CLIENT_ID: 'app', PAGERDUTY_CLIENT_SECRET: 'c', PAGERDUTY_CONSENT: 'd' },
      { PAGERDUTY_API_URL: elsewhere },
      ['PAGERDUTY_CLIENT_SECRET', 'PAGERDUTY_CONSENT'],
    ],
    [
      'to what looks like an address, though its provider does not say that it is one',
      paging,
      { PAGING_AT: 'HTTPS://one.example', PAGING_KEY: token, PAGING_PIN: token },
      { PAGING_AT: 'two.example', PAGING_KEY: token },
      ['PAGING_PIN'],
    ],
  ])('would be sent %s', (_, provider, before, given, sent) => {
    expect(secretsSent(provider, before, given)).toEqual(sent);
  });

  it.each<[string, AnyProvider, Record<string, string>, Values]>([
    ['it is given anew', http, bearer, { HTTP_ALLOWED_ORIGINS: elsewhere, HTTP_BEARER_TOKEN: token }],
    ['it is taken away', http, bearer, { HTTP_ALLOWED_ORIGINS: elsewhere, HTTP_BEARER_TOKEN: null }],
    ['fewer get it', http, bearer, { HTTP_ALLOWED_ORIGINS: 'https://b.example' }],
    ['the address stays', http, bearer, { HTTP_ALLOWED_ORIGINS: origins, HTTP_HMAC_SECRET: 'new' }],
    [
      'it only comes in',
      pagerDuty,
      { PAGERDUTY_WEBHOOK_SECRETS: 'a' },
      { PAGERDUTY_API_URL: elsewhere, PAGERDUTY_API_TOKEN: 'mine' },
    ],
    ['no address is meant', paging, { PAGING_TEAM: 'x', PAGING_KEY: token }, { PAGING_TEAM: 'y' }],
  ])('is sent nowhere new where %s', (_, provider, before, given) => {
    expect(secretsSent(provider, before, given)).toEqual([]);
  });

  it('is named when it is refused, with the address, and not shown', () => {
    const move = () =>
      checkMoved(
        { name: 'eu', values: bearer },
        ['HTTP_ALLOWED_ORIGINS'],
        { ...bearer, HTTP_ALLOWED_ORIGINS: elsewhere },
        http,
      );
    expect(move).toThrow(
      /^The connection eu gets another address \(HTTP_ALLOWED_ORIGINS\).*HTTP_BEARER_TOKEN too/,
    );
    expect(move).not.toThrow(/canary|elsewhere/);
  });
});
