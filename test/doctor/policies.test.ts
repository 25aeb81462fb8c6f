import { describe, expect, it } from 'vitest';
import type { Policies } from '../../domain/policies.ts';
import { examineAll } from '../../server/doctor.ts';
import { doctorOf, findingOf, worlds } from './world.ts';

const policies: Policies = {
  pages: [
    { workflow: 'all', connection: 'default' },
    { workflow: 'ec2UnhealthyRestart', connection: 'payments' },
  ],
  journal: [{ workflow: 'ec2UnhealthyRestart', changes: 'all', connection: 'payments' }],
};

/** What the doctor says of the connection, with these settings. */
async function examined(connection: string, more: Record<string, string | undefined> = {}) {
  const { env } = await worlds.pagerduty();
  const doctor = await doctorOf({ ...env, ...more }, policies);
  const asked = (await doctor.connections()).filter(
    (each) => each.provider === 'pagerduty' && each.connection === connection,
  );
  const [found, ...others] = await examineAll(doctor, asked);
  if (!found || others.length > 0) throw new Error(`There are ${asked.length} connections ${connection}`);
  return found;
}

describe('the connection that a policy names', () => {
  it('can page where it has a routing key', async () => {
    const found = await examined('default');
    expect(findingOf(found, 'the page policy of all workflows')).toMatchObject({ ok: true });
  });

  it('cannot where it has none, which names the policy', async () => {
    const found = await examined('default', { PAGERDUTY_ROUTING_KEY: undefined });
    expect(findingOf(found, 'the page policy of all workflows')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('has no PAGERDUTY_ROUTING_KEY'),
    });
  });

  it('is missing where there is none, for pages and for the journal', async () => {
    const reason = expect.stringContaining('baton connections add payments --provider pagerduty');
    expect(await examined('payments')).toMatchObject({
      state: 'missing',
      findings: [
        { what: 'the page policy of ec2UnhealthyRestart', ok: false, reason },
        { what: 'the journal policy of ec2UnhealthyRestart', ok: false, reason },
      ],
    });
  });

  it('is said of no other provider', async () => {
    const { env } = await worlds.slack();
    const doctor = await doctorOf(env, policies);
    const asked = (await doctor.connections()).filter(({ provider }) => provider === 'slack');
    expect(JSON.stringify(await examineAll(doctor, asked))).not.toContain('policy');
  });
});
