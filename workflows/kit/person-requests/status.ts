import { patched, workflowInfo } from '@temporalio/workflow';
import { defaultConnection } from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { failureOf, inTime } from '../parts.ts';
import type { CurrentIncident } from '../read-context.ts';
import { engine, healthy } from '../run.ts';
import { namesOf, stateLine } from '../status-card.ts';
import { type Done, type Member, nameOf, notDone, type Place } from './asked.ts';
import { at, ownConnection, subjectAt } from './place.ts';

/** How the incident stands, what of Baton runs on it, and what waits for whom. Whoever is a member of the workspace may ask. */
export async function tellStatus(place: Place, { email }: Member): Promise<Done> {
  const incident = await steps.readPagerDutyIncident(at(place));
  const { runs, approvals, questions = [] } = await steps.listBatonRuns({ subject: subjectAt(place), email });
  const { service, priority, assignees, url } = incident;
  const lines = [
    `${nameOf(incident)} on ${service.name}: ${incident.status}. ${stateLine(incident)}.`,
    `Priority ${priority?.name ?? 'none'}; assigned to ${namesOf(assignees) || 'nobody'}.`,
    ...('unavailable' in runs
      ? [`What runs could not be read: ${runs.unavailable}.`]
      : listed(
          'Runs',
          runs.filter(({ workflow }) => workflow !== workflowInfo().workflowType).map(({ id }) => id),
          'Nothing of Baton runs on it.',
        )),
    ...('unavailable' in approvals
      ? [`What waits for an approval could not be read: ${approvals.unavailable}.`]
      : listed(
          'Waits for an approval',
          approvals.map(({ id, summary, expiresAt }) => `${summary} (${id}, until ${expiresAt})`),
          'Nothing waits for an approval.',
        )),
    ...('unavailable' in questions
      ? [`What waits for an answer could not be read: ${questions.unavailable}.`]
      : [
          ...listed(
            'Waits for an answer',
            questions
              .filter(({ isParked }) => !isParked)
              .map(({ id, summary, expiresAt }) => `${summary} (${id}, until ${expiresAt})`),
          ),
          ...listed(
            'Waits for a decision',
            questions
              .filter(({ isParked }) => isParked)
              .map(({ runId, summary, expiresAt }) => `${summary} (run ${runId}, until ${expiresAt})`),
          ),
        ]),
  ];
  return {
    outcome: healthy('done'),
    answer: lines.join('\n'),
    links: url ? [{ text: 'PagerDuty incident', url }] : [],
  };
}

const listed = (head: string, items: readonly string[], none?: string) =>
  items.length === 0 ? (none === undefined ? [] : [none]) : [`${head}: ${items.join(', ')}.`];

/** Who is on call for the incident now, by level. */
export async function tellOnCall(place: Place): Promise<Done> {
  const { incidentId: _, ...account } = at(place);
  const incident = await steps.readPagerDutyIncident(at(place));
  const { escalationPolicy } = incident;
  if (!escalationPolicy)
    return { outcome: 'nothing to do', answer: `${nameOf(incident)} has no escalation policy.` };
  const escalationPolicyIds = [escalationPolicy.id];
  const { onCalls } = await steps.listPagerDutyOnCalls({ ...account, escalationPolicyIds });
  const levels = [...new Set(onCalls.map(({ level }) => level))];
  const lines = levels.map(
    (level) =>
      `Level ${level}: ${namesOf(onCalls.filter((each) => each.level === level).map(({ user }) => user))}`,
  );
  const head = `On call by ${escalationPolicy.name} for ${nameOf(incident)}:`;
  return { outcome: healthy('done'), answer: [head, ...(lines.length > 0 ? lines : ['nobody'])].join('\n') };
}

const mostOwn = 10;
const mostAccounts = 20;

/**
 * The open incidents of whoever asks, in all accounts, the newest first: for a command that names none. An account that cannot be read spoils
 * no other.
 */
export async function tellOwnIncidents(what: 'status' | 'on-call', { email }: Member): Promise<Done> {
  const accounts = patched('own-incidents-of-all')
    ? await engine.listConnections({ provider: 'pagerduty' })
    : [ownConnection()];
  const looks = await Promise.all(
    accounts.slice(0, mostAccounts).map(async (account) => {
      const look = () => openIncidents(email, account);
      // What fails at the only one fails the request.
      const found = accounts.length === 1 ? await look() : await inTime(() => look().catch(orNotConnected));
      return { account, found };
    }),
  );
  const problems = [
    ...looks.flatMap(({ account, found }) =>
      found && 'unavailable' in found
        ? [`Those of the account ${account} could not be read: ${found.unavailable}.`]
        : [],
    ),
    ...(accounts.length > mostAccounts
      ? [`Only ${mostAccounts} of ${accounts.length} accounts were read.`]
      : []),
  ];
  if (!looks.some(({ found }) => Array.isArray(found)))
    return notDone(
      [`PagerDuty has no user with your e-mail address ${email}: name the incident.`, ...problems].join(' '),
    );
  const own = looks
    .flatMap(({ account, found }) =>
      Array.isArray(found) ? found.map((incident) => ({ of: prefixOf(account), incident })) : [],
    )
    .sort((one, other) => createdAt(other).localeCompare(createdAt(one)));
  const command = what === 'status' ? 'status' : 'oncall';
  const [newest] = own;
  const lines = newest
    ? [
        `Your open incidents${own.length > mostOwn ? ` (the newest ${mostOwn} of ${own.length})` : ''}:`,
        ...own
          .slice(0, mostOwn)
          .map(({ of, incident }) => `${of}${nameOf(incident)}: ${incident.status}. ${stateLine(incident)}.`),
        `More of one: /baton ${command} ${newest.of}#${newest.incident.number}`,
      ]
    : [`No open incident is assigned to you. Of another one: /baton ${command} #42`];
  return { outcome: healthy('done'), answer: [...lines, ...problems].join('\n') };
}

/** As people write the account before a number: `eu#42`. */
const prefixOf = (account: string) => (account === defaultConnection ? '' : account);

const createdAt = ({ incident }: { incident: CurrentIncident }) => incident.createdAt ?? '';

/** Those that an account has for whoever has this address; undefined where it does not know them. */
async function openIncidents(email: string, connection: string): Promise<CurrentIncident[] | undefined> {
  const account = connection === ownConnection() ? {} : { connection };
  const { user } = await steps.findPagerDutyUser({ ...account, email });
  if (!user) return undefined;
  const statuses = ['triggered', 'acknowledged'] as const;
  const listed = await steps.listPagerDutyIncidents({
    ...account,
    statuses: [...statuses],
    userIds: [user.id],
  });
  return listed.incidents;
}

/** An account that is not connected knows nobody. */
function orNotConnected(error: unknown): undefined {
  if (failureOf(error)?.class !== 'NotConnected') throw error;
}
