import { z } from 'zod';
import { httpFormats } from '../../domain/http-event.ts';
import { notConnected } from '../failures.ts';
import { defineProvider } from '../provider.ts';
import { webhookSecrets } from '../webhook-secrets.ts';
import { readAllowedHosts } from './allowed.ts';
import { connectHttp } from './client.ts';
import { systemLookup } from './guard.ts';

const isOrigin = (text: string) => {
  const url = URL.parse(text);
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.origin === text;
};
const listOf = (text: string) => text.split(',').flatMap((each) => each.trim() || []);
/** `{"Authorization":"Bearer …"}`. */
const headersIn = z.record(
  z.string().regex(/^(?!(webhook-|content-|host$|connection$|transfer-))[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/i),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]{1,4000}$/),
);
function readHeaders(text: string): Record<string, string> | undefined {
  try {
    return headersIn.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
const isAddress = (text: string) => {
  const url = URL.parse(text);
  return (
    (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === ''
  );
};
const isProxy = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

const settings = z.object({
  HTTP_ALLOWED_HOSTS: z
    .string()
    .refine(
      (list) => readAllowedHosts(list) !== undefined,
      'is not a list like ci.internal,10.1.2.3:8080,10.2.0.0/16',
    )
    .optional()
    .describe(
      'what may be called besides https on the public internet: names, names with a port, networks; comma-separated',
    ),
  HTTP_ALLOWED_ORIGINS: z
    .string()
    .refine(
      (list) => listOf(list).every(isOrigin),
      'is not a list like https://ci.example.com,https://hooks.example.com:8443',
    )
    .optional()
    .describe('the origins that get the token and the signature, and nobody else; comma-separated'),
  HTTP_BEARER_TOKEN: z.string().optional().describe('sent as Authorization: Bearer'),
  HTTP_HMAC_SECRET: z.string().optional().describe('signs requests as standardwebhooks.com has it'),
  HTTP_PROXY_URL: z
    .string()
    .refine(isProxy, 'is not an address like http://proxy.example:3128')
    .optional()
    .describe('the proxy of these requests alone (the process’s: HTTPS_PROXY)'),
  HTTP_SUBSCRIBER_URL: z
    .string()
    .refine(isAddress, 'is not an address like https://ops.example.com/baton, without user and password')
    .optional()
    .describe('where a subscription sends what Baton tells (triggers/subscriptions)'),
  HTTP_SUBSCRIBER_SECRETS: webhookSecrets.describe(
    'what signs that, comma-separated: each signs, so add the new before withdrawing the old; whsec_… is base64',
  ),
  HTTP_SUBSCRIBER_HEADERS: z
    .string()
    .refine(
      (text) => readHeaders(text) !== undefined,
      'is not JSON like {"Authorization":"Bearer …"}, with headers that can be set',
    )
    .optional()
    .describe('headers that go along, as JSON'),
  HTTP_WEBHOOK_SECRETS: webhookSecrets.describe(
    'what this source signs its events with, comma-separated; whsec_… is base64',
  ),
  HTTP_WEBHOOK_TOKENS: webhookSecrets.describe(
    'what this source bears as Authorization: Bearer, comma-separated',
  ),
  HTTP_WEBHOOK_FORMAT: z
    .enum(httpFormats, `is not one of ${httpFormats.join(', ')}`)
    .optional()
    .describe(`how its JSON is read: ${httpFormats.join(', ')} (json); CloudEvents are known by themselves`),
});

export const http = defineProvider({
  name: 'http',
  title: 'HTTP',
  settings,
  secrets: [
    'HTTP_BEARER_TOKEN',
    'HTTP_HMAC_SECRET',
    'HTTP_PROXY_URL',
    // An address may hold a token in its path.
    'HTTP_SUBSCRIBER_URL',
    'HTTP_SUBSCRIBER_SECRETS',
    'HTTP_SUBSCRIBER_HEADERS',
    'HTTP_WEBHOOK_SECRETS',
    'HTTP_WEBHOOK_TOKENS',
  ],
  sentTo: {
    HTTP_ALLOWED_ORIGINS: ['HTTP_BEARER_TOKEN', 'HTTP_HMAC_SECRET'],
    // What goes to plain http is read there.
    HTTP_PROXY_URL: ['HTTP_BEARER_TOKEN', 'HTTP_SUBSCRIBER_HEADERS'],
    HTTP_SUBSCRIBER_URL: ['HTTP_SUBSCRIBER_HEADERS', 'HTTP_SUBSCRIBER_SECRETS'],
  },
  foreign: /^HTTP_/,
  async connect(given, env) {
    const { HTTP_BEARER_TOKEN: bearerToken, HTTP_HMAC_SECRET: hmacSecret, HTTP_PROXY_URL: proxyUrl } = given;
    const origins = listOf(given.HTTP_ALLOWED_ORIGINS ?? '');
    // A secret that may go nowhere is a mistake, and one that may go anywhere would be given away.
    if ((bearerToken || hmacSecret) && origins.length === 0)
      throw notConnected('HTTP', 'HTTP_ALLOWED_ORIGINS to the origins that its token or secret is for');
    const allowed = readAllowedHosts(given.HTTP_ALLOWED_HOSTS ?? '');
    if (!allowed) throw notConnected('HTTP', 'HTTP_ALLOWED_HOSTS to a list of hosts');
    const subscriber = {
      url: given.HTTP_SUBSCRIBER_URL,
      headers: readHeaders(given.HTTP_SUBSCRIBER_HEADERS ?? '{}') ?? {},
      secrets: listOf(given.HTTP_SUBSCRIBER_SECRETS ?? ''),
    };
    const options = { allowed, origins, bearerToken, hmacSecret, proxyUrl, subscriber };
    return connectHttp({ ...options, lookup: systemLookup }, env);
  },
  tell: (client, sending, signal) => client.tellSubscriber(sending, signal),
  // There is no account that could be asked.
  check: async () => [],
});
