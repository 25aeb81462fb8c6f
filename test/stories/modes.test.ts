import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agreementInFile } from '../../cli/agreement.ts';
import type { Agreement } from '../../domain/agreement.ts';
import type { Approval } from '../../domain/approval.ts';
import type { LowerMode, Mode } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { showTrigger } from '../../server/operations/triggers.ts';
import { triggersAgreement } from '../../server/operations/triggers-agreement.ts';
import { enableTrigger, lowerTrigger } from '../../server/operations/triggers-lower.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { digestOf } from '../../worker/identity.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { isChange, simulatorsIn } from '../requests.ts';
import { helpNothing, restartTheSearch } from '../workflows/fixture/proposing.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** The shipped runbook by a trigger of this name and mode; the title names it. */
const restartBy = (name: string, mode: Mode) =>
  defineTrigger({
    name: `restart-${name}`,
    on: 'pagerduty.incident.triggered',
    when: { 'is for this trigger': ({ title }) => title.endsWith(` (${name})`) },
    run: ec2UnhealthyRestart,
    input: ({ id }) => ({ incidentId: id, stableForSeconds: 1 }),
    mode,
  });

const restartSearch = defineTrigger({
  name: 'restart-search',
  on: 'pagerduty.incident.triggered',
  when: { 'is about the search': ({ title }) => title === 'The search leaks' },
  run: restartTheSearch,
  input: ({ id }) => ({ incidentId: id }),
  mode: 'propose',
});

const helpless = defineTrigger({
  name: 'helpless',
  on: 'pagerduty.incident.triggered',
  when: { 'cannot be helped': ({ title }) => title === 'Nothing helps' },
  run: helpNothing,
  input: ({ id }) => ({ incidentId: id }),
  mode: 'auto',
});

let world: World;
beforeAll(async () => {
  const modes = (['observe', 'propose', 'approve', 'auto'] as const).map((mode) => restartBy(mode, mode));
  const fixture = fileURLToPath(new URL('../workflows/fixture/proposing.ts', import.meta.url));
  world = await startWorld({
    triggers: [
      ...modes,
      restartBy('lowered', 'approve'),
      restartBy('off', 'approve'),
      restartBy('agreed', 'propose'),
      restartBy('watched', 'observe'),
      restartSearch,
      helpless,
      approvalMessage,
      runFailed,
    ],
    bundle: await bundleWorkflows(fixture),
  });
});
afterAll(() => world.close());

/** An instance that fails its checks and may be rebooted. */
function taggedInstance(): string {
  const instance = untaggedInstance(world.ec2);
  const found = world.ec2.world.instances.find(({ id }) => id === instance);
  if (!found) throw new Error('There is no such instance');
  found.tags['baton:restart'] = 'allowed';
  return instance;
}

const raise = (instance: string, mode: string) =>
  raiseIncident(world.pagerDuty, {
    title: `EC2 ${instance} StatusCheckFailed (${mode})`,
    service: 'Checkout',
  });
const ended = (id: string, mode: string) =>
  eventually(`the run in the mode ${mode} to end`, async () => {
    const run = await world.run(`restart-${mode}/${id}`);
    return run?.endedAt ? run : undefined;
  });
const reboots = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
function lineOf(lines: readonly RecordRow[], action: string, activity: string) {
  const found = lines.find((line) => line.action === action && line.detail.activity === activity);
  if (!found) throw new Error(`There is no line ${action} of ${activity}`);
  return found.detail;
}

const approvals = async (id: string): Promise<Approval[]> =>
  (await world.store.pageOfApprovals({ subject: id, limit: 10 })).items;
const asked = (id: string) =>
  eventually('an approval to be asked for', async () =>
    (await approvals(id)).find(({ state }) => state === 'pending'),
  );
const answer = ({ id }: Approval, decision: 'approved' | 'refused') =>
  world.store.answerApproval(id, { by: 'person:ben@example.com', name: 'Ben Okafor', via: 'cli', decision });
/** What has changed at PagerDuty by Baton, and what was rebooted. */
const changesTo = (id: string) =>
  world.pagerDuty.ledger.filter(({ target, effect }) => target === id && effect !== 'incident triggered');
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .flatMap(({ incidentId, content }) => (incidentId === id ? [content] : []))
    .join('\n');

