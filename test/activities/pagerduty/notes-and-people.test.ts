import { describe, expect, it } from 'vitest';
import { addPagerDutyNote } from '../../../activities/pagerduty/add-note.ts';
import { findPagerDutyUser } from '../../../activities/pagerduty/find-user.ts';
import { listPagerDutyNotes } from '../../../activities/pagerduty/list-notes.ts';
import { listPagerDutyOnCalls } from '../../../activities/pagerduty/list-on-calls.ts';
import { listPagerDutyResponders } from '../../../activities/pagerduty/list-responders.ts';
import { listPagerDutyTeamMembers } from '../../../activities/pagerduty/list-team-members.ts';
import { readPagerDutyService } from '../../../activities/pagerduty/read-service.ts';
import { requestPagerDutyResponders } from '../../../activities/pagerduty/request-responders.ts';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { effects, startAccount } from './account.ts';

const slow = { title: 'slow', service: 'Search' };

describe('notes', () => {
  it.each([
    '<!channel> <@U1> <https://evil|https://ok>',
    '*_~`\n> quote\r\n',
    'half a pair \uD83D',
    '\u202Edrawkcab\u0000',
    'naïve ✅',
  ])('keeps %j as plain text, with the key at the end', async (note) => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    const { changed, noteId } = await run(addPagerDutyNote, { incidentId, note });
    expect(changed).toBe(true);
    const { notes } = await run(listPagerDutyNotes, { incidentId });
    expect(notes).toMatchObject([
      { id: noteId, text: `${note.toWellFormed()}\n\n(baton run-1#5)`, by: { id: 'PBATONU', name: 'Baton' } },
    ]);
  });

  it('begin with the mark of an attempt in which something is simulated', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    await run(addPagerDutyNote, { incidentId, note: 'restarted' }, { mark: 'SIMULATED' });
    expect(simulator.world.notes[0]?.content).toBe('SIMULATED\nrestarted\n\n(baton run-1#5)');
  });

  it('are added once when the connection is cut after the first', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    simulator.fail({ kind: 'cut-after', match: 'POST' });
    await expect(run(addPagerDutyNote, { incidentId, note: 'restarted' })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(addPagerDutyNote, { incidentId, note: 'restarted' }, { number: 2 });
    expect(again).toEqual({ changed: false, noteId: simulator.world.notes[0]?.id });
    expect(effects(simulator)).toEqual(['note added']);
  });

  it('are added by each step that says the same', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    await run(addPagerDutyNote, { incidentId, note: 'restarted' }, { key: 'run-1#5' });
    await run(addPagerDutyNote, { incidentId, note: 'restarted' }, { key: 'run-1/15' });
    expect(effects(simulator)).toEqual(['note added', 'note added']);
  });

  it('stay as they are on an incident that has 2 000, and this is said', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    const note = { id: 'P1', incidentId, userId: 'PADALOP', content: 'x', at: new Date().toISOString() };
    simulator.world.notes = Array.from({ length: 2000 }, () => note);
    const outcome = await run(addPagerDutyNote, { incidentId, note: 'one more' });
    expect(outcome).toEqual({ changed: false, reason: 'the incident has 2000 notes already' });
  });

  it('are cut at 32 KiB in a result', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    const long = {
      id: 'P1',
      incidentId,
      userId: 'PADALOP',
      content: 'ä'.repeat(20_000),
      at: '2026-11-20T09:00:00Z',
    };
    simulator.world.notes.push(long);
    const { notes } = await run(listPagerDutyNotes, { incidentId });
    expect(notes).toMatchObject([{ text: 'ä'.repeat(16 * 1024), truncated: true }]);
  });
});

