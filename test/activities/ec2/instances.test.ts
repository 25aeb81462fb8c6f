import { describe, expect, it } from 'vitest';
import { checkEc2Access } from '../../../activities/ec2/check-access.ts';
import { listEc2InstanceStatuses } from '../../../activities/ec2/list-instance-statuses.ts';
import { listEc2Instances } from '../../../activities/ec2/list-instances.ts';
import { readEc2ConsoleOutput } from '../../../activities/ec2/read-console-output.ts';
import { impair } from '../../../simulator/ec2.ts';
import { failureOf, keepsTexts } from '../run.ts';
import { actions, checkout, effects, search, startAnswering, startRegion } from './region.ts';

describe('listing instances', () => {
  it('tells of each what a runbook decides by', async () => {
    const { run, instance } = await startRegion();
    instance(checkout).tags['aws:autoscaling:groupName'] = 'checkout <&> "group"';
    expect(await run(listEc2Instances, { instanceIds: [checkout] })).toEqual({
      instances: [
        {
          id: checkout,
          state: 'running',
          type: 'm7g.large',
          zone: 'eu-central-1a',
          tags: {
            Name: 'checkout-1',
            'baton:restart': 'allowed',
            'aws:autoscaling:groupName': 'checkout <&> "group"',
          },
          privateIp: '10.0.1.17',
          launchTime: '2026-11-01T06:00:00.000Z',
          autoScalingGroup: 'checkout <&> "group"',
          rootDevice: 'ebs',
        },
      ],
    });
  });

  it('selects by tags and filters together', async () => {
    const { run } = await startRegion();
    const idsOf = async (input: object) => (await run(listEc2Instances, input)).instances.map(({ id }) => id);
    expect(await idsOf({ tags: { 'baton:restart': 'allowed' } })).toEqual([checkout]);
    expect(await idsOf({ filters: { 'instance-state-name': ['running'] } })).toEqual([checkout, search]);
    expect(
      await idsOf({ tags: { Name: 'search-1' }, filters: { 'private-ip-address': ['10.0.1.23'] } }),
    ).toEqual([search]);
  });

  it('takes all pages', async () => {
    const { simulator, run, instance } = await startRegion();
    for (let index = 0; index < 230; index += 1)
      simulator.world.instances.push({ ...instance(search), id: `i-0${String(index).padStart(8, '0')}` });
    const { instances } = await run(listEc2Instances, { tags: { Name: 'search-1' }, max: 500 });
    expect(new Set(instances.map(({ id }) => id)).size).toBe(231);
    expect(actions(simulator)).toEqual(['DescribeInstances', 'DescribeInstances', 'DescribeInstances']);
  });

  it.each([
    ['none', { tags: { Name: 'nobody' } }, 'no instance is selected'],
    [
      'more than may be',
      { filters: { 'instance-state-name': ['running'] }, max: 1 },
      '2 instances are selected',
    ],
    ['everything', {}, 'name instance ids, tags or filters'],
    ['one that is not there', { instanceIds: [checkout, 'i-0123456789abcdef0'] }, 'i-0123456789abcdef0'],
  ])('is InvalidInput for a selection of %s', async (_, input, message) => {
    const { run } = await startRegion();
    const failure = await failureOf(run(listEc2Instances, input));
    expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    expect(failure.message).toContain(message);
  });

  it('refuses what is no instance id, and too many, before any call', () => {
    const isValid = (instanceIds: string[]) =>
      listEc2InstanceStatuses.input.safeParse({ instanceIds }).success;
    for (const id of ['i-123', 'i-0ABC12345def67890', `${checkout}0`, 'ami-0abc12345', `${checkout}\n`, '*'])
      expect(isValid([id])).toBe(false);
    expect(isValid([])).toBe(false);
    expect(isValid(Array.from({ length: 21 }, () => checkout))).toBe(false);
    expect(isValid([checkout, 'i-0abc1234'])).toBe(true);
  });
});