const ask = (operation: AnyOperation, input: object) =>
  perform(operation, input, {
    ...world.operations,
    principal: { kind: 'token', name: 'ada', role: 'operator' },
    via: 'cli',
  });

describe('a run that observes', () => {
  it('writes what it would have done, ends as observed, and changes nothing anywhere', async () => {
    const before = simulatorsIn(world).map(({ calls, ledger }) => [calls.length, ledger.length] as const);
    const instance = taggedInstance();
    const id = raise(instance, 'observe');
    expect((await ended(id, 'observe')).outcome).toBe('observed: handed to a person');
    const changes = simulatorsIn(world).flatMap(({ provider, calls }, index) =>
      calls.slice(before[index]?.[0]).filter((request) => isChange(provider, request)),
    );
    // The incident was raised by the test.
    expect(changes).toEqual([]);
    expect(reboots(instance)).toEqual([]);
    const lines = await world.record(id);
    expect(lineOf(lines, 'activity.planned', 'rebootEc2Instances').plan).toMatchObject({
      calls: [`ec2:RebootInstances ${instance}`],
    });
    expect(lines.filter(({ action }) => action === 'activity.intended')).toEqual([]);
    expect(lines.find(({ action }) => action === 'run.started')?.detail.mode).toBe('observe');
    expect((await world.store.findShownRun(`restart-observe/${id}`))?.mode).toBe('observe');
  });

  it('writes byte for byte the plan that a run in auto then carries out', async () => {
    const instance = taggedInstance();
    const observed = raise(instance, 'observe');
    await ended(observed, 'observe');
    const acting = raise(instance, 'auto');
    await ended(acting, 'auto');
    expect(reboots(instance).length).toBe(1);
    const watched = lineOf(await world.record(observed), 'activity.planned', 'rebootEc2Instances');
    const made = lineOf(await world.record(acting), 'activity.completed', 'rebootEc2Instances');
    expect(watched.digest).toBe(made.digest);
    const { activity, targets, plan } = watched;
    const { connection, ...input } = watched.input as Record<string, unknown>;
    const { summary, calls, before, after, inverse } = plan as Record<string, unknown>;
    // What was made is known by the digest of all its bytes: those of the line of the run that observed give the same one.
    const planned = {
      activity,
      input,
      connection,
      targets,
      summary,
      calls,
      before,
      after,
      inverse,
    };
    expect(digestOf(JSON.parse(JSON.stringify(planned)))).toBe(made.digest);
  });
});

describe('a run that is to ask before each destructive change', () => {
  it('does what is harmless, and reboots once somebody has approved just that', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'approve');
    const approval = await asked(id);
    expect(approval).toMatchObject({
      summary: `Reboots ${instance}`,
      calls: [{ activity: 'rebootEc2Instances', targets: [`ec2:${instance}`] }],
      approvers: { role: 'approver', onCallOf: expect.stringMatching(/^P/) },
    });
    expect(changesTo(id).map(({ effect }) => effect)).toEqual(['incident acknowledged']);
    expect(reboots(instance)).toEqual([]);
    await answer(approval, 'approved');
    expect((await ended(id, 'approve')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
    const lines = await world.record(id);
    expect(lineOf(lines, 'activity.refused', 'rebootEc2Instances').failure).toMatchObject({
      class: 'NeedsApproval',
    });
    expect(lineOf(lines, 'activity.completed', 'rebootEc2Instances').approval).toBe(approval.id);
  });

  it('takes a refusal as any change that is refused: it is handed to a person, with the words', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'approve');
    await answer(await asked(id), 'refused');
    expect((await ended(id, 'approve')).outcome).toBe('handed to a person');
    expect(notes(id)).toContain('rebootEc2Instances is not made: Ben Okafor refused it');
    expect(reboots(instance)).toEqual([]);
  });
});

