import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Modal } from '../../server/slack/view.ts';
import { defineStartable } from '../../triggers/startable.ts';
import { clickBody, clickPayload, slackSigned } from '../fixtures/slack-requests.ts';
import { type Receiver, slackSecret, startReceiver, storeIsDown } from './receiver.ts';
import { startSlack } from './slack-answers.ts';

const click = (receiver: Receiver, body: Uint8Array) =>
  receiver.post('/slack/interactivity', body, slackSigned(body, slackSecret));

describe('a slash command', () => {
  const typed = {
    user_id: 'U0ADA',
    user_name: 'ada',
    team_id: 'T0ACME',
    channel_id: 'C0ROOM',
    command: '/baton',
    trigger_id: '1.2.secret-part',
  };
  const command = (receiver: Receiver, fields: Record<string, string>) => {
    const body = Buffer.from(new URLSearchParams(fields).toString());
    return receiver.post('/slack/commands', body, slackSigned(body, slackSecret));
  };

  it('is stored as what its person asks for, and answered to them alone', async () => {
    const receiver = await startReceiver();
    const fields = {
      ...typed,
      text: 'ack #42',
      response_url: 'https://hooks.slack.com/commands/secret-part',
    };
    const answer = await command(receiver, fields);
    expect(answer.json).toEqual({
      response_type: 'ephemeral',
      text: 'Baton will acknowledge incident #42 as you. You are told here when it is done.',
    });
    expect(receiver.stored).toMatchObject([
      {
        type: 'slack.request',
        source: '/slack/T0ACME',
        actor: 'slack:U0ADA',
        event: {
          agent: { kind: 'person', id: 'U0ADA', name: 'ada' },
          data: {
            request: { do: 'acknowledge', incident: '42' },
            by: 'command',
            user: { id: 'U0ADA', name: 'ada', teamId: 'T0ACME' },
            channelId: 'C0ROOM',
          },
        },
      },
    ]);
    expect(
      JSON.stringify([receiver.stored[0]?.event, receiver.stored[0]?.eventId, receiver.log]),
    ).not.toContain('secret-part');
  });

  it('that names an incident by its id is filed under it, of whichever account', async () => {
    const receiver = await startReceiver();
    await command(receiver, { ...typed, text: 'resolve Q1DWGPWQ3Y9XJR' });
    await command(receiver, { ...typed, text: 'resolve eu-Q1DWGPWQ3Y9XJR', trigger_id: '2' });
    expect(receiver.stored.map(({ subject }) => subject)).toEqual(['Q1DWGPWQ3Y9XJR', 'eu/Q1DWGPWQ3Y9XJR']);
    expect(receiver.stored[1]?.event).toMatchObject({ connection: 'eu' });
  });

  it('goes by the lane of its person, whether it names the incident by its id or not, and a button does too', async () => {
    const receiver = await startReceiver();
    for (const [index, text] of ['ack', 'resolve #42', 'resolve Q1DWGPWQ3Y9XJR'].entries())
      await command(receiver, { ...typed, text, trigger_id: `${index}` });
    await command(receiver, { ...typed, text: 'ack', user_id: 'U0BEN', trigger_id: '9' });
    await click(receiver, clickBody(clickPayload()));
    const [ada, ben] = ['person:U0ADA', 'person:U0BEN'];
    expect(receiver.stored.map(({ lane }) => lane)).toEqual([ada, ada, ada, ben, ada]);
  });

  it('twice under one trigger is one, whatever else differs; typed again it is another', async () => {
    const receiver = await startReceiver();
    await command(receiver, { ...typed, text: 'ack' });
    await command(receiver, { ...typed, text: 'ack', token: 't' });
    await command(receiver, { ...typed, text: 'ack', trigger_id: '3' });
    expect(receiver.stored).toHaveLength(2);
  });

  it('while Temporal is away is stored, and the person is told that it is held up', async () => {
    const receiver = await startReceiver();
    receiver.temporal.up = false;
    const answer = await command(receiver, { ...typed, text: 'ack' });
    expect(answer.json.text).toContain('this is recorded');
    expect(receiver.stored).toHaveLength(1);
  });

  it('that cannot be stored is answered that nothing was done', async () => {
    const receiver = await startReceiver();
    receiver.failWith(storeIsDown());
    const answer = await command(receiver, { ...typed, text: 'ack' });
    expect([answer.status, answer.json.text]).toEqual([200, expect.stringContaining('nothing was done')]);
    expect(receiver.stored).toEqual([]);
  });

  it.each([
    ['help', '/baton ack'],
    ['akc', 'Did you mean'],
    ['note', 'did not let Baton open the form'],
    ['run x', 'no workflow "x"'],
  ])('"%s" is answered at once, and not stored', async (text, told) => {
    const receiver = await startReceiver();
    expect((await command(receiver, { ...typed, text })).json.text).toContain(told);
    expect(receiver.stored).toEqual([]);
  });

  it('that cannot be read is told so', async () => {
    const answer = await command(await startReceiver(), { command: '/baton', text: 'ack' });
    expect(answer.json.text).toContain('cannot read this command');
  });

  it('that only probes the address gets an empty answer', async () => {
    const answer = await command(await startReceiver(), { ssl_check: '1', token: 't' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('what people ask for by other ways', () => {
  const views: { triggerId: string; view: Modal }[] = [];
  const told: { channelId: string; userId: string; text: string }[] = [];
  const startable = [
    defineStartable({
      run: async function restart(_: { times: number; how: 'slow' | 'fast'; incidentId: string }) {},
      summary: 'Restarts',
      kind: 'change',
      input: z.strictObject({
        incidentId: z.string(),
        times: z.int().describe('How often'),
        how: z.enum(['slow', 'fast']),
      }),
    }),
  ];
  const forms = {
    async open(triggerId: string, view: Modal) {
      views.push({ triggerId, view });
    },
    question: async () => undefined,
    activity: async () => undefined,
    startable: async () => startable,
    lookAt: async ({ channelId, messageTs }: { channelId: string; messageTs: string }) => ({
      isRoom: channelId === 'C0ROOM',
      permalink: `https://acme.slack.com/archives/${channelId}/p${messageTs}`,
    }),
    async tell(person: { channelId: string; userId: string }, text: string) {
      told.push({ ...person, text });
    },
  };
  const press = (action_id: string, value: string, overrides: object = {}) =>
    clickBody(clickPayload(overrides, { action_id, value }));
  const submission = (view: Modal | undefined, values: Record<string, string>, overrides: object = {}) => {
    const state = Object.fromEntries(
      Object.entries(values).map(([block, value]) => [block, { value: { type: 'plain_text_input', value } }]),
    );
    return clickBody({
      type: 'view_submission',
      user: { id: 'U0ADA', name: 'ada', team_id: 'T0ACME' },
      team: { id: 'T0ACME' },
      trigger_id: '1',
      view: { id: 'V1', hash: 'h1', ...view, ...overrides, state: { values: state } },
    });
  };
  const lastView = () => views.at(-1)?.view;

  it.each([
    ['escalate', 'Q1ABCDEF2GHIJK', { do: 'escalate', incident: 'Q1ABCDEF2GHIJK' }],
    ['approve', 'some-approval', { do: 'approve', approvalId: 'some-approval' }],
    ['refuse', 'some-approval', { do: 'refuse', approvalId: 'some-approval' }],
    ['answer.2', 'q1/eu-west-1', { do: 'answer', questionId: 'q1', values: { choice: 'eu-west-1' } }],
  ])(
    'the button %s is stored as a request, once, with the message that it stands on',
    async (action, value, request) => {
      const receiver = await startReceiver({ forms });
      for (let times = 0; times < 2; times += 1)
        expect(await click(receiver, press(action, value))).toMatchObject({ status: 200, text: '' });
      const data = { request, by: 'button', channelId: 'C0ROOM', messageTs: '1763629200.000100' };
      expect(receiver.stored).toMatchObject([{ type: 'slack.request', event: { data } }]);
    },
  );

  it('the option that was chosen from a list is stored as the answer', async () => {
    const receiver = await startReceiver({ forms });
    const chosen = { action_id: 'answer', value: undefined, selected_option: { value: 'q1/o7' } };
    await click(receiver, clickBody(clickPayload({}, chosen)));
    const request = { do: 'answer', questionId: 'q1', values: { choice: 'o7' } };
    expect(receiver.stored).toMatchObject([{ event: { data: { request, by: 'button' } } }]);
  });

  it.each([
    ['note', 'Q1ABCDEF2GHIJK', { text: 'Seen' }, { do: 'note', text: 'Seen', incident: 'Q1ABCDEF2GHIJK' }],
    ['approve_with_reason', 'a1', { reason: 'fine' }, { do: 'approve', approvalId: 'a1', reason: 'fine' }],
    ['refuse_with_reason', 'a1', { reason: 'no' }, { do: 'refuse', approvalId: 'a1', reason: 'no' }],
  ])('the button %s opens a form, and the form is stored, once', async (action, value, filled, request) => {
    const receiver = await startReceiver({ forms });
    await click(receiver, press(action, value));
    expect(receiver.stored).toEqual([]);
    expect(views.at(-1)?.triggerId).toBe(clickPayload().trigger_id);
    const empty = await click(receiver, submission(lastView(), {}));
    expect(empty.json).toEqual({
      response_action: 'errors',
      errors: { [Object.keys(filled)[0] ?? '']: 'This is needed.' },
    });
    const body = submission(lastView(), filled as Record<string, string>);
    for (let times = 0; times < 2; times += 1)
      expect(await click(receiver, body)).toMatchObject({ status: 200, text: '' });
    const data = { request, by: 'form', channelId: 'C0ROOM', messageTs: '1763629200.000100' };
    expect(receiver.stored).toMatchObject([{ type: 'slack.request', event: { data } }]);
    expect(JSON.stringify(receiver.stored[0]?.event)).not.toContain('trigger');
  });

  it('a form closes when it is stored, and its person is told at once what will be done', async () => {
    const receiver = await startReceiver({ forms });
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK'));
    const answer = await click(receiver, submission(lastView(), { text: 'Seen' }));
    expect(answer.text).toBe('');
    expect(told.at(-1)).toEqual({
      channelId: 'C0ROOM',
      userId: 'U0ADA',
      text: 'Baton will add your note to incident Q1ABCDEF2GHIJK. You are told here when it is done.',
    });
  });

  it('a form says so itself in a channel where its person cannot be told', async () => {
    const failing = { ...forms, tell: async () => Promise.reject(new Error('not_in_channel')) };
    const receiver = await startReceiver({ forms: failing });
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK'));
    const answer = await click(receiver, submission(lastView(), { text: 'Seen' }));
    expect(answer.json).toMatchObject({ response_action: 'update', view: { type: 'modal' } });
    expect(JSON.stringify(answer.json.view)).toContain('Baton will add your note');
    expect(receiver.stored).toHaveLength(1);
  });

  it('a form is answered in its place while Temporal is away: it is recorded, and held up', async () => {
    const receiver = await startReceiver({ forms });
    receiver.temporal.up = false;
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK'));
    const answer = await click(receiver, submission(lastView(), { text: 'Seen' }));
    expect(answer.json).toMatchObject({ response_action: 'update', view: { type: 'modal' } });
    expect(JSON.stringify(answer.json.view)).toContain('this is recorded');
    expect(receiver.stored).toHaveLength(1);
  });

  it('a form that cannot be stored stays open and says so', async () => {
    const receiver = await startReceiver({ forms });
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK'));
    receiver.failWith(storeIsDown());
    const answer = await click(receiver, submission(lastView(), { text: 'Seen' }));
    expect(answer.json).toMatchObject({ errors: { text: expect.stringContaining('nothing was done') } });
  });

  it.each([
    ['not JSON', { private_metadata: '{' }],
    ['without a channel', { private_metadata: '{}' }],
  ])('a form whose own data is %s is not taken', async (_, odd) => {
    const receiver = await startReceiver({ forms });
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK'));
    const answer = await click(receiver, submission(lastView(), { text: 'Seen' }, odd));
    expect(answer.json).toMatchObject({ response_action: 'errors' });
    expect(receiver.stored).toEqual([]);
  });

  it('a form is made from the workflow’s own input, without the incident, and says what is wrong in it', async () => {
    const receiver = await startReceiver({ forms });
    const fields = {
      user_id: 'U0ADA',
      team_id: 'T0ACME',
      channel_id: 'C0ROOM',
      trigger_id: '9',
      text: 'run restart how=slow reason: stuck',
    };
    const body = Buffer.from(new URLSearchParams(fields).toString());
    expect(await receiver.post('/slack/commands', body, slackSigned(body, slackSecret))).toMatchObject({
      status: 200,
      text: '',
    });
    const inputs = lastView()?.blocks.flatMap((block) => (block.type === 'input' ? [block] : []));
    expect(inputs).toMatchObject([
      { block_id: 'input.times', optional: false, hint: { text: 'How often; a whole number' } },
      { block_id: 'input.how', element: { type: 'static_select', initial_option: { value: 'slow' } } },
      { block_id: 'reason', optional: false, element: { initial_value: 'stuck', max_length: 500 } },
    ]);
    const wrong = await click(receiver, submission(lastView(), { 'input.times': 'x', 'input.how': 'slow' }));
    expect(wrong.json.errors).toEqual({ 'input.times': 'It must be a whole number.' });
    await click(
      receiver,
      submission(lastView(), { 'input.times': '2', 'input.how': 'slow', reason: 'stuck' }),
    );
    const request = { do: 'run', workflow: 'restart', input: { times: '2', how: 'slow' }, reason: 'stuck' };
    expect(receiver.stored).toMatchObject([{ event: { data: { request } } }]);
  });

  it('a button whose form Slack does not open is told, with the command that does the same', async () => {
    const slack = await startSlack();
    const failing = { ...forms, open: async () => Promise.reject(new Error('expired_trigger_id')) };
    const receiver = await startReceiver({ forms: failing, apiUrl: `${slack.url}/api/` });
    await click(receiver, press('note', 'Q1ABCDEF2GHIJK', { response_url: slack.url }));
    await expect.poll(() => slack.heard).toMatchObject([{ text: expect.stringContaining('/baton note') }]);
  });

  it('the shortcut on a message is stored with what the message says and who said it', async () => {
    const receiver = await startReceiver();
    const shortcut = (message: object) =>
      clickBody({
        type: 'message_action',
        callback_id: 'add_to_timeline',
        user: { id: 'U0ADA', name: 'ada', team_id: 'T0ACME' },
        team: { id: 'T0ACME' },
        channel: { id: 'C0ROOM' },
        action_ts: '1763629205.123456',
        message: { ts: '1763629200.000100', ...message },
      });
    await click(receiver, shortcut({ text: '<@U0BEN|ben> saw a &lt; b', user: 'U0BEN' }));
    await click(receiver, shortcut({ text: ' ' }));
    const request = { do: 'timeline', text: '@ben saw a < b', author: 'U0BEN' };
    expect(receiver.stored).toMatchObject([
      { event: { data: { request, by: 'shortcut', channelId: 'C0ROOM' } } },
    ]);
  });
});
