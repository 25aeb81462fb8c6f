import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { perform } from '../../server/operations/perform.ts';
import { unparkRun } from '../../server/operations/runs-unpark.ts';
import { moveIssueAs } from '../../simulator/jira.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { jiraResolved } from '../../triggers/jira-resolved.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, jiraResolved], jiraSecret: 'jira-secret' });
});
afterAll(() => world.close());

/** An incident, and the key of its issue. */
async function raise(title: string): Promise<{ id: string; key: string }> {
  const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const issue = await eventually('the issue', () =>
    world.jira.world.issues.find(({ fields }) => fields.labels.includes(`baton-${id}`)),
  );
  await eventually('the note', () => notesOf(id)[0]);
  return { id, key: issue.key };
}
const notesOf = (id: string) =>
  world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
const statusOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.status;
const runsOf = async (id: string) =>
  (await world.runs(id)).filter(({ workflow }) => workflow === 'resolveFromJira');
const outcomeOf = (id: string) =>
  eventually('the run to end', async () => (await runsOf(id)).find(({ outcome }) => outcome)?.outcome);
/** What became of the events of an issue. */
const told = async (id: string) =>
  (await world.store.listEvents({ subject: id, limit: 50 })).filter(({ type }) => type.startsWith('jira.'));

describe('an issue that somebody moves in Jira', () => {
  it('to a status that is done resolves its incident, and the note says who and where', async () => {
    const { id, key } = await raise('Checkout is slow');
    moveIssueAs(world.jira, key, 'Done', 'acc-ada');
    expect(await outcomeOf(id)).toBe('resolved');
    expect(statusOf(id)).toBe('resolved');
    expect(notesOf(id).join()).toContain(
      `Resolving: not verified: issue ${key} was moved to Done by Ada Lopez in Jira`,
    );
    expect(await runsOf(id)).toHaveLength(1);
  });

  it('elsewhere resolves nothing, and the record says why', async () => {
    const { id, key } = await raise('Search is slow');
    moveIssueAs(world.jira, key, 'In Progress', 'acc-ada');
    const [event] = await eventually('its event', async () => {
      const events = await told(id);
      return events[0]?.disposition ? events : undefined;
    });
    expect(event).toMatchObject({ type: 'jira.issue.updated' });
    const answered = (await world.record(id)).filter(({ action }) => action === 'event.answered').at(-1);
    expect(answered?.detail.answers).toContainEqual({
      trigger: 'jira-resolved',
      answer: 'no',
      reason: 'is done',
    });
    expect(statusOf(id)).toBe('triggered');
  });

  it('resolves nothing once it has been moved back', async () => {
    const { id, key } = await raise('Mail is slow');
    const issue = world.jira.world.issues.find((each) => each.key === key);
    moveIssueAs(world.jira, key, 'Done', 'acc-ada');
    if (issue) issue.status = 'In Progress';
    expect(await outcomeOf(id)).toBe('moved on');
    expect(statusOf(id)).toBe('triggered');
  });

  it('resolves nothing where it only has the label of the incident, and Baton did not make it', async () => {
    const { id, key } = await raise('Billing is slow');
    const ours = world.jira.world.issues.find((issue) => issue.key === key);
    if (!ours) throw new Error('The issue is gone');
    world.jira.world.issues.push({ ...structuredClone(ours), id: '99999', key: 'OPS-99999' });
    moveIssueAs(world.jira, 'OPS-99999', 'Done', 'acc-ada');
    expect(await outcomeOf(id)).toBe('not our issue');
    expect(statusOf(id)).toBe('triggered');
  });

  /** Its resolve is refused once: gives what somebody says to try it again. */
  async function parked(title: string) {
    const { id, key } = await raise(title);
    world.pagerDuty.fail({ kind: 'status', status: 403, match: `PUT /incidents/${id}`, times: 1 });
    moveIssueAs(world.jira, key, 'Done', 'acc-ada');
    const run = await eventually('the run', async () => (await runsOf(id))[0]);
    const [step] = await eventually('it to be parked', async () => {
      const found = await world.store.parkedSteps([run.id]);
      return found.length > 0 ? found : undefined;
    });
    expect(step?.summary).toMatch(/^Parked: resolvePagerDutyIncident failed \(ProviderRefused: /);
    expect(statusOf(id)).toBe('triggered');
    const principal = { kind: 'person', name: 'olga@example.com', role: 'operator' } as const;
    const again = { id: run.id, decision: 'retry' };
    const retry = () => perform(unparkRun, again, { ...world.operations, principal, via: 'cli' });
    return { id, key, retry };
  }

  it('parks the run where PagerDuty refuses the resolve; tried again, it resolves, and says so once', async () => {
    const { id, retry } = await parked('Checkout is broken');
    await retry();
    expect(await outcomeOf(id)).toBe('resolved');
    expect(statusOf(id)).toBe('resolved');
    // The note goes before the resolve, and is there already.
    expect(notesOf(id).filter((note) => note.includes('Resolving: not verified: issue'))).toHaveLength(1);
  });

  it('resolves nothing when it is tried again after the issue was moved back, and says so', async () => {
    const { id, key, retry } = await parked('Login is broken');
    const issue = world.jira.world.issues.find((each) => each.key === key);
    if (issue) issue.status = 'In Progress';
    await retry();
    expect(await outcomeOf(id)).toBe('moved on');
    expect(statusOf(id)).toBe('triggered');
    const said = (await world.record(id)).filter(({ action }) => action === 'run.said');
    expect(said.at(-1)?.detail.text).toBe(`${key} is In Progress again: the incident is left open.`);
  });

  it('leaves an incident alone when it is tried again after somebody has resolved it', async () => {
    const { id, retry } = await parked('Search is broken');
    // PagerDuty has not told it yet.
    Object.assign(world.pagerDuty.world.incidents.find((each) => each.id === id) ?? {}, {
      status: 'resolved',
    });
    await retry();
    expect(await outcomeOf(id)).toBe('resolved before');
  });

  it('is left alone by Baton’s own move after a resolve: that is an echo', async () => {
    const { id, key } = await raise('Login is slow');
    resolveAs(world.pagerDuty, id, 'PADALOP');
    await eventually('the issue to be closed', () =>
      world.jira.world.issues.some((issue) => issue.key === key && issue.status === 'Done'),
    );
    const [event] = await eventually('its event', async () => {
      const events = await told(id);
      return events[0]?.disposition ? events : undefined;
    });
    expect(event).toMatchObject({ disposition: 'ignored' });
    expect(await runsOf(id)).toEqual([]);
    const answered = (await world.record(id)).filter(({ action }) => action === 'event.answered').at(-1);
    expect(JSON.stringify(answered?.detail)).toContain('echo of transitionJiraIssue');
  });
});