describe('a run that proposes', () => {
  it('changes nothing before people have approved its plan, and then does it, asking no more', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    const approval = await asked(id);
    expect(approval).toMatchObject({
      summary: `Reboots ${instance}; 1 harmless change (acknowledgePagerDutyIncident)`,
      calls: [{ activity: 'rebootEc2Instances', targets: [`ec2:${instance}`] }],
    });
    expect([changesTo(id), reboots(instance)]).toEqual([[], []]);
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    await answer(approval, 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
    expect((await approvals(id)).length).toBe(1);
    const lines = await world.record(id);
    const made = lineOf(lines, 'activity.completed', 'rebootEc2Instances');
    expect(made).toMatchObject({ approval: approval.id, digest: approval.calls[0]?.digest });
  });

  it('asks once for an instance without the tag too, as the runbook would ask the same people', async () => {
    const instance = untaggedInstance(world.ec2);
    const id = raise(instance, 'propose');
    await answer(await asked(id), 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect([reboots(instance).length, (await approvals(id)).length]).toEqual([1, 1]);
  });

  it('asks again where the world is another one than was approved', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    const first = await asked(id);
    const found = world.ec2.world.instances.find((each) => each.id === instance);
    if (!found) throw new Error('The instance is gone');
    found.failing = ['instance', 'ebs'];
    await answer(first, 'approved');
    const second = await asked(id);
    expect(reboots(instance)).toEqual([]);
    expect(second.calls).toMatchObject([{ before: { [instance]: { ebs: 'impaired' } } }]);
    await answer(second, 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
  });

  it('ends as not approved where somebody refuses, and has changed nothing', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    await answer(await asked(id), 'refused');
    expect(await ended(id, 'propose')).toMatchObject({ state: 'completed', outcome: 'not approved' });
    expect([changesTo(id), reboots(instance)]).toEqual([[], []]);
  });

  it('stops where a person resolves the incident while it waits', async () => {
    const id = raise(taggedInstance(), 'propose');
    const approval = await asked(id);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'propose')).outcome).toBe('resolved elsewhere');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
  });

  it('asks before a wait, acts by the plan though it writes another time, and misses no event meanwhile', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'The search leaks', service: 'Search' });
    const approval = await asked(id);
    expect(approval.calls).toMatchObject([{ activity: 'restartKubernetesDeployment' }]);
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    await eventually('the event to reach the run', async () =>
      (await world.record(id)).some(
        ({ action, detail }) =>
          action === 'event.answered' && detail.type === 'pagerduty.incident.acknowledged',
      ),
    );
    await answer(approval, 'approved');
    const run = await eventually('the run to end', async () => {
      const found = await world.run(`restart-search/${id}`);
      return found?.endedAt ? found : undefined;
    });
    expect(run.outcome).toBe('restarted');
    expect(notes(id)).toContain('Acknowledged by Ada Lopez');
    expect((await approvals(id)).length).toBe(1);
    expect(world.kubernetes.ledger.filter(({ effect }) => effect === 'deployment restarted').length).toBe(1);
  });
});

