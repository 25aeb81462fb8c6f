import { sql } from 'kysely';
import type { Approval, ApprovalRequest } from '../../domain/approval.ts';
import type { Store } from '../../store/store.ts';
import { delivery, fresh, type World } from '../store/world.ts';
import { ada, ben, ci, cleo, dan, fay, gus, stranger } from './approval-people.ts';
import type { DoorName, openApprovals, Somebody, Verb } from './approvals-world.ts';
import { onePersonCases } from './one-person-cases.ts';

export interface Case {
  name: string;
  who: Somebody;
  asks?: Partial<ApprovalRequest>;
  /** What happens after it was asked and before the answer. */
  before?(approval: Approval, door: DoorName): Promise<unknown>;
  input?: object;
  /** What whoever is refused is told; left out: the answer is taken. By each verb the same, where it is no list. */
  refused?: RegExp;
  status?: number;
  /** How it stands afterwards, for each verb. Left out: by the answer that was taken; else pending. */
  state?: Approval['state'] | Record<Verb, Approval['state']>;
  /** How many answers it has afterwards. Left out: the one that was taken. */
  answers?: number | Record<Verb, number>;
  doors?: readonly DoorName[];
}

interface Around {
  world: World;
  store: Store;
  /** The providers, once they are there. */
  providers(): Awaited<ReturnType<typeof openApprovals>>;
}

