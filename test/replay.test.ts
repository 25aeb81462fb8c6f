import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../activities/index.ts';
import * as workflows from '../workflows/index.ts';
import { recordHistories } from './histories.ts';
import { bundleOf, workflowBundle } from './temporal.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const unreached = () => Promise.reject(new Error('A replay calls no activity'));
/** The sandbox refuses a local activity whose name is not registered, also in a replay, which calls none. */
const registered = [
  'default',
  ...activities.map(({ name }) => name),
  'reportRunEnd',
  'recordLine',
  'tellStep',
  'keepTranscript',
  'keepText',
  'storeScheduleEvent',
  'askApproval',
  'findApproval',
  'closeApproval',
  'remindOfApproval',
  'showedApproval',
  'askQuestion',
  'parkStep',
  'findQuestion',
  'closeQuestion',
  'remindOfQuestion',
  'showedQuestion',
  'checkGuards',
  'lastMade',
  'findTwin',
  'findOtherOn',
  'listMade',
  'leaveNotice',
  'withdrawNotice',
  'listConnections',
  'listWaiting',
  'peopleByRole',
];
const read = (name: string) => JSON.parse(readFileSync(`${folder}${name}`, 'utf8'));

/** Replays histories by one worker. Tells why one does not fit, by its name; `undefined` where it fits. */
async function replay(
  histories: readonly { workflowId: string; history: unknown }[],
  bundle: WorkflowBundle = workflowBundle(),
): Promise<Map<string, Error | undefined>> {
  const options = {
    workflowBundle: bundle,
    activities: Object.fromEntries(registered.map((name) => [name, unreached])),
  };
  const told = new Map<string, Error | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories))
    told.set(workflowId, error);
  return told;
}
const stored = () => files.map((name) => ({ workflowId: name, history: read(name) }));

/** The page about a workflow, by its name: `pageForRun` is told of in `page-for-run.md`. */
const runbookOf = (workflow: string) =>
  fileURLToPath(
    new URL(
      `../docs/runbooks/${workflow.replaceAll(/[A-Z]/g, (big) => `-${big.toLowerCase()}`)}.md`,
      import.meta.url,
    ),
  );

/** How a run of it can end, as its page says, and that it failed. */
function outcomesOf(workflow: string): string[] {
  const text = readFileSync(runbookOf(workflow), 'utf8').split('## How it ends')[1]?.split('\n## ')[0] ?? '';
  const inTable = text.split('\n').map((line) => (line.startsWith('|') ? (line.split('|')[1] ?? '') : line));
  return [...inTable.join('\n').matchAll(/`([^`]+)`/g)].map(([, outcome = '']) => outcome).concat('failed');
}

describe('today’s workflows', () => {
  // It has one step, and no runbook.
  const told = Object.keys(workflows).filter((name) => name !== 'emitScheduleEvent');

  it.each(told)('have a stored history for each end that the page about %s tells of', (workflow) => {
    const outcomes = outcomesOf(workflow);
    expect(outcomes.length).toBeGreaterThan(1);
    const missing = outcomes.filter(
      (outcome) => !files.includes(`${workflow}.${outcome.replaceAll(' ', '-')}.json`),
    );
    expect(missing).toEqual([]);
  });

  describe('still fit', () => {
    let told = new Map<string, Error | undefined>();
    beforeAll(async () => {
      told = await replay(stored());
    });

    it.each(files)('the history %s', (name) => {
      expect(told.has(name)).toBe(true);
      expect(told.get(name)).toBeUndefined();
    });
  });

  it('still fit all histories where payloads are encrypted from now on', async () => {
    const path = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
    const told = await replay(stored(), await bundleOf(path, { encrypted: true }));
    expect([...told]).toEqual(files.map((name) => [name, undefined]));
  }, 60_000);

  it('that did something else than a history says are found out', async () => {
    const history = readFileSync(`${folder}ec2UnhealthyRestart.restarted.json`, 'utf8');
    const changed = JSON.parse(history.replaceAll('rebootEc2Instances', 'stopEc2Instances'));
    const told = await replay([{ workflowId: 'changed', history: changed }, ...stored().slice(0, 1)]);
    expect([...told.values()].map((error) => error?.name)).toEqual(['DeterminismViolationError', undefined]);
  });
});

/** For a workflow or an end that has none: the old ones are what live runs stand on. `BATON_HISTORIES=1 npx vitest run test/replay.test.ts` */
describe.runIf(process.env.BATON_HISTORIES)('the stored histories', () => {
  it('are taken from real runs', () => recordHistories(folder), 180_000);
});
