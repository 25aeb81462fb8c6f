import type { Providers } from '../../world.ts';
import { type Cases, next } from './case.ts';

const botId = 'U0BATON';
const runbook = 'https://example.com/runbook';

function newRoom({ slack }: Providers): string {
  const id = `C0ROOM${next()}`;
  const texts = { name: id.toLowerCase(), topic: '', purpose: 'War room of PagerDuty incident PROOM' };
  const room = { kind: 'public' as const, creator: botId, archived: false, memberIds: [botId] };
  slack.world.channels.push({ id, ...texts, ...room });
  return id;
}

function newMessage(world: Providers): { channelId: string; ts: string } {
  const channelId = newRoom(world);
  const ts = `1700000000.${String(next()).padStart(6, '0')}`;
  world.slack.world.messages.push({ channelId, ts, userId: botId, text: 'before' });
  return { channelId, ts };
}

const newCard = (world: Providers) => ({
  channelId: newRoom(world),
  incidentId: `PCARD${next()}`,
  card: { title: 'Checkout is slow', status: 'triggered', service: 'Checkout', assignees: ['Ada Lopez'] },
});

const newApproval = (world: Providers) => ({
  place: { channelId: newRoom(world) },
  approval: {
    id: `approval-${next()}`,
    state: 'pending',
    summary: 'Reboots i-0abc12345def67890',
    calls: [],
    askedBy: 'ec2UnhealthyRestart',
    approvers: 'whoever is approver in Baton',
    required: 1,
    reasonRequired: false,
    overridesGuards: false,
    answers: [],
    expiresAt: '2026-11-21T09:30:00.000Z',
  },
});

const newQuestion = (world: Providers) => ({
  place: { channelId: newRoom(world) },
  question: {
    id: `question-${next()}`,
    state: 'pending',
    summary: 'Which region takes over?',
    options: [{ value: 'eu-west-1', label: 'Ireland' }],
    askedBy: 'takeOver',
    approvers: 'whoever may answer questions in Baton',
    answers: [],
    expiresAt: '2026-11-21T09:30:00.000Z',
  },
});