/** The matrix: who answers what, after what, and what comes of it. */
export function casesOn({ world, store, providers }: Around): Case[] {
  const end = ({ runId }: Approval) =>
    sql`update runs set state = 'cancelled', ended_at = now() where id = ${runId}`.execute(world.db);
  const expire = ({ id }: Approval) =>
    sql`update approvals set expires_at = now() - interval '1 second' where id = ${id}`.execute(world.db);
  async function resolve({ subject = '' }: Approval) {
    const type = 'pagerduty.incident.resolved';
    const agent = { kind: 'person', id: 'PBOB', name: 'Bob Ito' };
    const { seq } = await store.receive(
      delivery({ subject, type, event: { id: fresh('e-'), type, agent, data: {} } }),
    );
    const incident = { id: subject, status: 'resolved', seenAt: '2026-03-01T11:00:00.000Z' };
    await store.decide({ seq, incident, runs: [], entries: [] });
  }
  const said =
    (decision: 'approved' | 'refused', by = 'person:cleo@example.com') =>
    (approval: Approval) =>
      store.answerApproval(approval.id, { by, name: 'Cleo', via: 'cli', decision, reason: 'as I say' });
  const closes = (state: 'superseded' | 'withdrawn', because: string) => (approval: Approval) =>
    store.closeApproval(approval.id, state, because);

  const everyList = {
    userIds: ['PADALOP'],
    userGroup: 'S0ONCALL',
    pagerDutyTeam: 'PTEAM',
    onCallOf: 'PCHECKO',
  };
  const levelOf = (level: number) => ({ approvers: { onCallOf: { service: 'PCHECKO', level } } });
  const no = { answers: 0, status: 403 };
  const late = { status: 409, answers: 0 };

  return [
    { name: 'somebody with the role', who: dan },
    { name: 'somebody with a higher role', who: { ...dan, role: 'admin' } },
    { name: 'a token with the role', who: ci, doors: ['api', 'cli'] },
    { name: 'a PagerDuty user who is named', who: ada, asks: { approvers: { userIds: ['PADALOP'] } } },
    { name: 'a member of the PagerDuty team', who: cleo, asks: { approvers: { pagerDutyTeam: 'PTEAM' } } },
    { name: 'who is on call', who: ada, asks: { approvers: { onCallOf: 'PCHECKO' } } },
    { name: 'who is on call on the second level', who: ben, asks: { approvers: { onCallOf: 'PCHECKO' } } },
    { name: 'who is on call on the first level, which is asked', who: ada, asks: levelOf(1) },
    { name: 'who is on call on the second level, which is asked', who: ben, asks: levelOf(2) },
    {
      name: 'who is on call on the second level, where the first is asked',
      who: ben,
      asks: levelOf(1),
      refused:
        /not among those who are asked: whoever is on call on level 1 for the PagerDuty service PCHECKO\./,
      ...no,
    },
    {
      name: 'who is on call on the first level, where the second is asked',
      who: ada,
      asks: levelOf(2),
      refused:
        /not among those who are asked: whoever is on call on level 2 for the PagerDuty service PCHECKO\./,
      ...no,
    },
    {
      name: 'who is on call, where a level is asked that there is not',
      who: ada,
      asks: levelOf(3),
      refused: /whoever is on call on level 3/,
      ...no,
    },
    {
      name: 'who came on call on the level after it was asked',
      who: cleo,
      asks: { approvers: { onCallOf: { service: 'PCHANGES', level: 2 } } },
      before: async () => {
        for (const policy of providers().pagerDuty.world.policies)
          if (policy.id === 'PECHANGES') policy.levels = [['PDAN'], ['PCLEO']];
      },
    },
    { name: 'a member of the Slack group', who: ben, asks: { approvers: { userGroup: 'S0ONCALL' } } },
    { name: 'a member by a stored link', who: fay, asks: { approvers: { userGroup: 'S0LINK' } } },
    { name: 'who is on one list of many', who: cleo, asks: { approvers: everyList } },
    { name: 'whoever has the right, where there is no list', who: dan, asks: { approvers: {} } },
    {
      name: 'with the reason that is required',
      who: ada,
      asks: { reasonRequired: true },
      input: { reason: 'quiet' },
    },
    {
      name: 'with the reason, over a guard',
      who: ada,
      asks: { overridesGuards: true },
      input: { reason: 'must' },
    },
    { name: 'with the digest that was shown', who: ada, input: { digest: 'd1d2d3' } },
    {
      name: 'one of two',
      who: ada,
      asks: { required: 2 },
      state: { approve: 'pending', refuse: 'refused' },
    },
    { name: 'the second of two', who: ada, asks: { required: 2 }, before: said('approved'), answers: 2 },
    {
      name: 'a viewer',
      who: { ...dan, role: 'viewer' },
      refused: /needs approver or admin; you are viewer\. .*baton people set/,
      ...no,
    },
    { name: 'a responder', who: { ...dan, role: 'responder' }, refused: /you are responder/, ...no },
    { name: 'an operator', who: { ...dan, role: 'operator' }, refused: /you are operator/, ...no },
    {
      name: 'an approver, where admins are asked',
      who: dan,
      asks: { approvers: { role: 'admin' } },
      refused: /whoever is admin in Baton, or higher/,
      ...no,
    },
    {
      name: 'who is on none of the lists',
      who: dan,
      asks: { approvers: everyList },
      refused:
        /^You \(dan@example\.com\) are not among those who are asked: the PagerDuty user PADALOP, or .*Ask one of them/,
      ...no,
    },
    {
      name: 'whom nobody knows',
      who: stranger,
      asks: { approvers: everyList },
      refused: /not among those/,
      ...no,
    },
    {
      name: 'who was on call when it was asked, and is no more',
      who: dan,
      asks: { approvers: { onCallOf: 'PPAST' } },
      before: async () => {
        for (const policy of providers().pagerDuty.world.policies)
          if (policy.id === 'PEPAST') policy.levels = [['PCLEO']];
      },
      refused: /not among those who are asked: whoever is on call for the PagerDuty service PPAST/,
      ...no,
    },
    {
      name: 'who is deactivated in Slack',
      who: gus,
      asks: { approvers: { userGroup: 'S0LINK' } },
      refused: /not among those/,
      ...no,
    },
    {
      name: 'who has not confirmed the address to Slack',
      who: { email: 'hal@example.com', role: 'approver' },
      asks: { approvers: { userGroup: 'S0LINK' } },
      refused: /not among those/,
      ...no,
    },
    {
      name: 'who had the address before somebody else was linked to it',
      who: { email: 'fay@example.com', role: 'approver' },
      asks: { approvers: { userGroup: 'S0LINK' } },
      refused: /not among those/,
      ...no,
    },
    {
      name: 'a token, where people are asked',
      who: ci,
      asks: { approvers: everyList },
      refused: /^Only people can be on these lists/,
      doors: ['api', 'cli'],
      ...no,
    },
    {
      name: 'somebody in Slack without an address',
      who: { role: 'admin' },
      refused: /knows no e-mail address of Somebody in Slack.*\/baton link-me/,
      doors: ['slack'],
      ...no,
    },
    {
      name: 'a list that is not there',
      who: dan,
      asks: { approvers: { userGroup: 'S0NONE' } },
      refused: /Not all of them can be looked up here: .*no_such_subteam/,
      ...no,
    },
    {
      name: 'while PagerDuty does not answer',
      who: ada,
      asks: { approvers: { onCallOf: 'PCHECKO' } },
      before: async () => providers().pagerDuty.fail({ kind: 'status', status: 503, times: 1 }),
      refused: /cannot be looked up now, and nothing is decided: PagerDuty is unavailable/,
      status: 503,
      answers: 0,
    },
    {
      name: 'while Slack does not say who has asked',
      who: dan,
      asks: { requestedBy: ['slack:U0BEN'] },
      before: async () =>
        providers().slack.fail({ kind: 'status', status: 503, match: 'users.info', times: 1 }),
      refused: /Whether you have asked for this yourself cannot be told here: Slack is unavailable/,
      status: 503,
      answers: 0,
    },
    { name: 'of what another has asked for in Slack', who: dan, asks: { requestedBy: ['slack:U0BEN'] } },
    {
      name: 'while Slack does not answer, of whom another list knows',
      who: ada,
      asks: { approvers: { userIds: ['PADALOP'], userGroup: 'S0ONCALL' } },
      before: async () =>
        providers().slack.fail({ kind: 'status', status: 503, match: 'usergroups', times: 1 }),
    },
    {
      name: 'without the reason that is required',
      who: ada,
      asks: { reasonRequired: true },
      refused: /give a reason/,
      status: 400,
      answers: 0,
    },
    {
      name: 'without the reason, over a guard',
      who: ada,
      asks: { overridesGuards: true },
      refused: /though a guard holds its targets.*give a reason/,
      status: 400,
      answers: 0,
    },

    {
      name: 'after its time',
      who: ada,
      before: expire,
      refused: /^It expired at 20/,
      state: 'expired',
      ...late,
    },
    {
      name: 'after its time, also of one that would still be enough',
      who: ada,
      asks: { required: 2 },
      before: async (approval) => {
        await said('approved')(approval);
        await expire(approval);
      },
      refused: /^It expired at 20/,
      state: 'expired',
      status: 409,
      answers: 1,
    },
    {
      name: 'after the incident was resolved',
      who: ada,
      before: resolve,
      refused: /^The incident was resolved by Bob Ito, so nothing is done/,
      ...late,
    },
    {
      name: 'after its run has ended',
      who: ada,
      before: end,
      refused: /^It was withdrawn at 20.*: the run has ended: cancelled/,
      state: 'withdrawn',
      ...late,
    },
    {
      name: 'to a plan that is another by now',
      who: ada,
      input: { digest: 'what I saw' },
      refused: /^The plan has changed, look again/,
      ...late,
    },
    {
      name: 'once it is superseded',
      who: ada,
      before: closes('superseded', 'The tag is gone.'),
      refused: /^The plan has changed, look again.*The tag is gone/,
      state: 'superseded',
      ...late,
    },
    {
      name: 'once it is withdrawn',
      who: ada,
      before: closes('withdrawn', 'the incident was resolved by Bob Ito'),
      refused: /^It was withdrawn at .*resolved by Bob Ito/,
      state: 'withdrawn',
      ...late,
    },
    {
      name: 'once another has approved',
      who: ada,
      before: said('approved'),
      refused: /^It was approved by Cleo at 20\S+Z, by cli \(as I say\) already/,
      state: 'approved',
      status: 409,
      answers: 1,
    },
    {
      name: 'once another has refused',
      who: ada,
      before: said('refused'),
      refused: /^It was refused by Cleo at 20\S+Z, by cli \(as I say\) already/,
      state: 'refused',
      status: 409,
      answers: 1,
    },
    {
      name: 'a second time',
      who: cleo,
      before: said('approved'),
      refused: /^It was approved by Cleo at/,
      state: 'approved',
      status: 409,
      answers: 1,
    },
    ...onePersonCases(said),
  ];
}