describe('asking for responders', () => {
  const ask = { message: 'Please join', userIds: ['PADALOP', 'PBENOKA'] };

  it('asks everyone once, also when the connection is cut after the first time', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    simulator.fail({ kind: 'cut-after', match: 'POST' });
    await expect(run(requestPagerDutyResponders, { incidentId, ...ask })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(requestPagerDutyResponders, { incidentId, ...ask }, { number: 2 });
    expect(again).toEqual({ changed: false, requested: [] });
    expect(effects(simulator)).toEqual(['responders requested']);
  });

  it('asks only those who were not asked, and policies too', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    await run(requestPagerDutyResponders, { incidentId, message: 'Please join', userIds: ['PADALOP'] });
    const more = { incidentId, ...ask, escalationPolicyIds: ['PEPCHEC'] };
    const second = await run(requestPagerDutyResponders, more);
    expect(second).toEqual({ changed: true, requested: ['PBENOKA', 'PEPCHEC'] });
    expect(await run(requestPagerDutyResponders, more)).toEqual({ changed: false, requested: [] });
  });

  it('shows who was asked, with their addresses, and nobody without the plan for it', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, slow);
    await run(requestPagerDutyResponders, { incidentId, ...ask });
    const { responders } = await run(listPagerDutyResponders, { incidentId });
    expect(responders.map(({ email, state }) => [email, state])).toEqual([
      ['ada@example.com', 'pending'],
      ['ben@example.com', 'pending'],
    ]);
    simulator.world.abilities = [];
    expect(await run(listPagerDutyResponders, { incidentId })).toEqual({ responders: [], truncated: false });
  });

  it('is unavailable without the plan for it', async () => {
    const { simulator, run } = await startAccount();
    simulator.world.abilities = [];
    const incidentId = raiseIncident(simulator, slow);
    const outcome = await run(requestPagerDutyResponders, { incidentId, ...ask });
    expect(outcome).toMatchObject({
      changed: false,
      unavailable: expect.stringContaining('coordinated_responding'),
    });
  });

  it('names somebody to ask', () => {
    const nobody = { incidentId: 'Q1', message: 'Please join', userIds: [] };
    expect(requestPagerDutyResponders.input.safeParse(nobody).success).toBe(false);
  });
});

describe('people and services', () => {
  it('lists who is on call, level by level', async () => {
    const { run } = await startAccount();
    const { onCalls } = await run(listPagerDutyOnCalls, { escalationPolicyIds: ['PEPCHEC'] });
    expect(onCalls.map(({ level, user }) => [level, user.email])).toEqual([
      [1, 'ada@example.com'],
      [2, 'ben@example.com'],
    ]);
  });

  it('refuses to look more than 90 days ahead, before any call', async () => {
    const { simulator, run } = await startAccount();
    const at = new Date(Date.now() + 91 * 24 * 3600 * 1000).toISOString();
    const ask = run(listPagerDutyOnCalls, { escalationPolicyIds: ['PEPCHEC'], at });
    await expect(ask).rejects.toMatchObject({ type: 'InvalidInput' });
    expect(simulator.calls).toEqual([]);
  });

  it('finds a person by the whole e-mail, case ignored', async () => {
    const { run } = await startAccount();
    const { user } = await run(findPagerDutyUser, { email: 'ADA@example.com' });
    expect(user).toMatchObject({ id: 'PADALOP', name: 'Ada Lopez' });
    expect(await run(findPagerDutyUser, { email: 'da@example.com' })).toEqual({ user: null });
  });

  it('lists the people of a team, and nobody else', async () => {
    const { simulator, run } = await startAccount();
    simulator.world.teams = [{ id: 'PREPORT', name: 'Reports' }];
    Object.assign(simulator.world.users[1] ?? {}, { teamIds: ['PREPORT'] });
    const { users, truncated } = await run(listPagerDutyTeamMembers, { teamId: 'PREPORT' });
    expect(users.map(({ email }) => email)).toEqual(['ben@example.com']);
    expect(truncated).toBe(false);
  });

  it('reads a service with its escalation policy', async () => {
    const { run } = await startAccount();
    const service = await run(readPagerDutyService, { serviceId: 'PCHECKO' });
    expect(service).toMatchObject({
      name: 'Checkout',
      escalationPolicy: { id: 'PEPCHEC' },
      status: 'active',
    });
  });
});
