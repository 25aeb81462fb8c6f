import { describe, expect, it } from 'vitest';
import { checkPagerDutyResponder } from '../../../activities/pagerduty/check-responder.ts';
import { startAnsweringAccount } from './account.ts';

type Json = Record<string, unknown>;

const someone = { type: 'user_reference', id: 'PBEN', summary: 'Ben' };
const policy = { id: 'PPOLICY', summary: 'Shop', teams: [] };

/** What the account says of somebody who belongs nowhere. */
const stranger = {
  user: { id: 'PADA', name: 'Ada', email: 'ada@example.com', role: 'user', teams: [{ id: 'PADATEAM' }] },
  incident: {
    id: 'Q1ABC',
    service: { id: 'PSHOP', summary: 'Shop' },
    escalation_policy: policy,
    teams: [{ id: 'PTEAM' }],
    assignments: [{ assignee: someone }],
    incidents_responders: [{ user: someone }],
  },
  service: { id: 'PSHOP', teams: [{ id: 'PTEAM' }], escalation_policy: policy },
  onCall: { user: someone, escalation_policy: policy },
};
type Account = { [Part in keyof typeof stranger]: Json };

const ada = { id: 'PADA' };
const adasTeam = { id: 'PADATEAM' };
/** The one thing by which she belongs. */
const reasons: [reason: string, part: keyof Account, field: string, value: unknown][] = [
  ['an assignee', 'incident', 'assignments', [{ assignee: ada }]],
  ['a requested responder', 'incident', 'incidents_responders', [{ user: ada }]],
  ["in the incident's team", 'incident', 'teams', [adasTeam]],
  ["in the service's team", 'service', 'teams', [adasTeam]],
  ["in the policy's team", 'service', 'escalation_policy', { ...policy, teams: [adasTeam] }],
  ['on call', 'onCall', 'user', ada],
];
const oddities = [null, 7, 'P1', true, [], [null], {}, { id: null }, { id: '' }, [{ id: null }, 'x']];
const oddMembers = [
  null,
  7,
  'x',
  [],
  {},
  { id: 7 },
  { assignee: null },
  { user: null },
  { user: { id: '' } },
];

const withField = (account: Account, part: keyof Account, field: string, value: unknown): Account => ({
  ...account,
  [part]: { ...account[part], [field]: value },
});

/** An account that can be changed between the checks. */
async function startChecks() {
  let answers: Json = {};
  const { run } = await startAnsweringAccount((part) => answers[part]);
  return ({ user, incident, service, onCall }: Account, others: Json = {}) => {
    answers = {
      users: { users: [user], more: false },
      incidents: { incident },
      services: { service },
      oncalls: { oncalls: [onCall] },
      ...others,
    };
    return run(checkPagerDutyResponder, { incidentId: 'Q1ABC', email: 'ada@example.com' });
  };
}

const isLetIn = { user: { id: 'PADA', email: 'ada@example.com' } };
const isRefused = { refusal: expect.stringContaining('neither assigned') };

describe('whether somebody may respond, by an answer of another shape', () => {
  it.each(reasons)('is yes for %s, whatever the rest looks like', async (_, part, field, value) => {
    const check = await startChecks();
    const belongs = withField(stranger, part, field, value);
    expect(await check(belongs)).toMatchObject(isLetIn);
    // What says who she is, the way to the service, and her teams.
    const needed = ['user.id', 'user.email', 'user.role', `${part}.${field}`];
    if (part === 'service') needed.push('incident.service');
    if (JSON.stringify(value).includes(adasTeam.id)) needed.push('user.teams');
    for (const [other, fields] of Object.entries(belongs))
      for (const name of Object.keys(fields)) {
        if (needed.includes(`${other}.${name}`)) continue;
        for (const odd of oddities)
          expect(
            await check(withField(belongs, other as keyof Account, name, odd)),
            `${other}.${name}: ${JSON.stringify(odd)}`,
          ).toMatchObject(isLetIn);
      }
    for (const odd of Array.isArray(value) ? oddMembers : [])
      expect(await check(withField(belongs, part, field, [odd, ...(value as unknown[])]))).toMatchObject(
        isLetIn,
      );
  });

  it.each(reasons)('is no where what would make her %s cannot be read', async (_, part, field) => {
    const check = await startChecks();
    for (const odd of [...oddities, ...oddMembers.map((member) => [member])])
      expect(await check(withField(stranger, part, field, odd)), JSON.stringify(odd)).toMatchObject(
        isRefused,
      );
  });

  it('is no where neither her team nor the other’s has an id that can be read', async () => {
    const check = await startChecks();
    for (const id of ['', null, 7, undefined]) {
      const vague = withField(stranger, 'user', 'teams', [{ id }]);
      expect(await check(withField(vague, 'incident', 'teams', [{ id }]))).toMatchObject(isRefused);
    }
  });

  it('is no where her role cannot be read, although she is assigned', async () => {
    const check = await startChecks();
    const assigned = withField(stranger, 'incident', 'assignments', [{ assignee: ada }]);
    for (const odd of [null, 7, '', [], ['admin'], { id: 'admin' }, 'Admin'])
      expect(await check(withField(assigned, 'user', 'role', odd))).toMatchObject({
        refusal: expect.stringContaining('role'),
      });
  });

  it('goes by the policy where the service cannot be read, and without the other on-calls', async () => {
    const check = await startChecks();
    for (const service of [null, 'PSHOP', [], {}])
      expect(
        await check(stranger, { services: { service }, oncalls: { oncalls: [null, 7, { user: ada }] } }),
      ).toMatchObject(isLetIn);
    for (const oncalls of [null, 'Ada', {}, [{ user: 'PADA' }]])
      expect(await check(stranger, { oncalls: { oncalls } })).toMatchObject(isRefused);
  });

  it('asks for no service by what is no id', async () => {
    const check = await startChecks();
    for (const id of ['../users', 'P1?x=1', 'P1/x', '..'])
      expect(await check(withField(stranger, 'incident', 'service', { id }))).toMatchObject(isRefused);
  });
});
