import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openApi } from '../api/served.ts';
import { fakingLines } from '../fixtures/hostile-texts.ts';
import { liveRun, reboot, request } from '../store/approval.ts';
import { fresh } from '../store/world.ts';
import { runBaton } from './command.ts';

const { served, store } = await openApi();

const baton = (words: string[], token = 'admin') =>
  runBaton(words, { env: { BATON_API_URL: served.url, BATON_API_TOKEN: token } });

describe('baton approvals', () => {
  const asked = async (changes: Parameters<typeof request>[0] = {}) =>
    store.askApproval(request({ ...(await liveRun(store)), ...changes }));

  it('show tells the exact calls, before and after, the way back, who may, and until when', async () => {
    const restart = {
      ...reboot,
      activity: 'scaleKubernetesDeployment',
      summary: 'Scales shop/checkout to 4',
      calls: ['PATCH /apis/apps/v1/namespaces/shop/deployments/checkout/scale replicas=4'],
      targets: ['kubernetes:shop/checkout'],
      before: { replicas: 2 },
      after: { replicas: 4 },
      inverse: { activity: 'scaleKubernetesDeployment', input: { replicas: 2 } },
    };
    const one = await asked({
      calls: [reboot, restart],
      approvers: { onCallOf: 'PCHECKO', role: 'admin' },
      required: 2,
      requestedBy: ['person:ben@example.com'],
      overridesGuards: true,
    });
    const by = { by: 'person:ada@example.com', name: 'Ada \u001b[31mLopez', via: 'slack' as const };
    await store.answerApproval(one.id, { ...by, decision: 'approved', reason: 'it is quiet' });
    const { exit, stdout, stderr } = await baton(['approvals', 'show', one.id]);
    expect(exit).toBe(0);
    expect(stdout.replaceAll(/20\S+Z/g, '<time>')).toBe(`Reboots i-0abc12345def67890
  approval    ${one.id}
  state       pending
  approved    by 1 of 2
  incident    ${one.subject}
  run         ${one.runId} (restart)
  asked       <time> for person:ben@example.com
  expires     <time>
  may answer  whoever is on call for the PagerDuty service PCHECKO, or whoever is admin in Baton, or higher; not who has asked for it
  reason      required
  guards      IT IS DONE THOUGH A COOL-DOWN HOLDS ITS TARGETS

Done if it is approved, just this or nothing:
1. Reboots i-0abc12345def67890 (rebootEc2Instances, connection default)
     RebootInstances InstanceId.1=i-0abc12345def67890
     targets  ec2:i-0abc12345def67890
     input    {"instanceIds":["i-0abc12345def67890"]}
     before   {"state":"running"}
     after    {"state":"running"}
     undo     none: A reboot cannot be taken back
2. Scales shop/checkout to 4 (scaleKubernetesDeployment, connection default)
     PATCH /apis/apps/v1/namespaces/shop/deployments/checkout/scale replicas=4
     targets  kubernetes:shop/checkout
     input    {"instanceIds":["i-0abc12345def67890"]}
     before   {"replicas":2}
     after    {"replicas":4}
     undo     scaleKubernetesDeployment {"replicas":2}
Digest d1d2d3

approved by Ada Lopez at <time>, by slack: it is quiet
`);
    expect(stderr).toBe(`baton approvals approve ${one.id}, or refuse ${one.id}\n`);
    const json = JSON.parse((await baton(['approvals', 'show', one.id, '--json'])).stdout);
    expect(json).toMatchObject({ id: one.id, calls: [reboot, restart], expiresAt: one.expiresAt });
  });

  it('approve and refuse print what became of it, and end with 5 where it is over and with 4 where one may not', async () => {
    const two = await asked({ required: 2 });
    const first = await baton(['approvals', 'approve', two.id, '--reason', 'quiet'], 'approver');
    expect(first).toEqual({
      exit: 0,
      stdout: 'Approved by 1 of 2: Reboots i-0abc12345def67890. 1 more has to approve.\n',
      stderr: '',
    });
    const second = await baton(['approvals', 'approve', two.id, '--digest', two.digest]);
    expect(second.stdout).toBe('Approved: Reboots i-0abc12345def67890. The run learns of it soon.\n');
    const over = await baton(['approvals', 'refuse', two.id]);
    expect(over).toMatchObject({ exit: 5, stderr: expect.stringMatching(/It was approved by the-admin at/) });
    const one = await asked();
    expect(await baton(['approvals', 'approve', one.id], 'operator')).toMatchObject({
      exit: 4,
      stderr: expect.stringMatching(/approvals\.decide needs approver or admin; this token is operator/),
    });
    expect(await baton(['approvals', 'approve', one.id, '--digest', 'x'])).toMatchObject({ exit: 5 });
    const refused = await baton(['approvals', 'refuse', one.id, '--json']);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      id: one.id,
      state: 'refused',
      missing: 0,
      takenUp: false,
    });
    expect(await baton(['approvals', 'show', 'nothing'])).toMatchObject({ exit: 3 });
  });

  it('show gives each text of others its own line, whatever it holds; the API gives it to the letter', async () => {
    const text = fc.tuple(fc.constantFrom('x', 'i-0abc'), fakingLines).map((parts) => parts.join(''));
    const texts = fc.record({
      summary: text,
      call: text,
      targets: fc.array(text, { minLength: 1, maxLength: 3 }),
    });
    const property = fc.asyncProperty(texts, text, async ({ summary, call, targets }, reason) => {
      const inverse = { none: reason };
      const hostile = { ...reboot, summary, calls: [call, call], targets, before: { call }, inverse };
      const one = await asked({ summary, calls: [hostile], required: 2, requestedBy: [`person:${call}`] });
      const by = { by: 'person:ada@example.com', name: call, via: 'slack' as const };
      await store.answerApproval(one.id, { ...by, decision: 'approved', reason });
      const { stdout } = await baton(['approvals', 'show', one.id]);
      // The summary, eight facts, a heading, the call (what, two calls, targets, input, before, after, way back), its digest, the answer.
      expect(stdout.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)).toHaveLength(23);
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/u);
      const { json } = await served.ask('GET', `/api/v1/approvals/${one.id}`);
      expect(json).toMatchObject({ summary, calls: [{ targets, calls: [call, call] }] });
      await store.closeApproval(one.id, 'withdrawn', reason);
      const late = await served.ask('POST', `/api/v1/approvals/${one.id}/approve`, { body: {} });
      expect(late.status).toBe(409);
      expect(late.json.detail).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('says of an approval that is not there which command tells those that are', async () => {
    for (const argv of [
      ['show', 'none'],
      ['approve', 'none'],
      ['refuse', 'none'],
    ])
      expect(await baton(['approvals', ...argv])).toMatchObject({
        exit: 3,
        stderr: 'baton: There is no approval none. baton approvals list tells those that wait.\n',
      });
  });

  it('list tells those that wait, and others by their state', async () => {
    const workflow = fresh('restart-');
    const run = await liveRun(store, { workflow });
    const one = await asked({ ...run, key: fresh('key-') });
    const { stdout } = await baton(['approvals', 'list', '--subject', run.subject]);
    expect(stdout).toMatch(/^ID +STATE +SUMMARY/);
    expect(stdout).toMatch(
      new RegExp(`\n${one.id} +pending +Reboots i-0abc12345def67890 .*\n +run id: ${run.runId};`),
    );
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    await store.closeApproval(one.id, 'withdrawn', 'x');
    const none = await baton(['approvals', 'list', '--subject', run.subject, '--json']);
    expect(JSON.parse(none.stdout)).toEqual([]);
    const any = await baton(['approvals', 'list', '--run', run.runId, '--state', 'any', '--json']);
    expect(JSON.parse(any.stdout)).toMatchObject([{ id: one.id, state: 'withdrawn' }]);
  });
});
