import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { isSafeAddress, safeAddress } from '../address.ts';
import { notConnected } from '../failures.ts';
import { defineProvider } from '../provider.ts';
import { connectPrometheus } from './client.ts';

const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '');
const hasNoUser = (text: string) => !URL.parse(text)?.username && !URL.parse(text)?.password;

const settings = z.object({
  PROMETHEUS_URL: z
    .string()
    .refine(isHttp, 'is not an http:// or https:// address')
    .refine(
      hasNoUser,
      'has a user or a password in it; they go to PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD',
    )
    .optional()
    .describe(
      'the address without /api/v1; plain http only without token and password, but for this machine',
    ),
  PROMETHEUS_TOKEN: z.string().optional().describe('sent as Authorization: Bearer'),
  PROMETHEUS_USERNAME: z.string().optional().describe('for basic authentication'),
  PROMETHEUS_PASSWORD: z.string().optional().describe('for basic authentication'),
});

export const prometheus = defineProvider({
  name: 'prometheus',
  title: 'Prometheus',
  settings,
  secrets: ['PROMETHEUS_TOKEN', 'PROMETHEUS_PASSWORD'],
  sentTo: { PROMETHEUS_URL: ['PROMETHEUS_TOKEN', 'PROMETHEUS_PASSWORD'] },
  marks: /^PROMETHEUS_(URL|TOKEN|PASSWORD)$/,
  simulated: 'when asked',
  foreign: /^PROMETHEUS_/,
  async connect(given, env) {
    const { PROMETHEUS_URL: url, PROMETHEUS_TOKEN: token, PROMETHEUS_PASSWORD: password } = given;
    if (!url) throw notConnected('Prometheus', 'PROMETHEUS_URL');
    // In a cluster Prometheus speaks plain http to whoever asks, nearly always: there is nothing secret then that could be read on the
    // way. What is secret goes by https, as with all other providers.
    if ((token || password) && !isSafeAddress(url))
      throw notConnected('Prometheus', `PROMETHEUS_URL to ${safeAddress}`);
    return connectPrometheus({ ...given, PROMETHEUS_URL: url }, env);
  },
  async check(client, signal) {
    try {
      await client.query('query', { query: '1' }, signal);
      return [{ what: 'query', ok: true }];
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      if (!error.nonRetryable) return [{ what: 'query', ok: undefined, reason: error.message }];
      const next =
        'set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD, to what may query there';
      return [{ what: 'query', ok: false, reason: `${error.message}; ${next}` }];
    }
  },
});