describe('the status checks', () => {
  it('are told of running and stopped instances', async () => {
    const { simulator, run, instance } = await startRegion();
    impair(simulator, checkout);
    instance(search).state = 'stopped';
    expect(await run(listEc2InstanceStatuses, { instanceIds: [checkout, search] })).toEqual({
      statuses: [
        { id: checkout, state: 'running', system: 'ok', instance: 'impaired', ebs: 'ok', events: [] },
        {
          id: search,
          state: 'stopped',
          system: 'not-applicable',
          instance: 'not-applicable',
          ebs: 'not-applicable',
          events: [],
        },
      ],
    });
  });

  it('are taken as untold where EC2 leaves them out or says something new', async () => {
    const { run } = await startAnswering(
      200,
      `<DescribeInstanceStatusResponse><instanceStatusSet><item><instanceId>${checkout}</instanceId>
        <instanceState><code>16</code><name>running</name></instanceState>
        <systemStatus><status>puzzled</status></systemStatus>
        <eventsSet><item><code>system-reboot</code><description>scheduled</description></item></eventsSet>
      </item></instanceStatusSet></DescribeInstanceStatusResponse>`,
    );
    expect(await run(listEc2InstanceStatuses, { instanceIds: [checkout] })).toEqual({
      statuses: [
        {
          id: checkout,
          state: 'running',
          system: 'insufficient-data',
          instance: 'insufficient-data',
          ebs: 'not-applicable',
          events: ['system-reboot: scheduled'],
        },
      ],
    });
  });
});

describe('a dry run', () => {
  it.each([
    ['reboot', 'RebootInstances'],
    ['stop', 'StopInstances'],
    ['start', 'StartInstances'],
  ] as const)('tells whether a %s would be allowed, and does nothing', async (call, action) => {
    const { simulator, run } = await startRegion();
    const ask = { call, instanceIds: [checkout] };
    expect(await run(checkEc2Access, ask)).toEqual({ allowed: true, reason: 'the dry run passed' });
    simulator.world.denied.push(`ec2:${action}`);
    const answer = await run(checkEc2Access, ask);
    expect(answer.allowed).toBe(false);
    expect(answer.reason).toContain(`ec2:${action}`);
    expect(actions(simulator)).toEqual([action, action]);
    expect(effects(simulator)).toEqual([]);
  });

  it('that fails for another reason is no answer', async () => {
    const { simulator, run } = await startRegion();
    simulator.fail({ kind: 'status', status: 500 });
    const ask = { call: 'reboot' as const, instanceIds: [checkout] };
    expect(await failureOf(run(checkEc2Access, ask))).toMatchObject({ type: 'ProviderUnavailable' });
  });
});

describe('the console output of an instance', () => {
  it('is the newest where its type tells that, without what moves a cursor', async () => {
    const { simulator, run, instance } = await startRegion();
    instance(checkout).console = '\u001b[0;32mStarted\u001b[0m kernel\r\nOut of memory\u0007';
    expect(await run(readEc2ConsoleOutput, { instanceId: checkout })).toEqual({
      text: 'Started kernel\nOut of memory',
      at: expect.stringMatching(/Z$/),
    });
    instance(checkout).type = 't2.micro';
    expect(await run(readEc2ConsoleOutput, { instanceId: checkout })).toMatchObject({
      text: expect.stringContaining('Out of memory'),
    });
    expect(actions(simulator)).toEqual(['GetConsoleOutput', 'GetConsoleOutput', 'GetConsoleOutput']);
    expect(effects(simulator)).toEqual([]);
  });

  it('ends at 32 KiB, the newest of it', async () => {
    const { run, instance } = await startRegion();
    instance(checkout).console = `${'a line of a start\n'.repeat(5_000)}the last one`;
    const { texts, keepText } = keepsTexts();
    const asked = { instanceId: checkout };
    const { text, truncated, kept } = await run(readEc2ConsoleOutput, asked, { keepText });
    expect(truncated).toBe(true);
    const title = `Console output of ${checkout}`;
    expect(texts).toEqual([{ title, text: instance(checkout).console, keepsEnd: true }]);
    expect(kept).toMatchObject({ title, bytes: instance(checkout).console?.length });
    expect(text.length).toBeLessThanOrEqual(32 * 1024);
    expect(text).toMatch(/^a line[\s\S]*the last one$/);
  });

  it('is an answer where there is none, and InvalidInput of an instance that is not there', async () => {
    const { run, instance } = await startRegion();
    instance(checkout).console = '';
    expect(await run(readEc2ConsoleOutput, { instanceId: checkout })).toEqual({
      text: '',
      unavailable: 'EC2 has no console output of it',
    });
    const failure = await failureOf(run(readEc2ConsoleOutput, { instanceId: 'i-0123456789abcdef0' }));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
  });
});