describe('a trigger that is lowered', () => {
  const lower = (name: string, to: LowerMode) =>
    ask(lowerTrigger, { name: `restart-${name}`, to, reason: 'it reboots the wrong ones' });
  const standing = async (name: string) =>
    ((await ask(showTrigger, { name })) as { standing: string }).standing;

  it('to observe makes no destructive change any more, also by runs that wait for people, and its next ones observe', async () => {
    const instance = taggedInstance();
    const waiting = raise(instance, 'lowered');
    const approval = await asked(waiting);
    expect(await lower('lowered', 'observe')).toMatchObject({
      mode: 'approve',
      standing: 'observe',
      lowered: { by: 'token:ada' },
    });
    await answer(approval, 'approved');
    expect((await ended(waiting, 'lowered')).outcome).toBe('handed to a person');
    expect(notes(waiting)).toContain('was lowered to observe');
    expect(reboots(instance)).toEqual([]);

    const next = await eventually('a run that observes', async () => {
      const id = raise(instance, 'lowered');
      return (await ended(id, 'lowered')).outcome?.startsWith('observed') ? id : undefined;
    });
    expect(changesTo(next)).toEqual([]);
    const [line] = await world.record('trigger:restart-lowered');
    expect(line).toMatchObject({
      actor: 'token:ada',
      action: 'trigger.lowered',
      detail: { mode: 'observe', before: 'approve' },
    });
  });

  it('is never raised by that, and is off until it is enabled, to be what it was before', async () => {
    await lower('off', 'observe');
    await expect(lower('off', 'approve')).rejects.toThrow(
      /restart-off is observe already, by token:ada.*never raises.*deploy/,
    );
    await expect(ask(enableTrigger, { name: 'restart-off', reason: 'mended' })).rejects.toThrow(
      'is not off: it is observe',
    );
    await lower('off', 'off');
    const reason = await eventually('an answer that says so', async () => {
      const id = raise(taggedInstance(), 'off');
      const answered = await eventually('an answer', async () =>
        (await world.record(id)).find(({ action }) => action === 'event.answered'),
      );
      const answers = answered.detail.answers as { trigger: string; answer: string; reason: string }[];
      const own = answers.find(({ trigger }) => trigger === 'restart-off');
      return own?.answer === 'no' ? own.reason : undefined;
    });
    expect(reason).toBe('was switched off by token:ada: it reboots the wrong ones');
    await expect(lower('off', 'observe')).rejects.toThrow(
      'triggers.enable takes back that it was switched off',
    );
    expect(await ask(enableTrigger, { name: 'restart-off', reason: 'mended' })).toMatchObject({
      standing: 'observe',
    });
  });

  it('is so by Baton where three runs in a row have not helped', async () => {
    for (let run = 1; run <= 3; run += 1) {
      expect(await standing('helpless')).toBe('auto');
      const id = raiseIncident(world.pagerDuty, { title: 'Nothing helps', service: 'Search' });
      const failed = await eventually('the run to fail', async () => {
        const found = await world.run(`helpless/${id}`);
        return found?.endedAt ? found : undefined;
      });
      expect(failed.failure?.class).toBe('NotHealthy');
    }
    await eventually('the trigger to fall', async () => (await standing('helpless')) === 'approve');
    expect(await ask(showTrigger, { name: 'helpless' })).toMatchObject({
      mode: 'auto',
      lowered: { by: 'baton', reason: expect.stringContaining('3 runs in a row did not help') },
    });
  });
});

describe('the agreement of people with triggers', () => {
  it('is told with the incidents, and from an export of the record the same', async () => {
    const approved = raise(taggedInstance(), 'agreed');
    await answer(await asked(approved), 'approved');
    await ended(approved, 'agreed');
    const refused = raise(taggedInstance(), 'agreed');
    await answer(await asked(refused), 'refused');
    await ended(refused, 'agreed');
    const instance = taggedInstance();
    const byHand = raise(instance, 'watched');
    await ended(byHand, 'watched');
    await ask(startRunByHand, {
      workflow: 'ec2UnhealthyRestart',
      input: { incidentId: byHand },
      reason: 'as it says',
    });
    await eventually('the reboot by hand', async () =>
      (await world.record(byHand)).some(
        ({ action, detail }) => action === 'activity.completed' && detail.activity === 'rebootEc2Instances',
      ),
    );

    await world.store.seal();
    const told = async (trigger: string) =>
      ((await ask(triggersAgreement, { trigger })) as { items: Agreement[] }).items;
    const [agreed] = await told('restart-agreed');
    expect(agreed).toMatchObject({ done: 1, refused: 1, notKnown: 0, rate: 0.5 });
    expect(agreed?.runs.map(({ incident, changes: [change] }) => [incident, change?.verdict])).toEqual([
      [approved, 'done'],
      [refused, 'refused'],
    ]);
    expect((await told('restart-watched'))[0]?.runs).toMatchObject([
      {
        incident: byHand,
        mode: 'observe',
        changes: [{ targets: [`ec2:${instance}`], verdict: 'done', by: 'token:ada' }],
      },
    ]);

    const file = join(world.folder, 'record.jsonl');
    const lines = await world.store.linkedLines(0, 100_000);
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    for (const trigger of ['restart-agreed', 'restart-watched'])
      expect(await agreementInFile(file, { trigger, since: '90d' })).toEqual(await told(trigger));
  });
});
