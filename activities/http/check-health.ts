import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { expect, headersOf, isExpected, requestInput, urlOf } from './exchange.ts';

/** One probe. That no answer comes is an answer too; `verify` repeats it. */
export const checkHttpHealth = defineActivity({
  name: 'checkHttpHealth',
  kind: 'read',
  provider: 'http',
  summary: 'Checks once whether an address answers as it should',
  permissions: ['HTTP_ALLOWED_HOSTS, for what is not on the public internet'],
  example: { url: 'https://shop.example.com/healthz', withinMilliseconds: 500 },
  input: z.object({
    connection: connectionName,
    ...requestInput,
    expect,
    withinMilliseconds: z.number().int().min(1).max(10_000).optional(),
  }),
  output: z.object({
    healthy: z.boolean(),
    /** Missing where no answer came. */
    status: z.number().optional(),
    /** From the beginning to the whole answer. */
    milliseconds: z.number(),
    /** Why it is not healthy. */
    reason: z.string().optional(),
  }),
  async run(input, { http, attempt: { key, signal } }) {
    const connection = await http(input.connection);
    const began = performance.now();
    const passed = () => Math.round(performance.now() - began);
    try {
      const { status } = await connection.exchange({
        method: 'GET',
        url: urlOf(input.url, input.query),
        headers: headersOf(input.headers),
        redirects: 0,
        timeoutSeconds: input.timeoutSeconds,
        key,
        signal,
      });
      const milliseconds = passed();
      const slow = input.withinMilliseconds !== undefined && milliseconds > input.withinMilliseconds;
      const reason = !isExpected(status, input.expect)
        ? `it answered ${status}`
        : slow
          ? `it took ${milliseconds} ms`
          : undefined;
      return { healthy: reason === undefined, status, milliseconds, ...(reason ? { reason } : {}) };
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== 'ProviderUnavailable') throw error;
      return { healthy: false, milliseconds: passed(), reason: error.message };
    }
  },
});
