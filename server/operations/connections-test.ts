import { z } from 'zod';
import type { Tested } from '../../activities/provider.ts';
import { type Doctor, type Examined, examine } from '../doctor.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation } from './operation.ts';

/** For so long a test waits for what it has sent. */
const boundMilliseconds = 30_000;

export const testedSchema = z.object({
  provider: z.string(),
  connection: z.string(),
  outcome: z.enum(['confirmed', 'accepted, not confirmed', 'rejected', 'unverified']),
  reason: z.string(),
});

/**
 * Proves a connection. PagerDuty's gets a marked alert, which is read back and resolved, since its Events API says yes to any key;
 * the other providers answer truly, so their check is the proof. Slack's posts a message besides, where a channel for it is chosen.
 */
export const connectionsTest = defineOperation({
  name: 'connections.test',
  kind: 'change',
  right: 'connections.test',
  route: 'POST /connections/{connection}/test',
  summary:
    'Tests a connection: raises a marked alert and reads it back, posts a marked message and deletes it, or asks what it may do',
  input: z.strictObject({
    connection: z.string().describe('Its name'),
    provider: z.string().optional().describe('Where several have the name, as each has a "default"'),
    keep: z.boolean().optional().describe('Leaves what is sent, where it could be taken away: a message'),
  }),
  output: testedSchema,
  async run({ connection, provider, keep = false }, context): Promise<z.output<typeof testedSchema>> {
    const doctor = await context.doctor();
    const found = oneOf(await doctor.connections(), connection, provider);
    const { outcome, reason } = await testConnection(doctor, found, {
      signal: AbortSignal.timeout(boundMilliseconds),
      keep,
    });
    const tested = { outcome, reason: doctor.scrub(reason) };
    await doctor.keepState?.(found, tested);
    return { provider: found.provider, connection, ...tested };
  },
});

function oneOf(all: readonly Examined[], connection: string, provider: string | undefined): Examined {
  const named = all.filter(
    (each) => each.connection === connection && (provider === undefined || each.provider === provider),
  );
  const [found] = named;
  if (found && named.length === 1) return found;
  const known = (found ? named : all).map((each) => `${each.connection} of ${each.provider}`).join(', ');
  if (!found)
    throw new Refusal(
      404,
      'No such connection',
      `There is no connection ${connection}. There are: ${known}.`,
    );
  throw new Refusal(422, 'Several connections', `Name the provider, since there are: ${known}.`);
}

/** Tests until `signal` ends. */
export async function testConnection(
  doctor: Pick<Doctor, 'activities' | 'scrub'>,
  connection: Examined,
  { signal, keep = false }: { signal: AbortSignal; keep?: boolean },
): Promise<Tested> {
  if (connection.simulated)
    return { outcome: 'confirmed', reason: 'it is simulated: nothing real is reached' };
  const sent = await connection
    .test(signal, keep)
    .catch((error: Error): Tested => ({ outcome: 'unverified', reason: error.message }));
  if (sent && !sent.tellsNoRights) return sent;
  if (sent && sent.outcome !== 'confirmed') return sent;
  const { state, reason, findings } = await examine(doctor, connection, signal);
  const missing = findings.filter(({ ok }) => ok === false).map(({ what, reason: why }) => `${what}: ${why}`);
  switch (state) {
    case 'well':
      return {
        outcome: 'confirmed',
        reason: [...(sent ? [sent.reason] : []), 'all rights that can be told are there'].join('; '),
      };
    case 'no answer':
      return { outcome: 'unverified', reason: reason ?? 'no answer' };
    default:
      return { outcome: 'rejected', reason: reason ?? missing.join('; ') };
  }
}
