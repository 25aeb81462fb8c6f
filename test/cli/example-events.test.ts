import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exampleOf, exampleTypes } from '../../cli/examples/events.ts';
import type { EventType } from '../../domain/event.ts';
import { isFired } from '../../domain/event.ts';
import { readGivenEvent } from '../../server/operations/given-event.ts';
import { triggers } from '../../triggers/index.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { secret, slackSecret, startReceiver } from '../server/receiver.ts';
import { runBaton } from './command.ts';

const at = new Date('2026-11-20T09:00:00.000Z');
const examples = exampleTypes.map((type) => ({
  type,
  ...(exampleOf(type, at) as NonNullable<ReturnType<typeof exampleOf>>),
}));
const sent = examples.filter(({ raw }) => raw !== undefined);

async function workOn(_: object): Promise<void> {}

/** A trigger on this type that reads what the type says that there is. */
const answering = (type: EventType) =>
  defineTrigger({
    name: 'one',
    on: type,
    when: { 'says something': (data) => Object.keys(data as object).length > 0 },
    run: workOn,
    input: (data) => ({ ...(data as object) }),
    ...(type === 'schedule.shift-handoff' ? { schedule: { cron: '0 6 * * *' } } : {}),
  });

const baton = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
  runBaton(argv, { env: { BATON_DATA_DIR: '/nowhere', ...env }, loadTriggers: async () => triggers });

describe('the examples of events', () => {
  it('are of every type that a trigger that ships names, and of the 31 of PagerDuty', () => {
    for (const type of triggers.flatMap(({ on }) => on)) expect(exampleTypes).toContain(type);
    expect(exampleTypes.filter((type) => type.startsWith('pagerduty.'))).toHaveLength(31);
    for (const type of exampleTypes) expect(isFired(type)).toBe(true);
  });

  it.each(examples)('$type can be given to a trigger, which gets what the type says', ({ type, event }) => {
    const given = readGivenEvent(JSON.parse(JSON.stringify(event)));
    expect(given).toEqual(event);
    expect(given).toMatchObject({ type, id: expect.stringMatching(/./), time: expect.stringMatching(/Z$/) });
    expect(answering(type).respond(given)).toEqual({
      start: 'workOn',
      id: expect.stringMatching(/^one\//),
      input: given.data,
    });
  });

  it('are answered by each trigger that ships without a fault', () => {
    for (const { event } of examples)
      for (const trigger of triggers) expect(() => trigger.respond(event)).not.toThrow();
    const startedBy = (type: string) => {
      const found = exampleOf(type, at);
      return found
        ? triggers.filter((each) => 'start' in each.respond(found.event)).map(({ name }) => name)
        : [];
    };
    expect(startedBy('pagerduty.incident.triggered')).toContain('ec2-unhealthy');
    expect(startedBy('slack.request')).toEqual(['slack-request']);
    expect(startedBy('jira.issue.updated')).toEqual(['jira-resolved']);
    expect(startedBy('run.failed')).toEqual(['run-failed']);
  });

  it.each(sent)('$type is taken by a server as its source sends it', async ({ type, event, raw }) => {
    const jiraSecret = 'jira-secret-of-tests';
    const httpSecret = 'http-secret-of-tests';
    const format = type.split('.')[0] ?? '';
    const receiver = await startReceiver({
      jiraSecrets: [jiraSecret],
      httpSource: { secrets: [httpSecret], tokens: [], format },
      // Events of a team's own sources have the name of theirs.
      connections: {
        settingsOf: async () => ({ values: { HTTP_WEBHOOK_SECRETS: httpSecret }, version: '1' }),
      },
    });
    const secrets = {
      PAGERDUTY_WEBHOOK_SECRETS: secret,
      JIRA_WEBHOOK_SECRETS: jiraSecret,
      HTTP_WEBHOOK_SECRETS: httpSecret,
      SLACK_SIGNING_SECRET: slackSecret,
    };
    if (!raw) throw new Error('It is not sent');
    const { status } = await receiver.post(raw.path, raw.body, raw.headers(secrets[raw.setting]));
    expect(Math.floor(status / 100)).toBe(2);
    const [stored] = receiver.stored;
    const { data } = (stored?.event ?? {}) as { data?: unknown };
    // A command names no time: it is asked for when it comes.
    const wanted = event.data as object;
    const own = 'askedAt' in wanted ? { askedAt: expect.stringMatching(/Z$/) } : {};
    expect({ type: stored?.type, data }).toEqual({ type, data: { ...wanted, ...own } });
  });
});

describe('baton events example', () => {
  it('prints a typed event, and no other words', async () => {
    const { exit, stdout, stderr } = await baton(['events', 'example', 'run.failed']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'run.failed',
      source: '/baton',
      data: { failure: { class: 'ProviderRefused' }, incidentId: expect.stringMatching(/^Q/) },
    });
  });

  it('prints a command that sends it with a signature, and tells no secret', async () => {
    const env = { PAGERDUTY_WEBHOOK_SECRETS: `${secret},other` };
    const { stdout } = await baton(['events', 'example', 'pagerduty.incident.annotated', '--webhook'], env);
    expect(stdout).toMatch(/^curl -sS 'http:\/\/127\.0\.0\.1:8080\/webhooks\/pagerduty' /);
    expect(stdout).not.toContain(secret);
    const receiver = await startReceiver();
    const command = stdout.replace('http://127.0.0.1:8080', receiver.url);
    // What a shell makes of it, without a shell that waits for this process.
    const words = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' }).split('\0');
    const headers = Object.fromEntries(
      words.flatMap((word, index) =>
        words[index - 1] === '-H' ? [word.split(': ') as [string, string]] : [],
      ),
    );
    const body = words[words.indexOf('--data-binary') + 1] ?? '';
    expect((await receiver.post('/webhooks/pagerduty', body, headers)).status).toBe(202);
  });

  it.each([
    ['a type that there is not', ['pagerduty.incident.triggerd'], 3, 'Did you mean'],
    ['an event that nobody sends', ['run.failed', '--webhook'], 2, 'Baton makes it itself'],
    ['no secret to sign with', ['slack.action', '--webhook'], 2, 'SLACK_SIGNING_SECRET is not set'],
  ])('says what is wrong with %s', async (_, words, exit, told) => {
    expect(await baton(['events', 'example', ...words])).toMatchObject({
      exit,
      stdout: '',
      stderr: expect.stringContaining(told),
    });
  });
});