export const slackCases: Cases = {
  addSlackBookmark: [
    {
      input: (world) => ({ channelId: newRoom(world), title: 'Runbook', url: runbook }),
      cut: 'bookmarks.add',
      effects: ['bookmark added'],
    },
    {
      async input(world, run) {
        const channelId = newRoom(world);
        await run('addSlackBookmark', { channelId, title: 'Runbook', url: runbook });
        return { channelId, title: 'New runbook', url: runbook };
      },
      cut: 'bookmarks.edit',
      effects: ['bookmark edited'],
    },
  ],
  archiveSlackChannel: [
    {
      input: (world) => ({ channelId: newRoom(world) }),
      cut: 'conversations.archive',
      effects: ['channel archived'],
    },
  ],
  inviteSlackUsers: [
    {
      input: (world) => ({ channelId: newRoom(world), userIds: ['U0ADA', 'U0BEN'] }),
      cut: 'conversations.invite',
      effects: ['user invited', 'user invited'],
    },
  ],
  openSlackWarRoom: ['conversations.create', 'conversations.setPurpose'].map((cut) => ({
    input: () => ({ incidentId: `PWAR${next()}`, number: 5_000 + next(), title: 'Checkout is slow' }),
    cut,
    effects: ['channel created', 'purpose set'],
  })),
  pinSlackMessage: [
    {
      input: (world) => ({ ...newMessage(world) }),
      cut: 'pins.add',
      effects: ['message pinned'],
    },
  ],
  postSlackEphemeral: [
    {
      input: () => ({ channelId: 'C0GENERAL', userId: 'U0ADA', text: 'Only you see this' }),
      cut: 'chat.postEphemeral',
      // Slack keeps no such message, so none can be found again: it is rather shown twice than never.
      effects: ['ephemeral posted', 'ephemeral posted'],
    },
  ],
  postSlackMessage: [
    {
      input: (world) => ({ channelId: newRoom(world), text: 'Restarting' }),
      cut: 'chat.postMessage',
      effects: ['message posted'],
    },
    {
      input(world) {
        const { channelId, ts: threadTs } = newMessage(world);
        return { channelId, threadTs, text: 'Details' };
      },
      cut: 'chat.postMessage',
      effects: ['message posted'],
    },
  ],
  sendSlackDirectMessage: [
    {
      input: () => ({ userId: 'U0ADA', text: 'You are on call' }),
      cut: 'conversations.open',
      effects: ['conversation opened', 'message posted'],
    },
    {
      input: () => ({ userId: 'U0BEN', text: 'You are on call' }),
      cut: 'chat.postMessage',
      effects: ['conversation opened', 'message posted'],
    },
  ],
  sendSlackLinkCode: [
    {
      async input(_, run) {
        await run('sendSlackDirectMessage', { userId: 'U0ADA', text: 'Hello' });
        return { userId: 'U0ADA', teamIds: ['T0ACME'] };
      },
      cut: 'chat.postMessage',
      effects: ['message posted'],
    },
  ],
  sendSlackNotices: [
    {
      async input({ store }, run) {
        await run('sendSlackDirectMessage', { userId: 'U0ADA', text: 'Hello' });
        const notice = { about: '#1', text: 'Nobody has acknowledged #1 yet', links: [] };
        await store.leaveNotice({ runId: `notice/${next()}`, id: '#1', person: 'U0ADA', notice });
        return { userId: 'U0ADA', at: '2026-11-21T09:30:00.000Z' };
      },
      cut: 'chat.postMessage',
      effects: ['message posted'],
    },
  ],
  setSlackTopic: [
    {
      input: (world) => ({ channelId: newRoom(world), text: `Topic ${next()}` }),
      cut: 'conversations.setTopic',
      effects: ['topic set'],
    },
  ],
  showSlackApproval: [
    { input: newApproval, cut: 'chat.postMessage', effects: ['message posted'] },
    {
      async input(world, run) {
        await run('sendSlackDirectMessage', { userId: 'U0ADA', text: 'Hello' });
        return { ...newApproval(world), place: { userId: 'U0ADA' } };
      },
      cut: 'chat.postMessage',
      effects: ['message posted'],
    },
    {
      async input(world, run) {
        const shown = newApproval(world);
        await run('showSlackApproval', shown);
        return { ...shown, approval: { ...shown.approval, state: 'approved' } };
      },
      cut: 'chat.update',
      effects: ['message edited'],
    },
  ],
  showSlackQuestion: [
    { input: newQuestion, cut: 'chat.postMessage', effects: ['message posted'] },
    {
      async input(world, run) {
        const shown = newQuestion(world);
        await run('showSlackQuestion', shown);
        return { ...shown, question: { ...shown.question, state: 'expired' } };
      },
      cut: 'chat.update',
      effects: ['message edited'],
    },
  ],
  showSlackStatusCard: [
    ...['chat.postMessage', 'pins.add'].map((cut) => ({
      input: newCard,
      cut,
      effects: ['message posted', 'message pinned'],
    })),
    {
      async input(world, run) {
        const shown = newCard(world);
        await run('showSlackStatusCard', shown);
        return { ...shown, card: { ...shown.card, status: 'acknowledged', acknowledgedBy: 'Ada Lopez' } };
      },
      cut: 'chat.update',
      effects: ['message edited'],
    },
  ],
  unarchiveSlackChannel: [
    {
      async input(world, run) {
        world.slack.world.botsMayUnarchive = true;
        const channelId = newRoom(world);
        await run('archiveSlackChannel', { channelId });
        return { channelId };
      },
      cut: 'conversations.unarchive',
      effects: ['channel unarchived', 'channel joined'],
    },
  ],
  updateSlackMessage: [
    {
      input: (world) => ({ ...newMessage(world), text: 'after' }),
      cut: 'chat.update',
      effects: ['message edited'],
    },
  ],
};
