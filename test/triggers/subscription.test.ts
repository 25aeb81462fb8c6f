import { describe, expect, it } from 'vitest';
import { opsChronicle } from '../../docs/examples/triggers/subscriptions/ops-chronicle.ts';
import { defineSubscription, subscriptionList } from '../../triggers/subscription.ts';
import { subscriptions } from '../../triggers/subscriptions/index.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';

const given = { name: 'board', types: ['run.failed'], connection: 'board' } as const;

describe('a subscription', () => {
  it('is none, as Baton ships', () => {
    expect(subscriptions).toEqual([]);
  });

  it('names workflows by their functions', () => {
    expect(opsChronicle).toMatchObject({ workflows: ['ec2UnhealthyRestart'], method: 'POST', headers: {} });
  });

  it('gives its body the data of the types that it asks for', () => {
    defineSubscription({
      ...given,
      // The compiler holds it: of a failed run there is a failure, and no approval.
      body: ({ type, data }) => ({ type: type satisfies 'baton.run.failed', why: data.failure?.message }),
    });
    // @ts-expect-error
    defineSubscription({ ...given, body: ({ data }) => data.approval });
    // @ts-expect-error
    expect(() => defineSubscription({ ...given, types: ['run.fail'] })).toThrow('Did you mean run.failed?');
  });

  it.each<[string, object, string]>([
    ['without a name', { name: '' }, 'needs a name'],
    ['of no connection', { connection: 'https://x' }, 'names no connection'],
    ['of no type', { types: [] }, 'its list of types is empty'],
    ['of no service', { services: [] }, 'its list of services is empty'],
    ['of a tag that no workflow has', { tags: ['remediatoin'] }, 'Did you mean remediation?'],
    ['of no tag', { tags: [] }, 'names no tag'],
    ['of a workflow that is not known', { workflows: [async function other() {}] }, 'of no workflow'],
    ['with a secret in a header', { headers: { authorization: 'Bearer x' } }, 'HTTP_SUBSCRIBER_HEADERS'],
    ['that would sign by itself', { headers: { 'Webhook-Id': '1' } }, 'sets the header'],
  ])('%s is refused as its file is loaded', (_, changes, words) => {
    expect(() => defineSubscription({ ...given, workflows: [ec2UnhealthyRestart], ...changes })).toThrow(
      words,
    );
  });

  it('has a name of its own', () => {
    const one = defineSubscription(given);
    expect(() => subscriptionList([one, one])).toThrow('two subscriptions named board');
  });
});
