import { z } from 'zod';
import type { Tested } from '../../activities/provider.ts';
import { type Doctor, type Examined, examine } from '../doctor.ts';
import { defineOperation } from './operation.ts';

/** Of these a test sends something and waits for it. */
const boundMilliseconds = 30_000;

export const testedSchema = z.object({
  provider: z.string(),
  connection: z.string(),
  outcome: z.enum(['confirmed', 'accepted, not confirmed', 'rejected', 'unverified']),
  reason: z.string(),
});

/**
 * Proves a connection. PagerDuty's gets a marked alert, which is read back and resolved, since its Events API says yes to any key;
 * the other providers answer truly, so their check is the proof.
 */
export const connectionsTest = defineOperation({
  name: 'connections.test',
  kind: 'change',
  right: 'connections.test',
  route: 'POST /connections/{provider}/{connection}/test',
  summary: 'Tests a connection: raises a marked alert and reads it back, or asks what it may do',
  input: z.strictObject({ provider: z.string(), connection: z.string().default('default') }),
  output: testedSchema,
  async run({ provider, connection }, { doctor }): Promise<z.output<typeof testedSchema>> {
    const all = await doctor.connections();
    const found = all.find((each) => each.provider === provider && each.connection === connection);
    if (!found) {
      const known = all.map((each) => `${each.provider}/${each.connection}`).join(', ');
      return {
        provider,
        connection,
        outcome: 'rejected',
        reason: `there is no such connection; there are ${known}`,
      };
    }
    const { outcome, reason } = await testConnection(doctor, found, AbortSignal.timeout(boundMilliseconds));
    const tested = { outcome, reason: doctor.scrub(reason) };
    await doctor.keepState?.(found, tested);
    return { provider, connection, ...tested };
  },
});

/** Tests until `signal` ends. */
export async function testConnection(
  doctor: Pick<Doctor, 'activities' | 'scrub'>,
  connection: Examined,
  signal: AbortSignal,
): Promise<Tested> {
  if (connection.simulated)
    return { outcome: 'confirmed', reason: 'it is simulated: nothing real is reached' };
  const sent = await connection
    .test(signal)
    .catch((error: Error): Tested => ({ outcome: 'unverified', reason: error.message }));
  if (sent) return sent;
  const { state, reason, findings } = await examine(doctor, connection, signal);
  const missing = findings.filter(({ ok }) => ok === false).map(({ what, reason: why }) => `${what}: ${why}`);
  switch (state) {
    case 'well':
      return { outcome: 'confirmed', reason: 'all rights that can be told are there' };
    case 'no answer':
      return { outcome: 'unverified', reason: reason ?? 'no answer' };
    default:
      return { outcome: 'rejected', reason: reason ?? missing.join('; ') };
  }
}
