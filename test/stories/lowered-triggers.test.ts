import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agreementInFile } from '../../cli/agreement.ts';
import type { Agreement } from '../../domain/agreement.ts';
import type { LowerMode } from '../../domain/mode.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { showTrigger } from '../../server/operations/triggers.ts';
import { triggersAgreement } from '../../server/operations/triggers-agreement.ts';
import { enableTrigger, lowerTrigger } from '../../server/operations/triggers-lower.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { testBundle } from '../temporal.ts';
import { helpNothing } from '../workflows/fixture/proposing.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { restartBy, restarts } from './restarts.ts';

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
  world = await startWorld({
    triggers: [
      restartBy('lowered', 'approve'),
      restartBy('off', 'approve'),
      restartBy('agreed', 'propose'),
      restartBy('watched', 'observe'),
      helpless,
    ],
    bundle: testBundle(),
  });
});
afterAll(() => world.close());

const { taggedInstance, raise, ended, reboots, asked, answer, changesTo, notes } = restarts(() => world);

const ask = (operation: AnyOperation, input: object) =>
  perform(operation, input, {
    ...world.operations,
    principal: { kind: 'token', name: 'ada', role: 'operator' },
    via: 'cli',
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
