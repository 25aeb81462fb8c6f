import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { expect, headersOf, replyOf, replyOutput, requestInput, urlOf } from './exchange.ts';

/**
 * Reads what is at an address. Public addresses by https, and what `HTTP_ALLOWED_HOSTS` names. A redirect is an answer unless they are
 * followed; each address on the way is then checked as the first one was, and another origin gets none of the headers.
 */
export const readHttpResource = defineActivity({
  name: 'readHttpResource',
  kind: 'read',
  provider: 'http',
  summary: 'Reads what is at an address',
  permissions: ['HTTP_ALLOWED_HOSTS, for what is not on the public internet'],
  example: { url: 'https://status.example.com/api/v2/summary.json' },
  input: z.object({
    connection: connectionName,
    method: z.enum(['GET', 'HEAD']).default('GET'),
    ...requestInput,
    expect,
    followRedirects: z.boolean().default(false).describe('At most 5'),
  }),
  output: z.object({ ...replyOutput }),
  async run(input, { http, attempt }) {
    const { key, signal } = attempt;
    const connection = await http(input.connection);
    const reply = await connection.exchange({
      method: input.method,
      url: urlOf(input.url, input.query),
      headers: headersOf(input.headers),
      redirects: input.followRedirects ? 5 : 0,
      timeoutSeconds: input.timeoutSeconds,
      key,
      signal,
    });
    return replyOf(reply, input.expect, attempt);
  },
});
