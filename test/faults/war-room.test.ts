import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Gathered, LaterEvent } from '../../domain/incident.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { startTimeSkipping } from '../temporal.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

/** As shipped, with a short grace time. What is of low urgency gets a private room here. */
const rooms = defineTrigger({
  name: 'rooms',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id, urgency }) => ({ incidentId: id, graceTime: '2 hours' as const, private: urgency === 'low' }),
  whenResolved: 'continue',
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [rooms], temporal: await startTimeSkipping() });
});
/**
 * All runs share one time: what is left of a test would follow its incident through that of the others. Each is resolved and followed to its
 * end. Cancelling them is a matter of `cancelled-room.test.ts`: the time-skipping server loses a run whose cancel meets the end of a call.
 */
afterEach(async () => {
  for (const { id, status } of world.pagerDuty.world.incidents)
    if (status !== 'resolved') resolveAs(world.pagerDuty, id, 'PBENOKA');
  await eventually('all runs to end', async () => {
    await pass('3 hours');
    return (await world.store.listRuns({ live: true, limit: 1 })).length === 0;
  });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

const by = { type: 'user', id: 'PBENOKA' } as const;
const pass = (time: string) => world.temporal.sleep(time as '1 second');
/** A burst of events is over: what has happened is shown. */
const passBurst = () => pass('3 seconds');
const roomsOf = (id: string) => world.slack.world.channels.filter(({ purpose }) => purpose.includes(id));
const roomOf = (id: string) => roomsOf(id).at(-1);
const card = (id: string) => JSON.stringify(cardOf(world.slack, id)?.blocks ?? '');
const newestCard = (id: string) =>
  JSON.stringify(
    world.slack.world.messages.findLast(({ metadata }) => metadata?.event_payload.incident === id)?.blocks,
  );
const issueOf = (id: string) =>
  world.jira.world.issues.find(({ fields }) => fields.labels.includes(`baton-${id}`));
const comments = (id: string) => JSON.stringify(issueOf(id)?.comments ?? []);
const said = (id: string) =>
  world.slack.world.messages.filter(({ channelId }) => channelId === roomOf(id)?.id);
const inThread = (id: string) => {
  const ts = said(id).find(({ metadata }) => metadata?.event_type === 'baton_status_card')?.ts;
  return said(id).filter(({ threadTs }) => threadTs === ts);
};
/** What stands in the channel itself and is no line of Slack's own and no card. */
const inChannel = (id: string) =>
  said(id).filter(
    ({ threadTs, subtype, metadata }) =>
      !threadTs && !subtype && metadata?.event_type !== 'baton_status_card',
  );
const incidentOf = (id: string) => {
  const incident = world.pagerDuty.world.incidents.find((each) => each.id === id);
  if (!incident) throw new Error(`There is no incident ${id}`);
  return incident;
};

/** An incident whose room has all that it gets at first. */
async function openRoom(raised: Partial<Parameters<typeof raiseIncident>[1]> = {}): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout', ...raised });
  await eventually('the details in the thread', () => inThread(id).length > 0);
  await passBurst();
  await eventually('the card to say what was done', () => card(id).includes('Invited'));
  return id;
}

async function end(id: string): Promise<void> {
  resolveAs(world.pagerDuty, id, 'PBENOKA');
  await passBurst();
  await eventually('the resolve to be shown', () => newestCard(id)?.includes('🟢 Resolved'));
  await pass('3 hours');
  await eventually('the run to end', async () => (await world.run(`rooms/${id}`))?.endedAt);
}

/** The incident's run gets an event, as a server signals it. */
const tell = (id: string, event: Pick<LaterEvent, 'eventId' | 'type' | 'data'>) =>
  world.temporal.client.workflow
    .getHandle(`rooms/${id}`)
    .signal(laterEvents, [{ time: new Date().toISOString(), echo: false, ...event }]);

describe('a war room', () => {
  it('has its details in the thread of the card, and links to PagerDuty, Jira and the runbooks of the alerts', async () => {
    const id = await openRoom({
      alert: {
        key: 'k1',
        severity: 'critical',
        summary: 'p99 is 4 s',
        details: { runbook_url: 'https://wiki.example/checkout', note: 'https://not-a-runbook.example/' },
        links: [
          { href: 'https://graphs.example/d/1', text: 'Dashboard' },
          { href: 'javascript:alert(1)', text: 'bad' },
          { href: 'http://[', text: 'bad' },
        ],
      },
    });
    const [details] = inThread(id);
    expect(details?.text).toContain('Alert: p99 is 4 s');
    expect(details?.text).toContain('Invited Ada Lopez');
    expect(inChannel(id)).toEqual([]);
    const links = world.slack.world.bookmarks.filter(({ channelId }) => channelId === roomOf(id)?.id);
    expect(links.map(({ title, link }) => [title, link])).toEqual([
      [issueOf(id)?.key, expect.stringContaining('/browse/')],
      [`PagerDuty #${incidentOf(id).number}`, expect.stringContaining(id)],
      ['Dashboard', 'https://graphs.example/d/1'],
      ['Runbook', 'https://wiki.example/checkout'],
    ]);
    expect(card(id)).toContain('https://wiki.example/checkout|Runbook');
    expect(card(id)).toMatch(/Made the Jira issue OPS-\d+/);
    expect(card(id)).toContain('archives this room 2 hours later');
    expect(card(id)).toMatch(/\*Since\*\\n\d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  });

  it('shows on card, topic and issue within 5 s that somebody acknowledged, reassigned, set a priority or resolved', async () => {
    const id = await openRoom();
    const isShown = (text: string) =>
      [card(id), roomOf(id)?.topic ?? '', comments(id)].every((shown) => shown.includes(text));
    const shows = async (change: () => void, what: string, shown: () => boolean | undefined) => {
      const start = await world.temporal.currentTimeMs();
      change();
      await passBurst();
      await eventually(what, shown);
      expect((await world.temporal.currentTimeMs()) - start).toBeLessThan(5_000);
    };
    const { account, world: pagerDuty } = world.pagerDuty;
    const p2 = pagerDuty.priorities.find(({ name }) => name === 'P2')?.id ?? '';
    await shows(
      () => acknowledgeAs(world.pagerDuty, id, 'PBENOKA'),
      'the acknowledgement',
      () => isShown('Acknowledged by Ben Okafor'),
    );
    await shows(
      () => account.setPriority(incidentOf(id), p2, by),
      'the priority',
      () => isShown('P2') && comments(id).includes('Priority P2, before none'),
    );
    await shows(
      () => account.reassign(incidentOf(id), ['PBENOKA'], by),
      'the new assignee',
      () => comments(id).includes('Assigned to Ben Okafor') && /Assigned to\*\\nBen Okafor/.test(card(id)),
    );
    await eventually('him in the room', () => roomOf(id)?.memberIds.includes('U0BEN'));
    await shows(
      () => resolveAs(world.pagerDuty, id, 'PBENOKA'),
      'the resolve',
      () => isShown('Resolved by Ben Okafor') && issueOf(id)?.status === 'Done',
    );
    expect(
      inThread(id)
        .map(({ text }) => text)
        .slice(1),
    ).toEqual([
      'Acknowledged by Ben Okafor',
      'Priority P2, before none',
      'Assigned to Ben Okafor',
      'Resolved by Ben Okafor',
    ]);
    expect(card(id)).toMatch(/Archives this room at \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  });

  it('edits its card once for a burst of events', async () => {
    const id = await openRoom();
    const edits = () =>
      world.slack.ledger.filter(
        ({ effect, target }) => effect === 'message edited' && target === roomOf(id)?.id,
      ).length;
    const before = edits();
    const { account, world: pagerDuty } = world.pagerDuty;
    for (const { id: priority } of pagerDuty.priorities) account.setPriority(incidentOf(id), priority, by);
    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    await passBurst();
    await eventually('the last of them', () => card(id).includes('P5') && card(id).includes('Ben Okafor'));
    expect(edits() - before).toBeLessThanOrEqual(2);
  });

  it('invites who is asked to help, at first and later', async () => {
    const id = await openRoom();
    expect(roomOf(id)?.memberIds).not.toContain('U0BEN');
    const target = { id: 'PBENOKA', type: 'user_reference' };
    const request = { requesterId: 'PADALOP', message: 'Please join', targets: [target] };
    world.pagerDuty.account.requestResponders(incidentOf(id), request);
    await passBurst();
    await eventually('Ben to be invited', () => roomOf(id)?.memberIds.includes('U0BEN'));
    await passBurst();
    await eventually('the card to name him', () => /Asked to help\*\\nBen Okafor \(pending\)/.test(card(id)));
  });

  it('shows what waits for an approval as long as it does, and takes no notice of events of other types', async () => {
    const id = await openRoom();
    const data = { approvalId: 'A1', runId: 'r', workflow: 'w', summary: 'Reboot i-0abc' };
    await tell(id, { eventId: 'E0', type: 'weather.changed', data: { approvalId: 'A9' } });
    await tell(id, { eventId: 'E1', type: 'approval.asked', data: { ...data, state: 'pending' } });
    await tell(id, { eventId: 'E2', type: 'approval.asked', data: 'not even an object' });
    await passBurst();
    await eventually('the approval', () => card(id).includes('Approval: Reboot i-0abc'));
    await tell(id, { eventId: 'E3', type: 'approval.approved', data: { ...data, state: 'approved' } });
    await passBurst();
    await eventually('the approval to be over', () => !card(id).includes('Approval:'));
  });
});

describe('a war room in which nobody writes', () => {
  it('reminds of the open incident, who is on it and what is open, at most three times and not while people write', async () => {
    const id = await openRoom();
    const channelId = roomOf(id)?.id ?? '';
    await pass('40 minutes');
    const ts = ((await world.temporal.currentTimeMs()) / 1000).toFixed(6);
    world.slack.world.messages.push({ channelId, ts, userId: 'U0ADA', text: 'Looking' });
    await pass('50 minutes');
    expect(inChannel(id)).toHaveLength(1);
    await pass('20 minutes');
    await eventually('a reminder', () => inChannel(id).length === 2);
    expect(inChannel(id).at(-1)?.text).toContain(
      'Nobody has written here for 1 hour, and incident ' +
        `#${incidentOf(id).number} is triggered. On it: Ada Lopez. Open: Waiting for Ada Lopez to acknowledge.`,
    );
    for (let hour = 0; hour < 6; hour += 1) await pass('65 minutes');
    await eventually('all reminders', () => inChannel(id).length === 4);
    expect(inThread(id).every(({ text }) => !text.includes('Nobody has written'))).toBe(true);
  });
});

describe('the end of a war room', () => {
  it('keeps what was said: its digest in the record, its text on the issue', async () => {
    const id = await openRoom();
    const channelId = roomOf(id)?.id ?? '';
    world.slack.world.messages.push({
      channelId,
      ts: (Date.now() / 1000).toFixed(6),
      userId: 'U0ADA',
      text: 'It was the cache',
    });
    await end(id);
    expect(roomOf(id)?.archived).toBe(true);
    const lines = (await world.record(id)).map(({ detail }) => JSON.stringify(detail));
    expect(lines.find((line) => line.includes('Transcript of the war room'))).toMatch(/SHA-256 [0-9a-f]{64}/);
    expect(comments(id)).toContain('**Ada Lopez**: It was the cache');
    expect(comments(id)).toContain('Transcript of the war room');
  });

  it('of a private one keeps its text in the room', async () => {
    const id = await openRoom({ urgency: 'low' });
    expect(roomOf(id)?.kind).toBe('private');
    world.slack.world.messages.push({
      channelId: roomOf(id)?.id ?? '',
      ts: (Date.now() / 1000).toFixed(6),
      userId: 'U0ADA',
      text: 'Between us',
    });
    await end(id);
    expect(comments(id)).toContain('The room was private, so its text stays there');
    expect(comments(id)).not.toContain('Between us');
  });
});

describe('a war room that an incident of its storm has joined', () => {
  it('stays open until that one is resolved too, also where nobody has told of it', async () => {
    const id = await openRoom();
    const joined = raiseIncident(world.pagerDuty, { title: 'Carts are slow', service: 'Checkout' });
    const data: Gathered = { incidentId: joined, title: 'Carts are slow', status: 'triggered', isNew: true };
    await tell(id, { eventId: `G${joined}`, type: 'incident.gathered', data });
    await passBurst();
    await eventually('it on the card', () =>
      card(id).includes('One more incident of this service in this storm: 1 open'),
    );
    await eventually('its note', () =>
      world.pagerDuty.world.notes.some(({ content }) =>
        content.includes(`worked on in one place. War room: `),
      ),
    );
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await passBurst();
    await eventually('the resolve to be shown', () => card(id).includes('🟢 Resolved'));
    await pass('5 hours');
    expect(roomOf(id)?.archived).toBe(false);
    expect(issueOf(id)?.status).not.toBe('Done');

    resolveAs(world.pagerDuty, joined, 'PBENOKA');
    await pass('2 hours');
    await eventually('the run to have asked', () => card(id).includes('in this storm: none open'));
    await pass('3 hours');
    await eventually('the run to end', async () => (await world.run(`rooms/${id}`))?.endedAt);
    expect(roomOf(id)?.archived).toBe(true);
    expect(issueOf(id)?.status).toBe('Done');
  });
});

describe('an incident that is opened again', () => {
  const archiveByHand = (id: string) => {
    const room = roomOf(id);
    if (room) Object.assign(room, { archived: true, memberIds: [] });
  };
  const reopen = async (id: string) => {
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await passBurst();
    await eventually('the resolve to be told', () => inThread(id).at(-1)?.text.startsWith('Resolved by'));
    await eventually('the issue to be done', () => issueOf(id)?.status === 'Done');
    archiveByHand(id);
    world.pagerDuty.account.reopen(incidentOf(id), by);
    await passBurst();
  };

  it('has its room opened again where Slack lets a bot do it', async () => {
    world.slack.world.botsMayUnarchive = true;
    const id = await openRoom();
    await reopen(id);
    await eventually('the room to be open', () => card(id).includes('🔴 Triggered'));
    expect(roomsOf(id)).toMatchObject([{ archived: false, memberIds: expect.arrayContaining(['U0BATON']) }]);
    await eventually('it to be told', () => inThread(id).at(-1)?.text.startsWith('Reopened. Waiting for '));
    world.slack.world.botsMayUnarchive = false;
    await end(id);
    expect(roomOf(id)?.archived).toBe(true);
  });

  it('gets another room where Slack does not, with card and people, and PagerDuty is told', async () => {
    const id = await openRoom();
    await reopen(id);
    await eventually('another room', () => roomsOf(id).length === 2);
    await eventually('its card', () => newestCard(id)?.includes('🔴 Triggered'));
    const room = roomOf(id);
    await eventually('its people', () => room?.memberIds.includes('U0ADA'));
    expect(room?.name).toMatch(/-2$/);
    const note = world.pagerDuty.world.notes.find(({ content }) => content.includes(room?.id ?? '?'));
    expect(note?.incidentId).toBe(id);
  });
});

describe('a part of a war room that fails', () => {
  it('is told on card, thread and note, and spoils no other', async () => {
    world.slack.fail({ kind: 'status', status: 403, match: 'bookmarks.add', times: 20 });
    const id = await openRoom();
    await fetch(`${world.slack.url}/_simulator/faults`, { method: 'DELETE' });
    expect(card(id)).toContain('Not done');
    expect(card(id)).toContain('Bookmark of PagerDuty');
    expect(inThread(id)[0]?.text).toContain('Not done: Bookmark of');
    expect(roomOf(id)?.memberIds).toContain('U0ADA');
    expect(world.pagerDuty.world.notes.find(({ incidentId }) => incidentId === id)?.content).toContain(
      'Not done: Bookmark of',
    );
  });
});
